"""Who is who over frames: detections → tracks, by position, motion and looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fer.types import Detections, Floats, Image

#: Score from which a face nobody knew yet starts a track.
NEW_TRACK_SCORE = 0.6

#: Seconds for which an unseen person is remembered, and keeps the number if found again.
MEMORY_SECONDS = 1.5

#: Highest cost at which a detection can still be the same person; see `_costs`.
MAX_COST = 1.0

#: Seconds over which speed is averaged; a face's box jitters by a pixel or two a frame.
_SPEED_SECONDS = 0.25

#: Seconds beyond which a prediction by speed is not carried on: people stop and turn.
_COAST_SECONDS = 0.4

#: Share of looks in the cost; the rest is distance. Position decides among people who stand apart,
#: looks among those who cross.
_LOOKS_WEIGHT = 0.9

#: Share by which a track's memory of looks follows what is seen.
_LOOKS_RATE = 0.1


@dataclass(frozen=True)
class Track:
    """One person.

    Attributes:
        number: from 1, never used again.
        xyxy: ``(4,)`` box when last seen, in pixels.
        looks: description of the appearance, a histogram that sums to 1.
        speed: ``(2,)`` of the box's centre, in pixels a second.
        seen: seconds at which it was last seen.
    """

    number: int
    xyxy: Floats
    looks: Floats
    seen: float
    speed: Floats = field(default_factory=lambda: np.zeros(2, np.float32))

    def predicted(self, seconds: float) -> Floats:
        """Return the box to expect at a time."""
        ahead = min(seconds - self.seen, _COAST_SECONDS)
        return self.xyxy + np.tile(self.speed * np.float32(ahead), 2).astype(np.float32)

    def moved_to(self, xyxy: Floats, looks: Floats, seconds: float) -> Track:
        """Return the track after it was seen again."""
        elapsed = max(seconds - self.seen, 1e-3)
        velocity = (_centre(xyxy) - _centre(self.xyxy)) / np.float32(elapsed)
        follow = np.float32(1 - np.exp(-elapsed / _SPEED_SECONDS))
        return replace(
            self,
            xyxy=xyxy,
            looks=self.looks + np.float32(_LOOKS_RATE) * (looks - self.looks),
            seen=seconds,
            speed=self.speed + follow * (velocity - self.speed),
        )


class Tracker:
    """Gives every face of a stream a number that stays with the person.

    Faces far below `NEW_TRACK_SCORE` are of use too: they continue a track, but start none
    (Zhang et al. 2022, ByteTrack), so boxes do not flicker when the detector wavers.
    """

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next_number = 1

    def __call__(
        self, found: Detections, looks: Sequence[Floats], seconds: float
    ) -> NDArray[np.int64]:
        """Match the faces of a frame with the people known so far.

        Args:
            found: faces of the frame.
            looks: appearance of each, see `appearance`.
            seconds: time of the frame; must not go back.

        Returns:
            ``(n,)`` the number of each face's track, -1 for a face that is too faint to start one.
        """
        self._tracks = [t for t in self._tracks if seconds - t.seen <= MEMORY_SECONDS]
        numbers = np.full(len(found), -1, np.int64)
        for face, index in assign(_costs(found, looks, self._tracks, seconds)):
            self._tracks[index] = self._tracks[index].moved_to(
                found.xyxy[face], looks[face], seconds
            )
            numbers[face] = self._tracks[index].number
        for face in np.flatnonzero((numbers < 0) & (found.score >= NEW_TRACK_SCORE)).tolist():
            self._tracks.append(Track(self._next_number, found.xyxy[face], looks[face], seconds))
            numbers[face] = self._next_number
            self._next_number += 1
        return numbers

    @property
    def alive(self) -> frozenset[int]:
        """Numbers of the people who are remembered."""
        return frozenset(track.number for track in self._tracks)


def assign(costs: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Pair rows with columns, cheapest pair first, each used once, none above `MAX_COST`.

    With few faces the greedy choice and the optimal one hardly ever differ, and where they do the
    greedy one keeps the surest pair.
    """
    pairs = []
    open_costs = np.array(costs, np.float64)
    while open_costs.size and open_costs.min() <= MAX_COST:
        row, column = np.unravel_index(open_costs.argmin(), open_costs.shape)
        pairs.append((int(row), int(column)))
        open_costs[row, :] = open_costs[:, column] = np.inf
    return pairs


def appearance(image: Image, xyxy: Floats) -> list[Floats]:
    """Describe how each person looks: colours of face, hair and collar.

    Args:
        image: ``(height, width, 3)`` RGB uint8.
        xyxy: ``(n, 4)`` boxes in pixels.

    Returns:
        A histogram over 4 × 4 × 4 colours for each, summing to 1.
    """
    described = []
    height, width = image.shape[:2]
    for left, top, right, bottom in xyxy:
        side = right - left
        x0, x1 = np.clip([left - 0.2 * side, right + 0.2 * side], 0, width).astype(int)
        y0, y1 = np.clip([top - 0.3 * side, bottom + 0.5 * side], 0, height).astype(int)
        region = image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        # Every few pixels are enough for a histogram, and keep its cost the same at any size.
        step = max(1, int(side) // 24)
        bins = (region[::step, ::step] >> 6).astype(np.int64)
        code = (bins[..., 0] * 16 + bins[..., 1] * 4 + bins[..., 2]).ravel()
        counts = np.bincount(code, minlength=64).astype(np.float32) + np.float32(1e-6)
        described.append(counts / counts.sum())
    return described


def _costs(
    found: Detections, looks: Sequence[Floats], tracks: Sequence[Track], seconds: float
) -> NDArray[np.float64]:
    """Return what it would cost to call each face each person, ``(faces, tracks)``.

    Distance from where the person is expected, in face widths; ratio of sizes; and Hellinger
    distance of the looks, 0 for equal and 1 for no colour in common.
    """
    costs = np.zeros((len(found), len(tracks)))
    for j, track in enumerate(tracks):
        expected = track.predicted(seconds)
        for i, box in enumerate(found.xyxy):
            size, old_size = _side(box), _side(expected)
            distance = np.linalg.norm(_centre(box) - _centre(expected)) / ((size + old_size) / 2)
            likeness = np.sqrt(looks[i] * track.looks).sum()
            unlike = np.sqrt(max(0.0, 1 - float(likeness)))
            grown = abs(np.log(size / old_size))
            costs[i, j] = 0.6 * distance + 0.5 * grown + _LOOKS_WEIGHT * unlike
    return costs


def _centre(xyxy: Floats) -> Floats:
    return (xyxy[:2] + xyxy[2:]) * np.float32(0.5)


def _side(xyxy: Floats) -> float:
    return max(float(xyxy[2] - xyxy[0]), 1.0)
