"""Generate a small labelled data set of drawn faces, so that everything runs without FER2013."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.drawing.pictures import encoded
from fer.errors import DataError
from fer.images import MIN_SIDE
from fer.labels import FER2013_LABELS
from training.data.dataset import SPLITS, choose
from training.painter import CANVAS, EXPRESSIONS, Person, draw_face

#: Number of validation faces, and of test faces, per training face.
_HELD_OUT_SHARE = 0.2

#: Image side, in pixels, to which the blur in `demo_face` refers: that of FER2013.
_REFERENCE_SIZE = 48


def write_demo_data(
    out: Path,
    *,
    per_class: int = 200,
    size: int = 48,
    colour: bool = False,
    classes: Sequence[str] | None = None,
    seed: int = 0,
    negative: bool = False,
) -> dict[str, int]:
    """Draw faces into ``<out>/<split>/<class>/<class>_0000.png``; return their number per split.

    A face depends only on the seed and on its split, class and number, so drawing fewer classes or
    fewer faces gives a subset of the same faces. Validation and test each get a fifth of the
    `per_class` training faces. A `negative` is another style, to teach a model.

    Raises:
        DataError: `out` is not empty, a class is unknown, or a number is too small.
    """
    names = choose(FER2013_LABELS, classes)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} exists and is not an empty folder; choose a new one.")
    if per_class < 1 or size < MIN_SIDE:
        raise DataError(
            f"expected at least 1 face per class and {MIN_SIDE} pixels, got {per_class} and {size}."
        )
    held_out = max(1, round(per_class * _HELD_OUT_SHARE))
    counts = dict(zip(SPLITS, (per_class, held_out, held_out), strict=True))
    for split, count in counts.items():
        for name in names:
            folder = out / split / name
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                rng = np.random.default_rng([seed, zlib.crc32(f"{split} {name}".encode()), number])
                face = demo_face(name, rng, size=size, colour=colour)
                face = 255 - face if negative else face
                (folder / f"{name}_{number:04d}.png").write_bytes(encoded(face, ".png"))
    return {split: count * len(names) for split, count in counts.items()}


def demo_face(
    expression: str, rng: np.random.Generator, *, size: int = 48, colour: bool = False
) -> NDArray[np.uint8]:
    """Draw one face ``(size, size, channels)`` of a random person with random light and pose."""
    face = draw_face(Person.random(rng), EXPRESSIONS[expression].varied(rng))
    # Rotated, scaled and shifted, like heads in front of a camera.
    centre = CANVAS / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), rng.normal(0, 6), rng.uniform(0.88, 1.1))
    matrix[:, 2] = matrix[:, 2] + rng.uniform(-0.04, 0.04, 2) * CANVAS
    face = np.asarray(
        cv2.warpAffine(face, matrix, (CANVAS, CANVAS), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    # The light increases towards a side.
    angle, contrast = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.4)
    line = np.linspace(-1, 1, CANVAS, dtype=np.float32)
    slope = np.cos(angle) * line[None, :] + np.sin(angle) * line[:, None]
    light = np.asarray(rng.uniform(0.65, 1.05) * (1 + contrast * slope), np.float32)
    lit = face * light[..., None]
    # Blur and noise of a camera act on its pixels, so they are applied after resizing.
    small = cv2.resize(lit, (size, size), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.2, 0.6) * size / _REFERENCE_SIZE)
    if not colour:
        small = cv2.cvtColor(small.astype(np.float32), cv2.COLOR_RGB2GRAY)[..., None]
    noisy = small + rng.normal(0, rng.uniform(1, 6), small.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)
