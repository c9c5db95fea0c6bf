"""FER2013's framing, and the accuracy lost through detection and alignment.

``python -m tools.framing --data fer2013.npz [--model models/compact]`` extends the border of every
validation image, enlarges it, and detects the face as in a photograph. It prints the medians on
which `fer.alignment.FER2013_FRAMING` is based. With a model, it also prints the accuracy on the
original images, on images that were only enlarged and reduced again, and after alignments.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.alignment import FER2013_FRAMING, OVERSAMPLING, frame_transform, warp
from fer.detection.blazeface import BlazeFace
from fer.geometry import similarity
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


def largest(detections: Detections) -> Detections:
    """Return only the largest face; empty if there is no face."""
    widths = detections.xyxy[:, 2] - detections.xyxy[:, 0]
    return detections.take(np.argsort(-widths)[:1])


def alignments(
    faces: Detections,
) -> Iterator[tuple[str, Sequence[NDArray[np.float64]], float]]:
    """Yield the name, the transforms from photograph to frame, and the oversampling."""
    exact = np.array([[1, 0, -BORDER * ENLARGE], [0, 1, -BORDER * ENLARGE]]) / ENLARGE
    places = zip(faces.landmarks, faces.xyxy, strict=True)
    box = [frame_transform(points, xyxy, FER2013_FRAMING) for points, xyxy in places]
    for oversampling in (1, OVERSAMPLING):
        yield f"in place, oversampling {oversampling}", [exact] * len(faces), oversampling
        yield f"box and landmarks, oversampling {oversampling}", box, oversampling
    reference = np.array(FER2013_FRAMING.points)
    four = [similarity(points[:4], reference) for points in faces.landmarks]
    yield "four landmarks, least squares", four, OVERSAMPLING


def crops(
    images: NDArray[np.uint8], matrices: Sequence[NDArray[np.float64]], oversampling: float
) -> NDArray[np.uint8]:
    """Return the faces as an alignment cuts them out of their photographs."""
    size = images.shape[1]
    scale, cut = size / FER2013_FRAMING.side, np.empty_like(images)
    for crop, image, matrix in zip(cut, images, matrices, strict=True):
        warped = warp(photograph(image), matrix * scale, size, oversampling=oversampling)
        crop[...] = warped[..., : images.shape[3]]  # of a grey face, all channels are equal
    return cut


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--every", type=int, default=1, help="use every n-th face only")
    arguments = parser.parse_args()
    split = load(arguments.data).split("validation")
    images, labels = split.images[:: arguments.every], split.labels[:: arguments.every]
    detector = BlazeFace()
    detections = [largest(detector(photograph(face))) for face in images]
    found = np.array([len(one) > 0 for one in detections])
    faces = Detections.concatenate(detections)
    print(f"found {len(faces)} of {len(images)} ({len(faces) / len(images):.1%})")
    here = faces.moved(scale=1 / ENLARGE, offset=(-BORDER, -BORDER))
    for index, name in enumerate(("right eye", "left eye", "nose", "mouth")):
        low, median, high = np.percentile(here.landmarks[:, index], [25, 50, 75], axis=0).round(1)
        print(f"{name:10} x, y {median}  quartiles {low} {high}")
    print("box centre x, y", np.median(here.xyxy.reshape(-1, 2, 2).mean(axis=1), axis=0).round(1))
    sides = here.xyxy[:, 2] - here.xyxy[:, 0]
    print("box side", np.percentile(sides, [25, 50, 75]).round(1))
    if arguments.model:
        _print_accuracy(images[found], labels[found], faces, ExpressionClassifier(arguments.model))


def _print_accuracy(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    faces: Detections,
    classifier: ExpressionClassifier,
) -> None:
    """Print the accuracy on ``n`` images and after each alignment; `faces` are in photographs."""

    def score(cut: NDArray[np.uint8]) -> NDArray:
        """Return whether each answer is right, in percent, and its log loss: ``(2, n)``."""
        probabilities = classifier(cut)
        truth = np.maximum(probabilities[np.arange(len(labels)), labels], 1e-9)
        return np.stack([100 * (probabilities.argmax(axis=1) == labels), -np.log(truth)])

    direct = score(images)
    print(f"{len(labels)} faces found again; ± is the standard error of the difference")
    print(f"{'':36} {'accuracy':>8}  {'lost, points':>13}  {'log loss more':>17}")
    print(f"{'directly':36} {direct[0].mean():7.2f}%")
    for name, matrices, oversampling in alignments(faces):
        aligned = score(crops(images, matrices, oversampling))
        difference = direct - aligned
        lost, less = difference.mean(axis=1)
        error, loss_error = difference.std(axis=1, ddof=1) / np.sqrt(len(labels))
        print(f"{name:36} {aligned[0].mean():7.2f}%  {lost:5.2f} ± {error:.2f}", end="")
        print(f"  {-less:8.4f} ± {loss_error:.4f}")


if __name__ == "__main__":
    main()
