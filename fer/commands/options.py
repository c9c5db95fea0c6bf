"""Arguments that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.shipped import shipped_model


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
        parser.add_argument("--threads", type=int, default=1, help="processor threads")
