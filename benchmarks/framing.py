"""Where FER2013 has its faces, and what the path to them costs in accuracy.

``python -m benchmarks.framing --data fer2013.npz [--model models/compact]`` enlarges every
validation image, continues its border, and finds the face again as if in a photograph. It prints
the medians that `fer.alignment.FER2013_FRAMING` states and, with a model, the accuracy on the
images themselves beside that through detection and alignment.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.alignment import FER2013_FRAMING, align
from fer.detection.blazeface import BlazeFace
from fer.model.classifier import ExpressionClassifier
from fer.types import Detections, Image
from training.data.load import load

#: How many times an image is enlarged, and by how many of its own pixels its border is continued.
ENLARGE = 5
BORDER = 24


def photograph(face: NDArray[np.uint8]) -> Image:
    """Make a photograph out of a ``(size, size, 1)`` face: larger, with more around it, RGB."""
    padded = cv2.copyMakeBorder(face, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)
    large = cv2.resize(padded, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), np.uint8)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    faces = load(arguments.data).split("validation")
    detector = BlazeFace()
    photographs = [photograph(face) for face in faces.images]
    found = [largest(detector(photo)) for photo in photographs]
    _print_framing(found)
    if arguments.model:
        _print_accuracy(faces.images, faces.labels, photographs, found, arguments.model)


def largest(found: Detections) -> Detections:
    """Return the largest face alone; none if there is none."""
    size = found.xyxy[:, 2] - found.xyxy[:, 0]
    return found.take(np.argsort(-size)[:1])


def _print_framing(found: list[Detections]) -> None:
    all_found = Detections.concatenate(found).moved(scale=1 / ENLARGE, offset=(-BORDER, -BORDER))
    print(f"found {len(all_found)} of {len(found)} ({len(all_found) / len(found):.1%})")
    sides = all_found.xyxy[:, 2] - all_found.xyxy[:, 0]
    for index, name in enumerate(("right eye", "left eye", "nose", "mouth")):
        low, middle, high = np.percentile(all_found.landmarks[:, index], [25, 50, 75], axis=0)
        print(f"{name:10} x, y {middle.round(1)}  quartiles {low.round(1)} {high.round(1)}")
    centres = (all_found.xyxy[:, :2] + all_found.xyxy[:, 2:]) / 2
    print("box centre x, y", np.median(centres, axis=0).round(1))
    print("box side", np.percentile(sides, [25, 50, 75]).round(1))


def _print_accuracy(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    photographs: list[Image],
    found: list[Detections],
    model: Path,
) -> None:
    classifier = ExpressionClassifier(model)
    direct = classifier(images).argmax(axis=1) == labels
    seen = np.array([len(f) > 0 for f in found])
    crops = [
        align(photo, f, framing=FER2013_FRAMING, size=images.shape[1], channels=images.shape[3])
        for photo, f in zip(photographs, found, strict=True)
    ]
    path = classifier(np.concatenate(crops)).argmax(axis=1) == labels[seen]
    print(f"of {seen.sum()} faces found again: direct {direct[seen].mean():.2%}", end=", ")
    print(f"detect → align → classify {path.mean():.2%}")


if __name__ == "__main__":
    main()
