"""Arguments that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.shipped import shipped_model


def positive(text: str) -> int:
    """Return a number of an argument that is at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number


def add_overwrite(parser: argparse.ArgumentParser, what: str = "files that are there") -> None:
    """Add ``--overwrite``."""
    parser.add_argument("--overwrite", action="store_true", help=f"replace {what}")


def add_model_options(parser: argparse.ArgumentParser, *, threads: bool = True) -> None:
    """Add what says which model answers, and how: ``--head``, ``--model``, ``--threads``."""
    parser.add_argument(
        "--head",
        help=f"what answers: {BALANCED_HEAD}, both of the others together (usual), "
        f"{EXPRESSION_HEAD}, the labels of FER2013, or {FERPLUS_HEAD}, what most of ten people "
        "would say (FER+)",
    )
    parser.add_argument("--model", type=Path, default=shipped_model(), help="a model directory")
    if threads:
        parser.add_argument("--threads", type=positive, default=1, help="processor threads")
