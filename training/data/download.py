"""FER2013 from Kaggle, for people who have access to it there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fer.errors import DataError

#: The data set's name on Kaggle, in the folder layout.
HANDLE = "msambare/fer2013"

_BY_HAND = (
    f"By hand: sign in at https://www.kaggle.com/datasets/{HANDLE}, press Download, unpack the "
    "archive, and give the folder with train/ and test/ as --data. "
    "Without Kaggle, `python -m training demo-data --out DIR` draws a small set to try things with."
)


def download() -> Path:
    """Fetch FER2013 with the optional package kagglehub; a copy fetched before is used again.

    Returns:
        The folder that holds ``train`` and ``test``, in kagglehub's cache.

    Raises:
        DataError: the package is missing, or Kaggle cannot be reached or refuses; the message says
            how to get the data by hand.
    """
    fetch = _fetcher()
    try:
        return Path(fetch(HANDLE))
    # kagglehub's errors and those of its HTTP client share no base class, and whichever comes, the
    # way out is the same.
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
