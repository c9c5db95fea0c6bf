"""Warping every face to the framing of FER2013, the one the network learnt.

The framing was measured: the detector was run on 3,589 PublicTest images, enlarged and with their
border continued (`python -m benchmarks.framing` repeats it).
"""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fer.geometry import similarity, transform_points, transform_scale
from fer.records import Point, Positive, Record
from fer.types import Detections, Floats, Image


class Framing(Record):
    """Where a face stands in the images that a network learnt from.

    Attributes:
        side: of those images, in pixels; the unit of what follows.
        points: where right eye, left eye, nose tip and mouth are, ``(x, y)``; (0, 0) is the top
            left corner, the first pixel's centre is (0.5, 0.5).
        box_centre: middle of the detector's box.
        box_side: side of that box.
    """

    side: Positive
    points: tuple[Point, Point, Point, Point]
    box_centre: Point
    box_side: Annotated[float, Field(gt=0)]


#: FER2013's framing: medians over the 3,532 images with a face found, in pixels of 48; quartiles
#: lie 1.4 to 2.2 pixels (points) and 4 pixels (box) away.
FER2013_FRAMING = Framing(
    side=48,
    points=((15.1, 18.8), (32.6, 18.5), (24.0, 29.1), (24.1, 37.4)),
    box_centre=(24.0, 27.2),
    box_side=41.2,
)


def align(
    image: Image, faces: Detections, *, framing: Framing, size: int, channels: int
) -> NDArray[np.uint8]:
    """Cut out every face, turned upright and placed as in the training images.

    Args:
        image: ``(height, width, 3)`` RGB uint8.
        faces: where they are; they may reach past the border, which is then continued outwards.
        framing: where the training images have the face.
        size: side of the crops, in pixels.
        channels: 1 for grey, 3 for RGB.

    Returns:
        ``(n, size, size, channels)`` uint8.
    """
    crops = np.empty((len(faces), size, size, channels), np.uint8)
    for i in range(len(faces)):
        matrix = frame_transform(faces.landmarks[i], faces.xyxy[i], framing)
        crop = warp(image, matrix * (size / framing.side), size)
        crops[i] = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None] if channels == 1 else crop
    return crops


def frame_transform(landmarks: Floats, box: Floats, framing: Framing) -> NDArray[np.float64]:
    """Return the similarity that takes a face to its place in the frame.

    The box gives place and size, the points give the tilt. Fitting all of it to the points costs
    half a point of accuracy on FER2013, whose own crops follow a detector's box, and comes too
    close to a turned head, whose eyes stand near each other.

    Args:
        landmarks: ``(6, 2)`` points in pixels, see `fer.types.LANDMARKS`.
        box: ``(4,)`` xyxy in pixels.
        framing: where the face shall stand.

    Returns:
        A 2×3 matrix from image pixels to pixels of the frame.
    """
    scale = framing.box_side / max(float(np.max(box[2:] - box[:2])), 1.0)
    linear = scale * _upright(landmarks[: len(framing.points)], np.array(framing.points))
    centre = (box[:2] + box[2:]) / 2
    return np.column_stack([linear, np.array(framing.box_centre) - linear @ centre])


def _upright(points: Floats, reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 2×2 rotation that turns a face to where `reference` has its points."""
    try:
        linear = similarity(points, reference)[:, :2]
    except ValueError:  # a degenerate detection: all points in one place
        return np.eye(2)
    return linear / max(float(np.hypot(*linear[:, 0])), 1e-9)


def warp(image: Image, matrix: NDArray[np.float64], size: int) -> Image:
    """Cut out what `matrix` takes to a square of `size` pixels, ``(size, size, 3)``.

    Large faces are first averaged down: sampling every tenth pixel of a sharp photograph would
    show the network noise that no FER2013 image has.
    """
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64)
    inverse = cv2.invertAffineTransform(matrix)
    reach = transform_points(inverse, corners)
    height, width = image.shape[:2]
    x0, y0 = np.clip(np.floor(reach.min(axis=0)).astype(int) - 2, 0, [width - 1, height - 1])
    x1, y1 = np.clip(np.ceil(reach.max(axis=0)).astype(int) + 2, [x0 + 1, y0 + 1], [width, height])
    region = image[y0:y1, x0:x1]
    scale = transform_scale(matrix)
    ratio = np.ones(2)
    if scale < 1:
        shape = np.maximum(np.round(np.array([x1 - x0, y1 - y0]) * scale).astype(int), 1)
        ratio = np.array([x1 - x0, y1 - y0]) / shape
        size_wh = tuple(shape.tolist())
        region = np.asarray(cv2.resize(region, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    # From pixels of the region to pixels of the crop. OpenCV counts from pixel centres.
    local = np.column_stack([matrix[:, :2] * ratio, transform_points(matrix, np.array([x0, y0]))])
    local[:, 2] += local[:, :2] @ [0.5, 0.5] - 0.5
    crop = cv2.warpAffine(
        region, local, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)
