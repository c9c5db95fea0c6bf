"""What is seen in one frame of a stream, wherever it is looked at: here, or on another device.

How people look is told by the colours of hair, face and clothes; nothing would identify a face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.types import ISSUES, Detections, Floats, Image

#: Where hair, face, collar and clothes are: left, top, right, bottom from the middle of the face's
#: box, in sides of the box. A face's box reaches from the brows to the chin.
REGIONS = np.array(
    [
        (-0.45, -0.9, 0.45, -0.5),
        (-0.35, -0.35, 0.35, 0.4),
        (-0.6, 0.6, 0.6, 1.0),
        (-0.8, 1.0, 0.8, 1.7),
    ],
    np.float32,
)

#: Share of each region in the distance. Clothes differ most between people.
_WEIGHTS = np.array([0.8, 0.6, 1.0, 1.2], np.float32)

#: Least share of what tells people apart of a clear view.
_CLEAR_SHARE = 0.4

#: Rows and columns of points looked at in a region.
POINTS = 12

#: Rows and columns of points at which the light is measured.
LIGHT_POINTS = (24, 32)

#: Bins of lightness and of each of two differences of colour, and the range that they cover, in
#: natural logarithms around the colour of the light.
LIGHT_BINS, COLOUR_BINS = 7, 6
LIGHT_RANGE, COLOUR_RANGE = 2.2, 1.0

#: Added before logarithms, so that noise in the dark is not taken for colour.
DARK = 14.0

#: The logarithm of each value of a pixel.
_LOGARITHMS = np.log(np.arange(256, dtype=np.float32) + np.float32(DARK))


@dataclass(frozen=True)
class Appearance:
    """What ``n`` people look like.

    Attributes:
        colours: ``(n, regions, bins)`` float32, square roots of histograms: the inner product of
            two is their similarity, 0…1.
        visible: ``(n, regions)`` float32, share of each region that is inside the image.
    """

    colours: Floats
    visible: Floats

    def __len__(self) -> int:
        return len(self.visible)

    def take(self, index: NDArray | list[int]) -> Appearance:
        """Return the people at `index`."""
        return Appearance(self.colours[index], self.visible[index])

    @classmethod
    def concatenate(cls, parts: Sequence[Appearance]) -> Appearance:
        """Return the people of all parts, in order; there must be a part."""
        return cls(
            np.concatenate([part.colours for part in parts]),
            np.concatenate([part.visible for part in parts]),
        )

    @classmethod
    def of(cls, image: Image, xyxy: Floats, light: Floats) -> Appearance:
        """Describe the people with faces in boxes ``(n, 4)`` of an image, relative to `Light`."""
        height, width = image.shape[:2]
        x, y = _points(xyxy)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        pixels = image[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        return cls(
            _histograms(_colours(pixels) - light, inside), inside.mean(axis=-1, dtype=np.float32)
        )

    def blended(self, other: Appearance, share: float) -> Appearance:
        """Return the mean of two looks of the same people, of which `other` has a share, 0…1.

        A region counts as far as it is seen.
        """
        new = np.float32(share) * other.visible
        old = np.float32(1 - share) * self.visible
        weight = (new / np.maximum(new + old, 1e-6))[..., None]
        histograms = (1 - weight) * self.colours**2 + weight * other.colours**2
        return Appearance(np.sqrt(histograms), np.maximum(self.visible, other.visible))

    def distances(self, other: Appearance) -> Floats:
        """Return how different each person looks from each other one, ``(n, m)`` in 0…1.

        It is the Hellinger distance of the histograms, averaged over the regions that both show.
        """
        similar = np.einsum("nrb,mrb->nmr", self.colours, other.colours)
        both = self._both(other) + np.float32(1e-6)
        apart = np.sqrt(np.clip(1 - similar, 0, 1))
        return (apart * both).sum(axis=2) / both.sum(axis=2)

    def certainty(self, other: Appearance) -> Floats:
        """Return how much of what tells people apart both show, ``(n, m)`` in 0…1."""
        return self._both(other).sum(axis=2) / _WEIGHTS.sum()

    @property
    def clear(self) -> bool:
        """Whether much can be told of how everybody looks."""
        return bool((self.visible @ _WEIGHTS >= _CLEAR_SHARE * _WEIGHTS.sum()).all())

    def doubted(self, share: NDArray) -> Appearance:
        """Return looks that count less, by a share for each person."""
        return Appearance(self.colours, self.visible * share[:, None].astype(np.float32))

    def _both(self, other: Appearance) -> Floats:
        return np.minimum(self.visible[:, None], other.visible[None]) * _WEIGHTS


class Light:
    """Follows the light of a stream: lamps, and the camera's exposure and white balance.

    It is what most of the picture changes by from frame to frame. The mean of a frame would do for
    one, but it changes as well when people come and go.
    """

    def __init__(self) -> None:
        self._light: Floats | None = None
        self._last = np.zeros((0, 3), np.float32)

    def __call__(self, image: Image) -> Floats:
        """Return the colour of the light ``(3,)`` in the next frame."""
        rows, columns = (
            ((np.arange(steps) + 0.5) * length / steps).astype(int)
            for steps, length in zip(LIGHT_POINTS, image.shape[:2], strict=True)
        )
        colours = _colours(image[np.ix_(rows, columns)]).reshape(-1, 3)
        if self._light is None:
            self._light = colours.mean(axis=0)
        else:
            self._light = self._light + np.median(colours - self._last, axis=0)
        self._last = colours
        return self._light


def _points(xyxy: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return columns and rows of the points that are looked at, ``(n, regions, points)`` each."""
    middle = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    side = np.maximum((xyxy[:, 2:] - xyxy[:, :2]).max(axis=1), 1)[:, None, None]
    steps = (np.arange(POINTS, dtype=np.float32) + np.float32(0.5)) / POINTS
    low, high = REGIONS[:, :2, None], REGIONS[:, 2:, None]
    along = low + (high - low) * steps  # (regions, 2, points)
    x = middle[:, :1, None] + side * along[:, 0]
    y = middle[:, 1:, None] + side * along[:, 1]
    grid = (*x.shape[:2], POINTS, POINTS)
    columns = np.broadcast_to(x[:, :, None, :], grid).reshape(*x.shape[:2], POINTS**2)
    rows = np.broadcast_to(y[:, :, :, None], grid).reshape(*x.shape[:2], POINTS**2)
    return np.floor(columns).astype(np.int64), np.floor(rows).astype(np.int64)


