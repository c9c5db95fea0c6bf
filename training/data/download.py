"""Download FER2013 from Kaggle, for users who have access to it there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fer.errors import DataError

#: Name of the data set on Kaggle, in the folder layout.
HANDLE = "msambare/fer2013"

_BY_HAND = (
    f"By hand: sign in at https://www.kaggle.com/datasets/{HANDLE}, press Download, unpack the "
    "archive, and give the folder with train/ and test/ as --data. "
    "Without Kaggle, `python -m training demo-data --out DIR` draws a small set to try things with."
)


def download() -> Path:
    """Download FER2013 with the optional package kagglehub, which caches it.

    Returns:
        The folder with ``train`` and ``test`` in kagglehub's cache.

    Raises:
        DataError: the package is missing, or the download failed. The message says how to get the
            data by hand.
    """
    fetch = _fetcher()
    try:
        return Path(fetch(HANDLE))
    # The errors of kagglehub and of its HTTP client share no base class, and the advice is the same
    # for all of them.
    except Exception as error:
        raise DataError(
            f"kagglehub could not fetch {HANDLE}: {type(error).__name__}: {error}. "
            "Check the network, and the token that Kaggle's settings page makes under API "
            f"(kaggle.json in the folder .kaggle of your home, or `kagglehub.login()`). {_BY_HAND}"
        ) from error


def _fetcher() -> Callable[[str], str]:
    try:
        import kagglehub  # optional: see requirements
    except ImportError as error:
        raise DataError(
            f"the package kagglehub is not installed: `pip install kagglehub`. {_BY_HAND}"
        ) from error
    return kagglehub.dataset_download
