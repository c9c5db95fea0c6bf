"""``python -m training data``: summarise the contents and faults of a data set."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.data.dataset import DataSet
from training.data.load import SPLIT_SEED, load
from training.data.summary import summarise

HELP = "show counts per class and split, duplicates, contradictions and problems"


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that select a data set."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder, .csv, .npz or .zip; the layout is recognised",
    )
    parser.add_argument("--size", type=int, help="scale the faces to this side, in pixels")
    parser.add_argument(
        "--channels", type=int, choices=(1, 3), help="1 for grey, 3 for RGB; else as the images are"
    )
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="use only these classes")
    add_split_seed(parser)


def add_split_seed(parser: argparse.ArgumentParser) -> None:
    """Add the argument with the seed of splits that the data set does not name."""
    parser.add_argument(
        "--split-seed",
        type=int,
        default=SPLIT_SEED,
        help="of splits that are drawn because the data set names none; the same for every command "
        f"(default: {SPLIT_SEED})",
    )


def load_data(arguments: argparse.Namespace) -> DataSet:
    """Load the data set that is selected by the arguments of `add_data_arguments`.

    Raises:
        DataError: see `training.data.load.load`.
    """
    return load(
        arguments.data,
        size=arguments.size,
        channels=arguments.channels,
        seed=arguments.split_seed,
        classes=arguments.classes,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    add_data_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the full record as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the summary; return the exit status."""
    summary = summarise(load_data(arguments))
    if arguments.json:
        print(json.dumps(summary.record(), indent=1, ensure_ascii=False))
    else:
        print(summary.text())
    return 0
