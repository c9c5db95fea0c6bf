"""The accuracy on degraded faces, and the share of them that `fer.quality` flags.

``python -m tools.quality --data fer2013.npz --model models/compact`` detects every validation face
as in a photograph, makes it smaller, more blurred or darker, and prints the accuracy and the share
of faces with each issue. The limits in `fer.quality` were chosen from this table. Then it prints
the accuracy on turned faces.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.alignment import FER2013_FRAMING
from fer.model.classifier import ExpressionClassifier
from fer.quality import measure, yaw
from fer.types import ISSUES
from tools.framing import validation_faces

#: Changes a ``(48, 48)`` face.
Corruption = Callable[[NDArray], NDArray]


def corruptions() -> Iterator[tuple[str, float, Corruption]]:
    """Yield the name of each corruption, the side of the detector's box in pixels, and itself."""
    large = 200.0  # far above the limit of the issue "small"
    yield "as it is", large, lambda face: face
    for side in (30, 24, 22, 20, 18, 14):
        yield f"{side} px", side, partial(_small, side=side)
    for sigma in (0.7, 1.0, 1.3, 1.6, 2.0):
        blur = partial(cv2.GaussianBlur, ksize=(0, 0), sigmaX=sigma)
        yield f"blurred, σ = {sigma} px of 48", large, blur
    for pixels in (3, 5, 7):
        kernel = np.full((1, pixels), 1 / pixels, np.float32)
        move = partial(cv2.filter2D, ddepth=-1, kernel=kernel, borderType=cv2.BORDER_REPLICATE)
        yield f"moved over {pixels} px of 48", large, move
    rng = np.random.default_rng(0)
    for share in (0.6, 0.35, 0.3, 0.2, 0.15):
        dark = partial(lambda face, share: face * share + rng.normal(0, 2, face.shape), share=share)
        yield f"{share:.0%} of the light, noise 2", large, dark


def _small(face: NDArray, side: float) -> NDArray:
    pixels = round(48 * side / FER2013_FRAMING.box_side)
    small = cv2.resize(face, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, face.shape[::-1])


def corrupted(crops: NDArray[np.uint8], corruption: Corruption) -> NDArray[np.uint8]:
    """Return crops ``(n, 48, 48, 1)`` after a corruption."""
    changed = np.stack([corruption(crop[..., 0]) for crop in crops])
    return np.clip(np.round(changed), 0, 255).astype(np.uint8)[..., None]


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="use every n-th face only")
    arguments = parser.parse_args()
    _, crops, labels, faces, _ = validation_faces(arguments.data, arguments.every)
    classifier = ExpressionClassifier(arguments.model)
    print(f"{len(labels)} faces\n{'picture':28} right   {'   '.join(ISSUES)}")
    for name, side, corruption in corruptions():
        changed, corner = corrupted(crops, corruption), faces.xyxy[:, :2]
        boxes = replace(faces, xyxy=np.concatenate([corner, corner + np.float32(side)], axis=1))
        accuracy = (classifier(changed).argmax(axis=1) == labels).mean()
        shares = measure(boxes, changed).issues.mean(axis=0)
        print(f"{name:28} {accuracy:6.1%}  {'  '.join(f'{s:6.1%}' for s in shares)}")
    yaws, right = yaw(faces.landmarks), classifier(crops).argmax(axis=1) == labels
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.2), (1.2, np.inf)):
        within = (yaws >= low) & (yaws < high)
        print(f"turned {low} to {high}: {right[within].mean():.1%} of {within.sum()} right")


if __name__ == "__main__":
    main()
