"""Align every face to the framing of FER2013, on which the network was trained.

The framing was measured by running the detector on the 3,589 PublicTest images, enlarged and with
replicated borders. `python -m tools.framing` repeats the measurement, and says what this
costs in accuracy.
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
    """The position and size of a face within a network's training images.

    Attributes:
        side: side of the training images, in pixels. The other attributes use the same pixels.
        points: positions ``(x, y)`` of right eye, left eye, nose tip and mouth. The centre of the
            image's first pixel is (0.5, 0.5).
    """

    side: Positive
    points: tuple[Point, Point, Point, Point]
    box_centre: Point
    box_side: Annotated[float, Field(gt=0)]


#: FER2013's framing: medians over the 3,532 images in which a face was detected. The quartiles are
#: 1.4 to 2.2 of the 48 pixels away for the points, and 4 pixels for the box.
FER2013_FRAMING = Framing(
    side=48,
    points=((15.1, 18.8), (32.6, 18.5), (24.0, 29.1), (24.1, 37.4)),
    box_centre=(24.0, 27.2),
    box_side=41.2,
)

#: Resolution to which a large face is downscaled before it is interpolated, in pixels per pixel of
#: the crop. At 1, interpolation blurs: crops had little more than half of the fine detail of
#: FER2013's images (0.28 instead of 0.48 by `fer.quality`; sharp photographs' crops had 0.27), and
#: the network lost 1.2 points of accuracy (standard error 0.3) on faces that were exactly in place.
#: At 2, it loses nothing.
OVERSAMPLING = 2


def align(
    image: Image, faces: Detections, *, framing: Framing, size: int, channels: int
) -> NDArray[np.uint8]:
    """Crop every face, rotated upright and framed as in the training images.

    Boxes may extend past the image, whose border is replicated. Crops are ``(n, size, size,
    channels)`` uint8; one channel is grey.
    """
    crops = np.empty((len(faces), size, size, channels), np.uint8)
    for i in range(len(faces)):
        matrix = frame_transform(faces.landmarks[i], faces.xyxy[i], framing)
        crop = warp(image, matrix * (size / framing.side), size)
        crops[i] = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None] if channels == 1 else crop
    return crops


def frame_transform(landmarks: Floats, box: Floats, framing: Framing) -> NDArray[np.float64]:
    """Return the 2×3 similarity that maps image pixels of a face into the frame.

    Position and scale come from the box, rotation from the landmarks. Fitting all three to the
    landmarks costs 0.9 points of accuracy on FER2013 (standard error 0.4), whose own crops follow a
    detector's box, and crops a turned head too tightly, because its eyes appear close together.
    Nine places of the face mesh are no better than the box (−0.3 points, standard error 0.4; after
    a second look from the mesh's own box +0.4 ± 0.4), and a mixture of both neither (−0.1 ± 0.3).

    A regression from box and landmarks to FER2013's crop learns the size of the faces that it is
    fitted to, since BlazeFace's errors depend on it: it halves the median error there, and more
    than doubles it on faces twice as large.
    """
    scale = framing.box_side / max(float(np.max(box[2:] - box[:2])), 1.0)
    linear = scale * _upright(landmarks[: len(framing.points)], np.array(framing.points))
    centre = (box[:2] + box[2:]) / 2
    return np.column_stack([linear, np.array(framing.box_centre) - linear @ centre])


def _upright(points: Floats, reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 2×2 rotation that best aligns the points of a face with `reference`."""
    try:
        linear = similarity(points, reference)[:, :2]
    except ValueError:  # a degenerate detection: all points coincide
        return np.eye(2)
    return linear / max(float(np.hypot(*linear[:, 0])), 1e-9)


def warp(
    image: Image, matrix: NDArray[np.float64], size: int, *, oversampling: float = OVERSAMPLING
) -> Image:
    """Warp an image by a 2×3 similarity and return the top left square, ``(size, size, 3)``.

    Large faces are averaged first: every tenth pixel of a sharp photograph is noise that FER2013
    lacks.
    """
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64)
    inverse = cv2.invertAffineTransform(matrix)
    reach = transform_points(inverse, corners)
    height, width = image.shape[:2]
    x0, y0 = np.clip(np.floor(reach.min(axis=0)).astype(int) - 2, 0, [width - 1, height - 1])
    x1, y1 = np.clip(np.ceil(reach.max(axis=0)).astype(int) + 2, [x0 + 1, y0 + 1], [width, height])
    region = image[y0:y1, x0:x1]
    scale = transform_scale(matrix) * oversampling
    ratio = np.ones(2)
    if scale < 1:
        shape = np.maximum(np.round(np.array([x1 - x0, y1 - y0]) * scale).astype(int), 1)
        ratio = np.array([x1 - x0, y1 - y0]) / shape
        size_wh = tuple(shape.tolist())
        region = np.asarray(cv2.resize(region, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    # Maps pixels of the region to pixels of the crop. OpenCV puts (0, 0) at a pixel's centre.
    local = np.column_stack([matrix[:, :2] * ratio, transform_points(matrix, np.array([x0, y0]))])
    local[:, 2] += local[:, :2] @ [0.5, 0.5] - 0.5
    crop = cv2.warpAffine(
        region, local, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)
