"""FER2013's framing, and the accuracy lost through detection and alignment.

``python -m benchmarks.framing --data fer2013.npz [--model models/compact]`` extends the border of
every validation image, enlarges it, and detects the face as in a photograph. It prints the medians
on which `fer.alignment.FER2013_FRAMING` is based. With a model, it also prints the accuracy on the
original images and the accuracy after detection and alignment.
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

#: Enlargement factor, and the width of the added border in pixels of the original image.
ENLARGE = 5
BORDER = 24


def photograph(face: NDArray[np.uint8]) -> Image:
    """Make an RGB photograph from a ``(size, size, 1)`` face by adding a border and enlarging."""
    padded = cv2.copyMakeBorder(face, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)
    large = cv2.resize(padded, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), np.uint8)


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    faces = load(arguments.data).split("validation")
    detector = BlazeFace()
    photographs = [photograph(face) for face in faces.images]
    detections = [largest(detector(photo)) for photo in photographs]
    _print_framing(detections)
    if arguments.model:
        _print_accuracy(faces.images, faces.labels, photographs, detections, arguments.model)


def largest(detections: Detections) -> Detections:
    """Return only the largest face; empty if there is no face."""
    widths = detections.xyxy[:, 2] - detections.xyxy[:, 0]
    return detections.take(np.argsort(-widths)[:1])


def _print_framing(per_image: list[Detections]) -> None:
    faces = Detections.concatenate(per_image).moved(scale=1 / ENLARGE, offset=(-BORDER, -BORDER))
    print(f"found {len(faces)} of {len(per_image)} ({len(faces) / len(per_image):.1%})")
    sides = faces.xyxy[:, 2] - faces.xyxy[:, 0]
    for index, name in enumerate(("right eye", "left eye", "nose", "mouth")):
        low, median, high = np.percentile(faces.landmarks[:, index], [25, 50, 75], axis=0)
        print(f"{name:10} x, y {median.round(1)}  quartiles {low.round(1)} {high.round(1)}")
    centres = (faces.xyxy[:, :2] + faces.xyxy[:, 2:]) / 2
    print("box centre x, y", np.median(centres, axis=0).round(1))
    print("box side", np.percentile(sides, [25, 50, 75]).round(1))


def _print_accuracy(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    photographs: list[Image],
    detections: list[Detections],
    model: Path,
) -> None:
    classifier = ExpressionClassifier(model)
    direct = classifier(images).argmax(axis=1) == labels
    detected = np.array([len(d) > 0 for d in detections])
    crops = [
        align(photo, d, framing=FER2013_FRAMING, size=images.shape[1], channels=images.shape[3])
        for photo, d in zip(photographs, detections, strict=True)
    ]
    pipeline = classifier(np.concatenate(crops)).argmax(axis=1) == labels[detected]
    print(f"of {detected.sum()} faces found again: direct {direct[detected].mean():.2%}", end=", ")
    print(f"detect → align → classify {pipeline.mean():.2%}")


if __name__ == "__main__":
    main()
