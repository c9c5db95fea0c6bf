"""``python -m training upgrade``: upgrade model directories of older versions."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "write spec.json and report.json of an older version anew; every figure stays"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("models", nargs="+", type=Path, metavar="DIR")


def run(arguments: argparse.Namespace) -> int:
    """Upgrade the files of each model if necessary; return the exit status."""
    from training.export.upgrade import upgrade

    for directory in arguments.models:
        written = upgrade(directory)
        print(f"{directory}: {', '.join(written) or 'nothing to do'}")
    return 0
