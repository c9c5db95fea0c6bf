"""``python -m training predict``: predict the expressions of unlabelled images.

The images are cut-out faces, as in FER2013: each is taken for one face, whatever it shows. With
``--photos`` they are whole photographs, in which faces are found as on the Photos page.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image as PillowImage

from fer.analyzer import FaceAnalyzer
from fer.atomic_write import atomic_write, check_files
from fer.commands.options import add_overwrite
from fer.drawing.pictures import MOST, contact_sheet, encoded
from fer.errors import DataError, ImageError
from fer.images import CUT_OUT_SIDE, read
from fer.labels import EXPRESSION_HEAD, FER2013_LABELS
from fer.model.classifier import ExpressionClassifier
from fer.text import cell
from fer.types import Floats
from training.commands.arguments import Commands, add_command, add_data, add_model, nonempty_path
from training.data.layouts import files_below
from training.data.load import unlabelled
from training.progress import Progress


def add_predict(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "predict",
        _predict,
        "label a test.csv or a folder of images that have no labels",
        __doc__,
    )
    add_data(parser, "test.csv, or a folder of images")
    parser.add_argument("--out", type=nonempty_path, required=True, help="predictions.csv to write")
    add_overwrite(parser)
    add_model(parser)
    parser.add_argument(
        "--photos",
        action="store_true",
        help="the images are whole photographs: find the faces in them",
    )
    parser.add_argument(
        "--pictures",
        type=nonempty_path,
        metavar="PNG",
        help=f"also draw up to {MOST} of the images with their answers, spread over all",
    )


def _predict(arguments: argparse.Namespace) -> int:
    """Write a row per face, in the order of the data; see its header for the columns."""
    targets = [file for file in (arguments.out, arguments.pictures) if file]
    check_files(targets, reads=[arguments.data], overwrite=arguments.overwrite)
    if arguments.photos and arguments.pictures:
        raise DataError("--pictures is for cut-out faces; leave out --photos or --pictures.")
    classifier = ExpressionClassifier(arguments.model)
    spec, labels = classifier.spec, classifier.labels
    problems: list[str] = []
    found: list[tuple[tuple[object, ...], Floats]]
    if arguments.photos:
        found = list(_in_photos(arguments.data, arguments.model, problems))
    else:
        faces = unlabelled(arguments.data, size=spec.input_size, channels=spec.channels)
        problems += map(str, faces.problems)
        _say_if_photos(arguments.data)
        probabilities = classifier(faces.images)
        found = [((place,), row) for place, row in zip(faces.places, probabilities, strict=True)]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(targets) as parts:
        with parts[0].open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            places = ["place", "face"] if arguments.photos else ["place"]
            writer.writerow([*places, "emotion", "expression", "confidence", *labels])
            for (place, *number), row in found:
                name, shares = labels[int(row.argmax())], [f"{p:.4f}" for p in row]
                emotion = FER2013_LABELS.index(name) if name in FER2013_LABELS else ""
                confidence = shares[int(row.argmax())]
                writer.writerow([cell(str(place)), *number, emotion, name, confidence, *shares])
        if arguments.pictures:
            parts[1].write_bytes(
                encoded(contact_sheet(faces.images, probabilities, labels), ".png")
            )
    for problem in problems:
        print(f"left out: {problem}")
    print(f"{arguments.out}: {len(found):,} faces")
    return 0


def _in_photos(
    data: Path, model: Path, problems: list[str]
) -> Iterator[tuple[tuple[str, int], Floats]]:
    """Yield file, number and probabilities of each face; report files without one."""
    if not data.is_dir():
        raise DataError(f"{data} is no folder; --photos expects a folder of photographs.")
    analyzer = FaceAnalyzer.for_photos(model)
    files = list(files_below(data))
    for file in Progress(len(files), "files").over(files):
        name = file.relative_to(data).as_posix()
        try:
            faces = analyzer(read(file), head=EXPRESSION_HEAD)
        except ImageError as error:
            problems.append(f"{name}: {error}")
            continue
        if not len(faces):
            problems.append(f"{name}: no face found.")
        yield from (((name, n), row) for n, row in enumerate(faces.probabilities, start=1))


def _say_if_photos(data: Path) -> None:
    sizes = []
    for file in files_below(data) if data.is_dir() else ():
        try:
            with PillowImage.open(file) as image:
                sizes.append(image.size)
        except (OSError, ValueError, PillowImage.DecompressionBombError):
            continue  # what cannot be read is reported already
    if large := sum(not width == height <= CUT_OUT_SIDE for width, height in sizes):
        print(
            f"{large:,} of {len(sizes):,} images are not square or larger than {CUT_OUT_SIDE} "
            "pixels. Each image is taken for one cut-out face, whatever it shows; for whole "
            "photographs, --photos finds the faces in them.",
            file=sys.stderr,
        )
