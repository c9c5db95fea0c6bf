"""People cut out of photographs, to be moved over a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from fer.detection.blazeface import BlazeFace
from fer.images import decode
from fer.types import Floats, Image

#: Photographs whose people the tracker's constants were chosen on, and others that only judge.
#: None stands for the astronaut of scikit-image.
TUNING = ("six_at_a_table.jpg", "one_smiling.jpg", "tilted.png")
HELD_OUT = ("couple.jpg", "portrait.jpg", "one_close.jpg", "two_people.jpg", None)

#: Longer side to which photographs are reduced before faces are detected and cut out.
_SIDE = 1280

#: What is cut out around the middle of a face: left, top, right, bottom, in sides of its box.
_REACH = (1.3, 1.1, 1.3, 2.2)

#: Share of the light in which somebody stands who has come back.
_LESS_LIGHT = 0.85

#: Largest side of a face's box in a cut-out, in pixels.
_MAX_FACE = 120

#: Width of the mask's soft edge, in sides of the box.
_SOFT = 0.06


@dataclass(frozen=True)
class Person:
    """A head with shoulders, cut out of a photograph.

    Attributes:
        name: the photograph, and which of its faces from the left.
        picture: ``(height, width, 3)`` RGB uint8.
        mask: ``(height, width)`` float32, 1 where the person is.
        centre: ``(2,)`` middle of the face's box in the picture, in pixels.
        side: side of that box.
    """

    name: str
    picture: Image
    mask: Floats
    centre: Floats
    side: float

    def turned(self) -> Person:
        """Return the person looking to the other side, in less light."""
        darker = (self.picture[:, ::-1] * _LESS_LIGHT).astype(np.uint8)
        centre = np.array([self.picture.shape[1] - self.centre[0], self.centre[1]], np.float32)
        return replace(self, picture=darker, mask=self.mask[:, ::-1].copy(), centre=centre)


def people(folder: Path, names: tuple[str | None, ...]) -> list[Person]:
    """Return all people in some photographs.

    Args:
        folder: where the photographs are.
        names: file names; None for the astronaut.
    """
    detector = BlazeFace(min_score=0.4)
    found = []
    for name in names:
        whole = skimage.data.astronaut() if name is None else decode((folder / name).read_bytes())
        scale = min(1.0, _SIDE / max(whole.shape[:2]))
        photo = np.asarray(
            cv2.resize(whole, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        boxes = detector(photo).xyxy
        stem = "astronaut" if name is None else Path(name).stem
        for i, box in enumerate(boxes[np.argsort(boxes[:, 0])]):
            found.append(_cut_out(photo, box, f"{stem} {i + 1}"))
    return found


def _cut_out(photo: Image, box: Floats, name: str) -> Person:
    side = float(np.max(box[2:] - box[:2]))
    middle = (box[:2] + box[2:]) / 2
    reach = np.round(np.array(_REACH) * side).astype(int)
    # What the photograph does not show is continued: clothes go on below its edge.
    padded = cv2.copyMakeBorder(
        photo, reach[1], reach[3], reach[0], reach[2], borderType=cv2.BORDER_REPLICATE
    )
    left, top = np.round(middle).astype(int)
    size = reach[:2] + reach[2:]
    picture = padded[top : top + size[1], left : left + size[0]]
    mask = _mask(size, reach, side)
    # Larger than in any scene would only cost time.
    scale = min(1.0, _MAX_FACE / side)
    small, small_mask = (
        cv2.resize(a, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for a in (picture, mask)
    )
    centre = (reach[:2] * scale).astype(np.float32)
    return Person(
        name,
        np.asarray(small, np.uint8),
        np.asarray(small_mask, np.float32),
        centre,
        side * scale,
    )


def _mask(size_wh: np.ndarray, reach: np.ndarray, side: float) -> Floats:
    """Return the outline of a head with shoulders, softened."""
    mask = np.zeros(size_wh[::-1], np.float32)
    x, y = float(reach[0]), float(reach[1])
    head = (round(x), round(y - 0.12 * side)), (round(0.66 * side), round(0.85 * side))
    cv2.ellipse(mask, *head, 0, 0, 360, 1.0, -1)
    shoulders = [(-0.35, 0.4), (0.35, 0.4), (1.1, 0.95), (1.2, 2.3), (-1.2, 2.3), (-1.1, 0.95)]
    outline = np.round(np.array(shoulders) * side + (x, y)).astype(np.int32)
    cv2.fillPoly(mask, [outline], 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(_SOFT * side, 0.5)), np.float32)
