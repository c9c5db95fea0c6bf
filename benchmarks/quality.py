"""The accuracy on degraded faces, and the share of them that `fer.quality` flags.

``python -m benchmarks.quality --data fer2013.npz --model models/compact`` detects every validation
face as in a photograph, makes it smaller, more blurred or darker, and prints the accuracy and the
share of faces with each flaw. The limits in `fer.quality` were chosen from this table. Then it
prints the accuracy on turned faces, by the detector's landmarks and by the points of the face mesh.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.framing import MESH_PLACES, largest, photograph
from fer.alignment import FER2013_FRAMING, align
from fer.detection.blazeface import BlazeFace
from fer.detection.face_landmark import FaceLandmark
from fer.model.classifier import ExpressionClassifier
from fer.quality import MAX_YAW, measure, yaw
from fer.types import FLAWS, Detections, Floats
from training.data.load import load

Crop = NDArray[np.uint8]
Corruption = Callable[[Crop], NDArray]


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="use every n-th face only")
    arguments = parser.parse_args()
    faces = load(arguments.data).split("validation")
    detections, mesh_yaws, crops, labels = _detect(
        faces.images[:: arguments.every], faces.labels[:: arguments.every]
    )
    classifier = ExpressionClassifier(arguments.model)
    print(f"{len(labels)} faces\n{'picture':28} right   {'   '.join(FLAWS)}")
    for name, side, corruption in _corruptions():
        corrupted = np.stack([_apply(corruption, crop) for crop in crops])
        accuracy = (classifier(corrupted).argmax(axis=1) == labels).mean()
        shares = measure(_with_box_side(detections, side), corrupted).flaws.mean(axis=0)
        print(f"{name:28} {accuracy:6.1%}  {'  '.join(f'{s:6.1%}' for s in shares)}")
    _print_turned(yaw(detections.landmarks), mesh_yaws, classifier(crops).argmax(axis=1) == labels)


def _print_turned(yaws: Floats, mesh_yaws: Floats, correct: NDArray[np.bool_]) -> None:
    """Print the accuracy by yaw, and on as many faces that the mesh says are the most turned."""
    for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.2), (1.2, np.inf)):
        within = (yaws >= low) & (yaws < high)
        print(f"turned {low} to {high}: {correct[within].mean():.1%} of {within.sum()} right")
    flagged = int((yaws > MAX_YAW).sum())
    for count in (flagged // 2, flagged, 2 * flagged):
        by_landmarks, by_mesh = (
            correct[np.argsort(-values)[:count]].mean() for values in (yaws, mesh_yaws)
        )
        print(
            f"the {count} most turned: {by_landmarks:.1%} right by the detector's landmarks, "
            f"{by_mesh:.1%} by the face mesh"
        )


def _detect(
    images: Crop, labels: NDArray[np.int64]
) -> tuple[Detections, Floats, Crop, NDArray[np.int64]]:
    """Return the detected faces, their yaw by the face mesh, their crops, and their labels."""
    detector, face_landmark = BlazeFace(), FaceLandmark()
    detections, mesh_yaws, crops, kept = [], [], [], []
    for image, label in zip(images, labels, strict=True):
        photo = photograph(image)
        face = largest(detector(photo))
        detections.append(face)
        mesh_yaws.append(_mesh_yaw(face_landmark(photo, face).points))
        crops.append(align(photo, face, framing=FER2013_FRAMING, size=48, channels=1))
        kept += [label] * len(face)
    return (
        Detections.concatenate(detections),
        np.concatenate(mesh_yaws),
        np.concatenate(crops),
        np.array(kept),
    )


def _mesh_yaw(points: Floats) -> Floats:
    """Return the yaw of ``(n, 468, 2)`` meshes, measured as `fer.quality.yaw` does."""
    eyes_and_nose = [points[:, list(place)].mean(axis=1) for place in MESH_PLACES[:3]]
    return yaw(np.stack(eyes_and_nose, axis=1))


def _corruptions() -> Iterator[tuple[str, float, Corruption]]:
    """Yield the name of each corruption, the side of the detector's box in pixels, and itself."""
    large = 200.0  # far above the limit of the flaw "small"
    yield "as it is", large, lambda crop: crop
    for side in (30, 24, 22, 20, 18, 14):
        yield f"{side} px", side, _small(side)
    for sigma in (0.7, 1.0, 1.3, 1.6, 2.0):
        yield f"blurred, σ = {sigma} px of 48", large, _gaussian_blur(sigma)
    for pixels in (3, 5, 7):
        yield f"moved over {pixels} px of 48", large, _motion_blur(pixels)
    rng = np.random.default_rng(0)
    for share in (0.6, 0.35, 0.3, 0.2, 0.15):
        yield f"{share:.0%} of the light, noise 2", large, _dark(share, 2.0, rng)


def _small(side: float) -> Corruption:
    pixels = round(48 * side / FER2013_FRAMING.box_side)
    size = (pixels, pixels)
    return lambda crop: cv2.resize(
        cv2.resize(crop, size, interpolation=cv2.INTER_AREA), crop.shape[1::-1]
    )


def _gaussian_blur(sigma: float) -> Corruption:
    return lambda crop: cv2.GaussianBlur(crop, (0, 0), sigma)


def _motion_blur(pixels: int) -> Corruption:
    kernel = np.full((1, pixels), 1 / pixels, np.float32)
    return lambda crop: cv2.filter2D(crop, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def _dark(share: float, noise: float, rng: np.random.Generator) -> Corruption:
    return lambda crop: crop * share + rng.normal(0, noise, crop.shape)


def _apply(corruption: Corruption, crop: Crop) -> Crop:
    corrupted = np.clip(np.round(corruption(crop[..., 0])), 0, 255)
    return np.asarray(corrupted, np.uint8)[..., None]


def _with_box_side(detections: Detections, side: float) -> Detections:
    corner = detections.xyxy[:, :2]
    return replace(detections, xyxy=np.concatenate([corner, corner + np.float32(side)], axis=1))


if __name__ == "__main__":
    main()
