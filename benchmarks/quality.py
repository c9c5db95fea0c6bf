"""What poor pictures of faces cost, and which of them `fer.quality` marks.

``python -m benchmarks.quality --data fer2013.npz --model models/compact`` finds every validation
face again as if in a photograph, makes it smaller, softer or darker, and prints the accuracy beside
the share of faces that are marked. The limits in `fer.quality` were chosen by this table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.framing import largest, photograph
from fer.alignment import FER2013_FRAMING, align
from fer.detection.blazeface import BlazeFace
from fer.model.classifier import ExpressionClassifier
from fer.quality import measure, yaw
from fer.types import FLAWS, Detections
from training.data.load import load

Crop = NDArray[np.uint8]
Change = Callable[[Crop], NDArray]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="use every n-th face only")
    arguments = parser.parse_args()
    faces = load(arguments.data).split("validation")
    found, crops, labels = _find(faces.images[:: arguments.every], faces.labels[:: arguments.every])
    classifier = ExpressionClassifier(arguments.model)
    print(f"{len(labels)} faces\n{'picture':28} right   {'   '.join(FLAWS)}")
    for name, side, change in _changes():
        poor = np.stack([_changed(crop, change) for crop in crops])
        right = (classifier(poor).argmax(axis=1) == labels).mean()
        share = measure(_resized(found, side), poor).flaws.mean(axis=0)
        print(f"{name:28} {right:6.1%}  {'  '.join(f'{s:6.1%}' for s in share)}")
    turned = yaw(found.landmarks)
    correct = classifier(crops).argmax(axis=1) == labels
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.2), (1.2, np.inf)):
        among = (turned >= low) & (turned < high)
        print(f"turned {low} to {high}: {correct[among].mean():.1%} of {among.sum()} right")


def _find(images: Crop, labels: NDArray[np.int64]) -> tuple[Detections, Crop, NDArray[np.int64]]:
    """Return the faces that are found again, their aligned crops, and their labels."""
    detector = BlazeFace()
    found, crops, kept = [], [], []
    for image, label in zip(images, labels, strict=True):
        photo = photograph(image)
        face = largest(detector(photo))
        found.append(face)
        crops.append(align(photo, face, framing=FER2013_FRAMING, size=48, channels=1))
        kept += [label] * len(face)
    return Detections.concatenate(found), np.concatenate(crops), np.array(kept)


def _changes() -> Iterator[tuple[str, float, Change]]:
    """Yield a name, the side of the detector's box in pixels, and what is done to a crop."""
    usual = 200.0
    yield "as it is", usual, lambda crop: crop
    for side in (30, 24, 22, 20, 18, 14):
        yield f"{side} px", side, _small(side)
    for sigma in (0.7, 1.0, 1.3, 1.6, 2.0):
        yield f"blurred, σ = {sigma} px of 48", usual, _blur(sigma)
    for pixels in (3, 5, 7):
        yield f"moved over {pixels} px of 48", usual, _move(pixels)
    rng = np.random.default_rng(0)
    for share in (0.6, 0.35, 0.3, 0.2, 0.15):
        yield f"{share:.0%} of the light, noise 2", usual, _dark(share, 2.0, rng)


def _small(side: float) -> Change:
    pixels = round(48 * side / FER2013_FRAMING.box_side)
    size = (pixels, pixels)
    return lambda crop: cv2.resize(
        cv2.resize(crop, size, interpolation=cv2.INTER_AREA), crop.shape[1::-1]
    )


def _blur(sigma: float) -> Change:
    return lambda crop: cv2.GaussianBlur(crop, (0, 0), sigma)


def _move(pixels: int) -> Change:
    kernel = np.full((1, pixels), 1 / pixels, np.float32)
    return lambda crop: cv2.filter2D(crop, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def _dark(share: float, noise: float, rng: np.random.Generator) -> Change:
    return lambda crop: crop * share + rng.normal(0, noise, crop.shape)


def _changed(crop: Crop, change: Change) -> Crop:
    made = np.clip(np.round(change(crop[..., 0])), 0, 255)
    return np.asarray(made, np.uint8)[..., None]


def _resized(found: Detections, side: float) -> Detections:
    corner = found.xyxy[:, :2]
    return replace(found, xyxy=np.concatenate([corner, corner + np.float32(side)], axis=1))


if __name__ == "__main__":
    main()
