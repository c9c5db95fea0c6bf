"""FER2013's framing, and the accuracy lost through detection and alignment.

``python -m benchmarks.framing --data fer2013.npz [--model models/compact]`` extends the border of
every validation image, enlarges it, and detects the face as in a photograph. It prints the medians
on which `fer.alignment.FER2013_FRAMING` is based. With a model, it also prints the accuracy on the
original images, on images that were only enlarged and reduced again, and after several alignments.
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
from fer.detection.face_landmark import FaceLandmark
from fer.geometry import similarity
from fer.model.classifier import ExpressionClassifier
from fer.types import Detections, Floats, Image
from training.data.load import load

#: Enlargement factor, and the width of the added border in pixels of the original image.
ENLARGE = 5
BORDER = 24

#: Places of a face as points of the mesh: eyes, nose tip, corners of the mouth, chin, forehead,
#: cheeks.
MESH_PLACES = (
    (33, 133, 159, 145),
    (263, 362, 386, 374),
    (1, 4),
    (61,),
    (291,),
    (152,),
    (10,),
    (234,),
    (454,),
)

#: Medians of these places over 7,872 Training images, in pixels of the original image.
MESH_FRAMING = np.array(
    [
        (14.8, 18.7),
        (32.8, 18.5),
        (23.8, 29.0),
        (17.0, 36.3),
        (31.2, 36.1),
        (24.2, 46.5),
        (23.6, 5.1),
        (6.0, 21.7),
        (42.2, 21.2),
    ]
)


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
    parser.add_argument("--every", type=int, default=1, help="use every n-th face only")
    arguments = parser.parse_args()
    faces = load(arguments.data).split("validation")
    images, labels = faces.images[:: arguments.every], faces.labels[:: arguments.every]
    detector = BlazeFace()
    detections = [largest(detector(photograph(face))) for face in images]
    _print_framing(detections)
    if arguments.model:
        found = np.array([len(d) > 0 for d in detections])
        faces_found = Detections.concatenate(detections)
        _print_accuracy(images[found], labels[found], faces_found, arguments.model)


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
    images: NDArray[np.uint8], labels: NDArray[np.int64], faces: Detections, model: Path
) -> None:
    """Print the accuracy on ``n`` images and after each alignment; `faces` are in photographs."""
    classifier = ExpressionClassifier(model)
    direct, direct_loss = _score(classifier, images, labels)
    print(f"{len(labels)} faces found again; ± is the standard error of the difference")
    print(f"{'':36} {'accuracy':>8}  {'lost, points':>13}  {'log loss more':>17}")
    print(f"{'directly':36} {direct.mean():8.2%}")
    for name, matrices, oversampling in _alignments(images, faces):
        crops = _crops(images, matrices, oversampling)
        right, loss = _score(classifier, crops, labels)
        lost, more = 100 * (direct.astype(float) - right), loss - direct_loss
        print(
            f"{name:36} {right.mean():8.2%}  {lost.mean():5.2f} ± {_standard_error(lost):.2f}"
            f"  {more.mean():8.4f} ± {_standard_error(more):.4f}"
        )


def _alignments(
    images: NDArray[np.uint8], faces: Detections
) -> Iterator[tuple[str, Sequence[NDArray[np.float64]], float]]:
    """Yield the name, the transforms from photograph to frame, and the oversampling."""
    exact = np.array([[1, 0, -BORDER * ENLARGE], [0, 1, -BORDER * ENLARGE]]) / ENLARGE
    box = [
        frame_transform(points, xyxy, FER2013_FRAMING)
        for points, xyxy in zip(faces.landmarks, faces.xyxy, strict=True)
    ]
    for oversampling in (1, OVERSAMPLING):
        yield f"in place, oversampling {oversampling}", [exact] * len(images), oversampling
        yield f"box and landmarks, oversampling {oversampling}", box, oversampling
    reference = np.array(FER2013_FRAMING.points)
    four = [similarity(points[:4], reference) for points in faces.landmarks]
    yield "four landmarks, least squares", four, OVERSAMPLING
    mesh = [similarity(places, MESH_FRAMING) for places in _mesh_places(images, faces)]
    yield "face mesh, least squares", mesh, OVERSAMPLING


def _mesh_places(images: NDArray[np.uint8], faces: Detections) -> Iterator[Floats]:
    """Yield `MESH_PLACES` of every face, ``(9, 2)`` in pixels of its photograph."""
    look = FaceLandmark()
    for i, image in enumerate(images):
        (points,) = look(photograph(image), faces.take(np.array([i]))).points
        yield np.stack([points[list(place)].mean(axis=0) for place in MESH_PLACES])


def _crops(
    images: NDArray[np.uint8], matrices: Sequence[NDArray[np.float64]], oversampling: float
) -> NDArray[np.uint8]:
    size = images.shape[1]
    crops = np.empty_like(images)
    for crop, image, matrix in zip(crops, images, matrices, strict=True):
        # A photograph made from a grey face has three equal channels.
        warped = warp(
            photograph(image),
            matrix * (size / FER2013_FRAMING.side),
            size,
            oversampling=oversampling,
        )
        crop[...] = warped[..., : images.shape[3]]
    return crops


def _score(
    classifier: ExpressionClassifier, crops: NDArray[np.uint8], labels: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], Floats]:
    """Return whether each answer is right, and its log loss; both ``(n,)``."""
    probabilities = classifier(crops)
    truth = probabilities[np.arange(len(labels)), labels]
    return probabilities.argmax(axis=1) == labels, -np.log(np.maximum(truth, 1e-9))


def _standard_error(values: NDArray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


if __name__ == "__main__":
    main()
