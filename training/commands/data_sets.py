"""``data``, ``demo-data`` and ``download``: commands about data sets alone."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from fer.atomic_write import naming_full_disk
from fer.errors import DataError
from training.commands.arguments import (
    DATA,
    Commands,
    add_command,
    add_data,
    add_split_seed,
    nonempty_path,
)
from training.data.load import load
from training.data.summary import summarise
from training.demo_faces import write_demo_data

#: Name of FER2013 on Kaggle, in the folder layout.
HANDLE = "msambare/fer2013"

_BY_HAND = (
    f"By hand: sign in at https://www.kaggle.com/datasets/{HANDLE}, press Download, unpack the "
    "archive, and give the folder with train/ and test/ as --data. "
    "Without Kaggle, `python -m training demo-data --out DIR` draws a small set to try things with."
)


def add_data_command(commands: Commands) -> None:
    """Add the command that summarises a data set."""
    parser = add_command(
        commands,
        "data",
        _data,
        "show counts per class and split, duplicates, contradictions and problems",
    )
    add_data(parser, f"{DATA}; the layout is recognised")
    parser.add_argument("--size", type=int, help="scale the faces to this side, in pixels")
    parser.add_argument(
        "--channels", type=int, choices=(1, 3), help="1 for grey, 3 for RGB; else as the images are"
    )
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="use only these classes")
    add_split_seed(parser)
    parser.add_argument("--json", action="store_true", help="print the full record as JSON")


def _data(arguments: argparse.Namespace) -> int:
    data = load(
        arguments.data,
        seed=arguments.split_seed,
        size=arguments.size,
        channels=arguments.channels,
        classes=arguments.classes,
    )
    summary = summarise(data)
    if arguments.json:
        print(json.dumps(asdict(summary), indent=1, ensure_ascii=False))
        return 0
    command = f'python -m training train --preset small --data "{arguments.data}"'
    print(f"{summary.text()}\n\nNext: {command} --out models/mine")
    return 0


def add_demo_data(commands: Commands) -> None:
    """Add the command that draws faces."""
    parser = add_command(
        commands,
        "demo-data",
        _demo_data,
        "draw a small labelled set of faces, to try everything without FER2013",
    )
    parser.add_argument(
        "--out", type=nonempty_path, required=True, help="new or empty folder to write"
    )
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
    out = arguments.out
    settings = {n: v for n, v in vars(arguments).items() if n not in ("command", "run", "out")}
    with naming_full_disk(out):
        counts = write_demo_data(out, **settings)
    written = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    print(f"{out}: {written} faces")
    print(f'Next: python -m training data --data "{out}"')
    return 0


def add_download(commands: Commands) -> None:
    """Add the command that fetches FER2013, with the optional package kagglehub and its cache."""
    add_command(commands, "download", _download, "fetch FER2013 from Kaggle with kagglehub")


def _download(arguments: argparse.Namespace) -> int:
    try:
        import kagglehub  # optional: see requirements
    except ImportError as error:
        raise DataError(
            f"the package kagglehub is not installed: `pip install kagglehub`. {_BY_HAND}"
        ) from error
    try:
        folder = kagglehub.dataset_download(HANDLE)
    # The errors of kagglehub and of its HTTP client share no base class, and the advice is the same
    # for all of them.
    except Exception as error:
        raise DataError(
            f"kagglehub could not fetch {HANDLE}: {type(error).__name__}: {error}. "
            "Check the network, and the token that Kaggle's settings page makes under API "
            f"(kaggle.json in the folder .kaggle of your home, or `kagglehub.login()`). {_BY_HAND}"
        ) from error
    print(folder)
    print(f'Next: python -m training data --data "{folder}"')
    return 0
