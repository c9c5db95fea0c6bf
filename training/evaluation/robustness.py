"""Versions of a face that a network is asked about too: ten views, and corruptions of webcams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.types import Floats

Face = NDArray[np.uint8]

#: Shift of the four outer views, in pixels of a 48-pixel image.
SHIFT = 3

#: Description in the report.
TEN_VIEWS = f"mean of ten views: unmoved and moved by {SHIFT} pixels to each corner, all mirrored"


@dataclass(frozen=True)
class Corruption:
    """A corruption of ``(size, size, channels)`` uint8 images; lengths scale with their size."""

    name: str
    description: str
    apply: Callable[[Face], NDArray]

    def __call__(self, images: Face) -> Face:
        """Return corrupted copies of ``(n, size, size, channels)`` images."""
        if not len(images):
            return images
        return np.stack([self._one(image) for image in images])

    def _one(self, image: Face) -> Face:
        changed = np.clip(np.round(self.apply(image)), 0, 255)
        return np.asarray(changed, np.uint8).reshape(image.shape)


def _scaled(pixels: float, image: Face) -> float:
    return pixels * image.shape[0] / 48


def _blur(image: Face, sigma: float = 1.0) -> NDArray:
    return cv2.GaussianBlur(image, (0, 0), _scaled(sigma, image))


def _warp(image: Face, degrees: float, shift: float) -> NDArray:
    size = image.shape[0]
    middle = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    matrix[:, 2] += shift * size
    return cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)


def _shrunk(image: Face, pixels: float) -> NDArray:
    size, target_size = image.shape[0], round(_scaled(pixels, image))
    small = cv2.resize(image, (target_size, target_size), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)


def _jpeg(image: Face) -> NDArray:
    success, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert success
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def _dark(image: Face, light: float = 0.3) -> NDArray:
    # Seeded by the image, so that images get different noise but each run gets the same.
    rng = np.random.default_rng(int(image.astype(np.int64).sum()))
    return image * light + rng.normal(0, 4, image.shape)


#: Corruptions of moderate strength, as in usable but poor webcam images.
CORRUPTIONS: tuple[Corruption, ...] = (
    Corruption("darker", "30 % of the light, with sensor noise (σ = 4 grey levels)", _dark),
    Corruption("brighter", "60 % more light, highlights clipped", lambda image: image * 1.6),
    Corruption("blurred", "Gaussian blur, σ = 1 pixel of 48", _blur),
    Corruption("rotated", "turned by 15°", lambda image: _warp(image, 15, 0)),
    Corruption("24 px", "scaled to 24 pixels and back", lambda i: _shrunk(i, 24)),
    Corruption("JPEG 30", "JPEG of quality 30", _jpeg),
    Corruption("off centre", "shifted by 10 % to the right and down", lambda i: _warp(i, 0, 0.1)),
)

#: Corruptions beyond the limits at which the app calls a face degraded. The thresholds for degraded
#: faces are chosen on them. Turned faces are missing, because an image of a face cannot be turned
#: sideways afterwards.
DEGRADATIONS: tuple[Corruption, ...] = (
    Corruption("very dark", "20 % of the light, with sensor noise", lambda i: _dark(i, 0.2)),
    Corruption("very blurred", "Gaussian blur, σ = 1.6 pixels of 48", lambda i: _blur(i, 1.6)),
    Corruption("18 px", "scaled to 18 pixels and back", lambda i: _shrunk(i, 18)),
)


def ten_views(
    classifier: Callable[[NDArray[np.uint8]], Floats], images: NDArray[np.uint8]
) -> Floats:
    """Return the mean probabilities of ten views, ``(n, k)`` float32.

    Args:
        classifier: maps images to probabilities ``(n, k)``.
        images: ``(n, size, size, channels)`` uint8.
    """
    size = images.shape[1]
    reach = max(1, round(SHIFT * size / 48))
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    starts = [(reach, reach), *((y, x) for y in (0, 2 * reach) for x in (0, 2 * reach))]
    views = [padded[:, y : y + size, x : x + size] for y, x in starts]
    views += [view[:, :, ::-1] for view in views]
    predictions = [classifier(np.ascontiguousarray(view)) for view in views]
    return np.mean(predictions, axis=0, dtype=np.float32)