def _colours(pixels: Image) -> Floats:
    """Return lightness, red against green, and yellow against blue, in logarithms."""
    red, green, blue = np.moveaxis(_LOGARITHMS[pixels], -1, 0)
    return np.stack([(red + green + blue) / 3, red - green, (red + green) / 2 - blue], axis=-1)


def _histograms(colours: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return the square roots of soft histograms of lightness and of colour, side by side.

    A value between two bins counts for both, so that a small change of light is a small distance.
    """
    n, regions, points, _ = colours.shape
    groups = n * regions
    weight = inside.reshape(groups, points).astype(np.float32)
    bins = np.array([LIGHT_BINS, COLOUR_BINS, COLOUR_BINS])
    reach = np.array([LIGHT_RANGE, COLOUR_RANGE, COLOUR_RANGE], np.float32)
    position = (colours.reshape(groups, points, 3) / (2 * reach) + np.float32(0.5)) * (bins - 1)
    position = np.clip(position, 0, bins - np.float32(1.001))
    lower = position.astype(np.int64)
    upper_share = position - lower
    total = LIGHT_BINS + COLOUR_BINS**2
    first = (np.arange(groups) * total)[:, None]
    light, (red, yellow) = lower[..., 0], (lower[..., 1], lower[..., 2])
    index, share = [], []
    for up in (0, 1):
        index.append(first + light + up)
        share.append(weight * np.abs(1 - up - upper_share[..., 0]))
        for along in (0, 1):
            index.append(first + LIGHT_BINS + (red + up) * COLOUR_BINS + yellow + along)
            part = np.abs(1 - up - upper_share[..., 1]) * np.abs(1 - along - upper_share[..., 2])
            share.append(weight * part)
    counts = np.bincount(
        np.concatenate(index, axis=None), np.concatenate(share, axis=None), groups * total
    )
    # Lightness counts as much as colour: each half sums to one half.
    shares = counts / np.maximum(2 * np.repeat(weight.sum(axis=1), total), 1e-6)
    return np.sqrt(shares).astype(np.float32).reshape(n, regions, total)


@dataclass(frozen=True)
class Observation:
    """What was seen in one frame, before anybody is told apart.

    Attributes:
        size: width and height of the frame in pixels, to which boxes and points refer.
        detections: the ``n`` ≥ 0 faces, also those of which it is not known yet whether they are.
        issues: ``(n, 4)`` bool, quality issues of each face; columns are `ISSUES`.
        logits: ``(n, k)`` float32 scores of each output of the network, by the output's name.
        evidence: ``(n,)`` float32, evidence that each is a face (see `fer.detection.evidence`); NaN
            where nobody looked closely.
    """

    size: tuple[int, int]
    detections: Detections
    looks: Appearance
    issues: NDArray[np.bool_]
    logits: Mapping[str, Floats]
    evidence: Floats

    def __post_init__(self) -> None:
        n = len(self.detections)
        lengths = {name: len(scores) for name, scores in self.logits.items()}
        lengths |= {name: len(getattr(self, name)) for name in ("looks", "issues", "evidence")}
        for name, length in lengths.items():
            if length != n:
                raise ValueError(f"{name}: expected {n} faces, got {length}")
        if self.issues.shape != (n, len(ISSUES)):
            raise ValueError(f"issues: expected shape {(n, len(ISSUES))}, got {self.issues.shape}")

    def __len__(self) -> int:
        return len(self.detections)
