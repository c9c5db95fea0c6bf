"""Pictures for both paths: drawn scenes, a real face of a package, photographs if there are any."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import skimage.data

from fer.images import read as read_image
from fer.types import Image
from tests.samples import ROOT
from training.painter import EXPRESSIONS, Person, draw_face

PHOTOS = ROOT.parent / "shared" / "photos"

#: Longest side of a photograph that goes through both paths; cameras have no more.
_MOST = 1280


def photographs() -> list[str]:
    """Return the names of the photographs beside the project."""
    file = PHOTOS / "photos.json"
    return list(json.loads(file.read_text())) if file.is_file() else []


def photograph(name: str) -> Image:
    """Return a photograph as large as a camera's frame."""
    image = read_image(PHOTOS / name)
    scale = min(_MOST / max(image.shape[:2]), 1)
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def drawn(seed: int, expression: str, side: int) -> Image:
    """Return a drawn face with its surroundings, ``(side, side, 3)``."""
    face = draw_face(Person.random(np.random.default_rng(seed)), EXPRESSIONS[expression])
    return np.asarray(cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _on(width: int, height: int, *faces: tuple[Image, int, int]) -> Image:
    """Return faces at places ``(left, top)`` of a soft backdrop."""
    rng = np.random.default_rng(width)
    coarse = rng.integers(90, 160, (6, 8, 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for face, x, y in faces:
        part = picture[max(y, 0) : y + len(face), max(x, 0) : x + len(face)]
        part[:] = face[max(-y, 0) :, max(-x, 0) :][: len(part), : part.shape[1]]
    return np.asarray(picture, np.uint8)


def _head(side: int) -> Image:
    """Return the head of the astronaut, a real face, ``(side, side, 3)``."""
    head = skimage.data.astronaut()[0:260, 90:350, :3]
    return np.asarray(cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _darker(image: Image, share: float) -> Image:
    noise = np.random.default_rng(1).normal(0, 2, image.shape)
    return np.clip(image * share + noise, 0, 255).astype(np.uint8)


def _turned(image: Image, degrees: float) -> Image:
    centre = (image.shape[1] / 2, image.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(centre, degrees, 1)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


def _several() -> Image:
    places = [(20, 30, 150), (230, 60, 200), (480, 20, 110), (470, 220, 160), (40, 260, 180)]
    return _on(640, 480, *((_head(side), x, y) for x, y, side in places))


def _drawings() -> Image:
    names = ("happy", "angry", "surprise")
    return _on(640, 480, *((drawn(i, n, 190), 15 + 205 * i, 120) for i, n in enumerate(names)))


#: Scenes that are made, by what is special about them.
SCENES: dict[str, Callable[[], Image]] = {
    "nobody": lambda: _on(640, 480),
    "one, 4:3": lambda: _on(640, 480, (_head(240), 200, 100)),
    "one, 16:9": lambda: _on(1280, 720, (_head(300), 500, 200)),
    "portrait": lambda: _on(480, 640, (_head(220), 130, 200)),
    "square": lambda: np.ascontiguousarray(skimage.data.astronaut()[..., :3]),
    "no multiple of anything": lambda: _on(613, 347, (_head(151), 251, 83)),
    "small camera": lambda: _on(320, 240, (_head(120), 100, 60)),
    "small face": lambda: _on(640, 480, (_head(52), 300, 200)),
    "close": lambda: _on(640, 480, (_head(470), 90, 5)),
    "cut off": lambda: _on(640, 480, (_head(240), -60, 100), (_head(200), 400, -45)),
    "several": _several,
    "turned": lambda: _turned(_on(640, 480, (_head(260), 190, 110)), 25),
    "dark": lambda: _darker(_on(640, 480, (_head(240), 200, 100)), 0.15),
    "blurred": lambda: cv2.GaussianBlur(_on(640, 480, (_head(240), 200, 100)), (0, 0), 5),
    "bright": lambda: np.clip(_on(640, 480, (_head(240), 200, 100)) * 1.9, 0, 255).astype(np.uint8),
    "drawings": _drawings,
    **{name: partial(photograph, name) for name in photographs()},
}
