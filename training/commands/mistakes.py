"""``python -m training mistakes``: the pictures that a model reads wrongly, for its dashboard."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer.model.classifier import ExpressionClassifier
from training.commands.data import add_split_seed
from training.commands.evaluate import load_for_model
from training.evaluation.mistakes import find_mistakes

HELP = "keep the most confident mistakes with their pictures for the dashboard of this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--data", type=Path, required=True, help="folder, .csv, .npz or .zip")
    parser.add_argument("--split", default="validation", help="train, validation or test")
    parser.add_argument("--model", type=Path, default=Path("models/compact"))
    add_split_seed(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write ``mistakes.json`` into the model directory; return the exit status."""
    classifier = ExpressionClassifier(arguments.model)
    dataset = load_for_model(classifier, arguments.data, arguments.split_seed)
    found = find_mistakes(classifier, dataset, arguments.split)
    found.save(arguments.model)
    print(
        f"{arguments.model / found.filename}: {len(found.mistakes)} pictures of {arguments.split}. "
        "They are faces of your data set: git ignores the file, and whoever can open the dashboard "
        "sees them."
    )
    return 0
