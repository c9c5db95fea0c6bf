"""Test-time augmentation: average the predictions for shifted and mirrored copies of a face."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fer.types import Floats

#: Shift of the four outer views, in pixels of a 48-pixel image.
SHIFT = 3

#: Description in the report.
TEN_VIEWS = f"mean of ten views: unmoved and moved by {SHIFT} pixels to each corner, all mirrored"


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
