"""``python -m training demo-data``: draw a small labelled set of faces."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.demo.dataset import write_demo_data

HELP = "draw a small labelled set of faces, to try everything without FER2013"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
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


def run(arguments: argparse.Namespace) -> int:
    """Draw the faces and print their number per split; return the exit status."""
    counts = write_demo_data(
        arguments.out,
        per_class=arguments.per_class,
        size=arguments.size,
        colour=arguments.colour,
        classes=arguments.classes,
        seed=arguments.seed,
        negative=arguments.negative,
    )
    written = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    print(f"{arguments.out}: {written} faces")
    print(f'Next: python -m training data --data "{arguments.out}"')
    return 0
