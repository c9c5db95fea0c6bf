"""``data``, ``demo-data`` and ``download``: commands about data sets alone."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from fer.errors import DataError
from training.commands.arguments import Command, add_data, add_split_seed
from training.data.load import load
from training.data.summary import summarise
from training.demo.dataset import write_demo_data

#: Name of FER2013 on Kaggle, in the folder layout.
HANDLE = "msambare/fer2013"

_BY_HAND = (
    f"By hand: sign in at https://www.kaggle.com/datasets/{HANDLE}, press Download, unpack the "
    "archive, and give the folder with train/ and test/ as --data. "
    "Without Kaggle, `python -m training demo-data --out DIR` draws a small set to try things with."
)


def _data_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser, "folder, .csv, .npz or .zip; the layout is recognised")
    parser.add_argument("--size", type=int, help="scale the faces to this side, in pixels")
    parser.add_argument(
        "--channels", type=int, choices=(1, 3), help="1 for grey, 3 for RGB; else as the images are"
    )
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="use only these classes")
    add_split_seed(parser)
    parser.add_argument("--json", action="store_true", help="print the full record as JSON")


def _data(arguments: argparse.Namespace) -> int:
    """Print what is in a data set."""
    data = load(
        arguments.data,
        seed=arguments.split_seed,
        size=arguments.size,
        channels=arguments.channels,
        classes=arguments.classes,
    )
    summary = summarise(data)
    record = json.dumps(asdict(summary), indent=1, ensure_ascii=False) if arguments.json else ""
    print(record or summary.text())
    return 0


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="new or empty folder to write")
    parser.add_argument(
        "--per-class", type=int, default=200, help="training faces per class (default: 200)"
    )
    parser.add_argument("--size", type=int, default=48, help="side in pixels (default: 48)")
    parser.add_argument("--colour", action="store_true", help="RGB instead of grey")
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="draw only these classes")
    parser.add_argument(
        "--negative", action="store_true", help="film negatives, another style to teach a model"
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything drawn (default: 0)")


def _demo_data(arguments: argparse.Namespace) -> int:
    """Draw faces, and print their number per split."""
    settings = {name: value for name, value in vars(arguments).items() if name != "command"}
    out = settings.pop("out")
    counts = write_demo_data(out, **settings)
    written = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    print(f"{out}: {written} faces")
    print(f'Next: python -m training data --data "{out}"')
    return 0


def download() -> Path:
    """Download FER2013 from Kaggle with the optional package kagglehub, which caches it.

    Returns:
        The folder with ``train`` and ``test`` in kagglehub's cache.

    Raises:
        DataError: the package is missing, or the download failed. The message says how to get the
            data by hand.
    """
    try:
        import kagglehub  # optional: see requirements
    except ImportError as error:
        raise DataError(
            f"the package kagglehub is not installed: `pip install kagglehub`. {_BY_HAND}"
        ) from error
    fetch: Callable[[str], str] = kagglehub.dataset_download
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


def _download(arguments: argparse.Namespace) -> int:
    """Download FER2013, and print where it is."""
    folder = download()
    print(folder)
    print(f'Next: python -m training data --data "{folder}"')
    return 0


DATA_COMMAND = Command(
    "show counts per class and split, duplicates, contradictions and problems",
    "``python -m training data``: summarise the contents and faults of a data set.",
    _data_arguments,
    _data,
)
DEMO_DATA = Command(
    "draw a small labelled set of faces, to try everything without FER2013",
    "``python -m training demo-data``: draw a small labelled set of faces.",
    _demo_arguments,
    _demo_data,
)
DOWNLOAD = Command(
    "fetch FER2013 from Kaggle with kagglehub",
    "``python -m training download``: download FER2013 from Kaggle.",
    lambda parser: None,  # kagglehub determines the location of its cache
    _download,
)
