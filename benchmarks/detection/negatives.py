"""Pictures without faces, of which many have fooled detectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import skimage.data
import sklearn.datasets
from numpy.typing import NDArray

from benchmarks.detection.material import SCENE, Scene, as_rgb, backgrounds, clipped, resized
from benchmarks.drawings import drawings
from fer.types import Image

#: Photographs of scikit-image without a face.
_OBJECTS = (
    *("brick", "cat", "cell", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass"),
    *("gravel", "horse", "hubble_deep_field", "immunohistochemistry", "logo"),
    *("microaneurysms", "moon", "page", "retina", "rocket", "text"),
)

#: Sides of drawings on a plain picture, and of those in photographs, in pixels.
_DRAWN_SIDES = (28, 60, 160, 420)
_PASTED_SIDES = (48, 110, 170)

#: Details of each photograph, and their side in it and enlarged, in pixels.
_DETAILS, _DETAIL_SIDE, _DETAIL_ENLARGED = 4, 160, 480

#: Share of a face's side by which its box is widened where it is painted over: with hair and chin.
_PAINT = 0.35


def objects() -> Iterator[Scene]:
    """Yield photographs of everything but faces: whole, small in a plain picture, and details."""
    rng = np.random.default_rng(0)
    for name, image in _photographs_of_things().items():
        yield Scene.of("objects", name, image)
        plain = np.full((*SCENE[::-1], 3), np.median(image, axis=(0, 1)).astype(np.uint8))
        scale = 150 / max(image.shape[:2])
        small = resized(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
        plain[200 : 200 + len(small), 300 : 300 + small.shape[1]] = small
        yield Scene.of("objects", f"{name}, small", plain)
        for i in range(_DETAILS):
            y, x = (rng.integers(0, max(1, n - _DETAIL_SIDE)) for n in image.shape[:2])
            part = image[y : y + _DETAIL_SIDE, x : x + _DETAIL_SIDE]
            detail = resized(part, (_DETAIL_ENLARGED, _DETAIL_ENLARGED))
            yield Scene.of("objects", f"{name}, detail {i}", detail)


def _photographs_of_things() -> dict[str, Image]:
    """Return the photographs of scikit-image and scikit-learn in which nobody is."""
    images = {name: as_rgb(getattr(skimage.data, name)()) for name in _OBJECTS}
    images["motorcycle"] = as_rgb(skimage.data.stereo_motorcycle()[0])
    for name in ("china.jpg", "flower.jpg"):
        images[name] = as_rgb(sklearn.datasets.load_sample_image(name))
    return images


def drawn() -> Iterator[Scene]:
    """Yield drawings on a plain picture, and six at a time in photographs."""
    for side in _DRAWN_SIDES:
        for name, drawing in drawings(side).items():
            picture = np.full((480, 640, 3), 235, np.uint8)
            top, left = (480 - side) // 2, (640 - side) // 2
            picture[top : top + side, left : left + side] = drawing
            yield Scene.of("drawings", f"{name} at {side}", picture)
    scenery = [as_rgb(background) for background in backgrounds()]
    for side in _PASTED_SIDES:
        pictures = list(drawings(side).values())
        for start in range(0, len(pictures), 6):
            picture = scenery[start // 6 % len(scenery)].copy()
            for i, drawing in enumerate(pictures[start : start + 6]):
                left, top = 50 + i % 3 * 260, 60 + i // 3 * 280
                picture[top : top + side, left : left + side] = drawing
            yield Scene.of("drawings in photographs", f"{side} px, {start}", picture)


def textures() -> Iterator[Scene]:
    """Yield noise of several grains, stripes, checks, dots and gradients."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(SCENE[0]), np.arange(SCENE[1]))
    for grain in (1, 4, 10, 25, 60):
        size = -(-SCENE[0] // grain), -(-SCENE[1] // grain)
        noise = rng.integers(0, 256, size[::-1], dtype=np.uint8)
        yield Scene.of("textures", f"noise of {grain} px", as_rgb(resized(noise, SCENE)))
    for period in (12, 30, 80):
        wave = 2 * np.pi / period
        patterns = {
            "stripes": np.sin(wave * (x + y / 2)),
            "checks": np.sign(np.sin(wave * x) * np.sin(wave * y)),
            "dots": (np.sin(wave * x) * np.sin(wave * y) > 0.6).astype(float),
            "rings": np.sin(wave * np.hypot(x - 300, y - 250)),
        }
        for name, pattern in patterns.items():
            yield Scene.of("textures", f"{name} of {period} px", _noisy(pattern, rng))
    yield Scene.of("textures", "gradient", _noisy(x / SCENE[0] * 2 - 1, rng))


def _noisy(pattern: NDArray, rng: np.random.Generator) -> Image:
    """Return a pattern of -1 … 1 as a picture with the noise of a camera."""
    return as_rgb(
        np.clip(128 + 90 * pattern + rng.normal(0, 5, pattern.shape), 0, 255).astype(np.uint8)
    )


def without_faces(photographs: Iterable[Scene]) -> Iterator[Scene]:
    """Yield photographs of people whose faces are painted over: hands, cloth, what is behind."""
    for scene in photographs:
        if scene.boxes is None or not scene.count:
            continue
        image = scene.image.copy()
        for box in scene.boxes:
            wide = box + _PAINT * (box[2] - box[0]) * np.array([-1, -1, 1, 1])
            left, top, right, bottom = clipped(wide[None], image)[0].astype(int)
            area = image[top:bottom, left:right]
            area[:] = np.median(area, axis=(0, 1)).astype(np.uint8)
        yield Scene.of("people without faces", scene.name, image)
