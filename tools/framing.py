"""FER2013's framing, and the accuracy lost through detection and alignment.

``python -m tools.framing --data fer2013.npz [--model models/compact]`` extends the border of every
validation image, enlarges it, and detects the face as in a photograph. It prints the medians on
which `fer.alignment.FER2013_FRAMING` is based. With a model, it also prints the accuracy on the
original images and on the faces that were found and aligned.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer.alignment import FER2013_FRAMING, align
from fer.detection.blazeface import BlazeFace
from fer.model.classifier import ExpressionClassifier
from fer.types import Detections
from tools.pictures import BORDER, ENLARGE, largest, photograph
from training.data.load import load


class FoundAgain(NamedTuple):
    """Faces of a data set, of `total`, that are found in photographs of them.

    They are ``(n, 48, 48, 1)`` uint8 as the data set has them, and as the app cuts them out.
    """

    images: NDArray[np.uint8]
    crops: NDArray[np.uint8]
    labels: NDArray[np.int64]
    faces: Detections
    total: int


def find_again(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> FoundAgain:
    """Look for FER2013's faces, ``(n, 48, 48, 1)``, in photographs that are made of them."""
    detector, places, cut = BlazeFace(), [], []
    for image in images:
        photo = photograph(image)
        places.append(largest(detector(photo)))
        cut.append(align(photo, places[-1], framing=FER2013_FRAMING, size=48, channels=1))
    found = np.array([len(place) > 0 for place in places], np.bool_)
    crops = np.concatenate([*cut, np.empty((0, 48, 48, 1), np.uint8)])
    faces = Detections.concatenate(places)
    return FoundAgain(images[found], crops, labels[found], faces, len(images))


def validation_faces(data: Path, every: int) -> FoundAgain:
    """Find every n-th validation face of a data set again."""
    split = load(data).split("validation")
    return find_again(split.images[::every], split.labels[::every])


def lost(
    probabilities: NDArray[np.float32], others: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[float, float]:
    """Return how many points of accuracy answers lose by others, and the standard error of that."""
    right, wrong = (100.0 * (p.argmax(axis=1) == labels) for p in (probabilities, others))
    difference = right - wrong
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(labels)))


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--every", type=int, default=1, help="use every n-th face only")
    arguments = parser.parse_args()
    images, crops, labels, faces, total = validation_faces(arguments.data, arguments.every)
    print(f"found {len(faces)} of {total} ({len(faces) / total:.1%})")
    here = faces.moved(scale=1 / ENLARGE, offset=(-BORDER, -BORDER))
    for index, name in enumerate(("right eye", "left eye", "nose", "mouth")):
        low, median, high = np.percentile(here.landmarks[:, index], [25, 50, 75], axis=0).round(1)
        print(f"{name:10} x, y {median}  quartiles {low} {high}")
    print("box centre x, y", np.median(here.xyxy.reshape(-1, 2, 2).mean(axis=1), axis=0).round(1))
    print("box side", np.percentile(here.xyxy[:, 2] - here.xyxy[:, 0], [25, 50, 75]).round(1))
    if arguments.model:
        classifier = ExpressionClassifier(arguments.model)
        directly = classifier(images)
        points, error = lost(directly, classifier(crops), labels)
        print(f"accuracy {np.mean(directly.argmax(axis=1) == labels):.2%} directly; ", end="")
        print(f"{points:.2f} ± {error:.2f} points are lost through detection and alignment")


if __name__ == "__main__":
    main()
