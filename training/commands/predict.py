"""``python -m training predict``: predict the expressions of unlabelled images."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from fer.drawing.contact_sheet import MOST, contact_sheet
from fer.drawing.pictures import encoded
from fer.labels import FER2013_LABELS
from fer.model.classifier import ExpressionClassifier
from fer.text import cell
from training.data import load

HELP = "label a test.csv or a folder of images that have no labels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--data", type=Path, required=True, help="test.csv, or a folder of images")
    parser.add_argument("--out", type=Path, required=True, help="predictions.csv to write")
    parser.add_argument("--model", type=Path, default=Path("models/compact"))
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="PNG",
        help=f"also draw up to {MOST} of the images with their answers, spread over all",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write one row per face, in the order of the data; return the exit status.

    Columns: place (origin of the face), emotion (FER2013's number of the label; empty if it has
    none), expression, confidence, then one probability per label.
    """
    classifier = ExpressionClassifier(arguments.model)
    spec = classifier.spec
    faces = load.unlabelled(arguments.data, size=spec.input_size, channels=spec.channels)
    probabilities = classifier(faces.images)
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["place", "emotion", "expression", "confidence", *classifier.labels])
        for place, row in zip(faces.origins, probabilities, strict=True):
            best = int(row.argmax())
            name, shares = classifier.labels[best], [f"{p:.4f}" for p in row]
            number = FER2013_LABELS.index(name) if name in FER2013_LABELS else ""
            writer.writerow([cell(str(place)), number, name, shares[best], *shares])
    if arguments.pictures:
        sheet = contact_sheet(faces.images, probabilities, classifier.labels)
        arguments.pictures.write_bytes(encoded(sheet, ".png"))
    for problem in faces.problems:
        print(f"left out: {problem}")
    print(f"{arguments.out}: {len(probabilities):,} faces")
    return 0
