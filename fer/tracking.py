"""Track faces over frames by position, motion and appearance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fer.types import Detections, Floats, Image

#: Least detection score that starts a new track.
NEW_TRACK_SCORE = 0.6

#: Seconds for which a track without detections is kept; a person found again keeps its number.
MEMORY_SECONDS = 1.5

#: Highest cost at which a detection is assigned to a track; see `_costs`.
MAX_COST = 1.0

#: Time constant, in seconds, of the average velocity; a box jitters by a pixel or two per frame.
_VELOCITY_SECONDS = 0.25

#: Longest extrapolation at constant velocity, in seconds; people stop and turn.
COAST_SECONDS = 0.4

#: Weight of appearance in the cost. Position decides between people who stand apart; appearance
#: decides between people whose paths cross.
_APPEARANCE_WEIGHT = 0.9

#: Weight of a new observation in a track's colour histogram.
_APPEARANCE_RATE = 0.1


@dataclass(frozen=True)
class Track:
    """One tracked person.

    Attributes:
        track_id: number from 1; never reused.
        xyxy: ``(4,)`` most recent box, in pixels.
        histogram: average appearance, a colour histogram that sums to 1; see `appearance`.
        last_seen: time of the most recent detection, in seconds.
        velocity: ``(2,)`` velocity of the box's centre, in pixels per second.
    """

    track_id: int
    xyxy: Floats
    histogram: Floats
    last_seen: float
    velocity: Floats = field(default_factory=lambda: np.zeros(2, np.float32))

    def predicted(self, seconds: float) -> Floats:
        """Return the predicted box at a time."""
        ahead = min(seconds - self.last_seen, COAST_SECONDS)
        return self.xyxy + np.tile(self.velocity * np.float32(ahead), 2).astype(np.float32)

    def updated(self, xyxy: Floats, histogram: Floats, seconds: float) -> Track:
        """Return the track after a new detection."""
        elapsed = max(seconds - self.last_seen, 1e-3)
        measured = (_centre(xyxy) - _centre(self.xyxy)) / np.float32(elapsed)
        gain = np.float32(1 - np.exp(-elapsed / _VELOCITY_SECONDS))
        change = np.float32(_APPEARANCE_RATE) * (histogram - self.histogram)
        return replace(
            self,
            xyxy=xyxy,
            histogram=self.histogram + change,
            last_seen=seconds,
            velocity=self.velocity + gain * (measured - self.velocity),
        )


class Tracker:
    """Assigns each face in a stream a track number that stays with the person.

    Detections below `NEW_TRACK_SCORE` continue a track but do not start one (ByteTrack, Zhang et
    al. 2022), so boxes do not flicker when detection scores fluctuate.
    """

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next_id = 1

    def __call__(
        self, detections: Detections, histograms: Sequence[Floats], seconds: float
    ) -> NDArray[np.int64]:
        """Assign the faces of a frame to tracks.

        Args:
            detections: the ``n`` faces of the frame.
            histograms: appearance of each face, see `appearance`.
            seconds: time of the frame; must not decrease.

        Returns:
            The track number of each face, ``(n,)``; -1 if its score is too low to start a track.
        """
        self._tracks = [t for t in self._tracks if seconds - t.last_seen <= MEMORY_SECONDS]
        track_ids = np.full(len(detections), -1, np.int64)
        for face, index in assign(_costs(detections, histograms, self._tracks, seconds)):
            self._tracks[index] = self._tracks[index].updated(
                detections.xyxy[face], histograms[face], seconds
            )
            track_ids[face] = self._tracks[index].track_id
        for face in np.flatnonzero(
            (track_ids < 0) & (detections.score >= NEW_TRACK_SCORE)
        ).tolist():
            self._tracks.append(
                Track(self._next_id, detections.xyxy[face], histograms[face], seconds)
            )
            track_ids[face] = self._next_id
            self._next_id += 1
        return track_ids

    def velocities(self, track_ids: NDArray[np.int64]) -> Floats:
        """Return the velocities of tracks that are kept, ``(n, 2)`` pixels per second."""
        known = {track.track_id: track.velocity for track in self._tracks}
        moving = [known[number] for number in track_ids.tolist()]
        return np.array(moving, np.float32).reshape(-1, 2)

    @property
    def active_ids(self) -> frozenset[int]:
        """Numbers of the tracks that are kept."""
        return frozenset(track.track_id for track in self._tracks)


def assign(costs: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Match rows with columns greedily, cheapest pair first and none above `MAX_COST`.

    With few faces, the greedy and the optimal assignment rarely differ. Where they do, the greedy
    one keeps the most certain pair.
    """
    pairs = []
    open_costs = np.array(costs, np.float64)
    while open_costs.size and open_costs.min() <= MAX_COST:
        row, column = np.unravel_index(open_costs.argmin(), open_costs.shape)
        pairs.append((int(row), int(column)))
        open_costs[row, :] = open_costs[:, column] = np.inf
    return pairs


def appearance(image: Image, xyxy: Floats) -> list[Floats]:
    """Describe the appearance of each person by the colours of face, hair and collar.

    Args:
        image: ``(height, width, 3)`` RGB uint8.
        xyxy: ``(n, 4)`` boxes in pixels.

    Returns:
        One histogram per box, over 4 × 4 × 4 colours, that sums to 1.
    """
    histograms = []
    height, width = image.shape[:2]
    for left, top, right, bottom in xyxy:
        side = right - left
        x0, x1 = np.clip([left - 0.2 * side, right + 0.2 * side], 0, width).astype(int)
        y0, y1 = np.clip([top - 0.3 * side, bottom + 0.5 * side], 0, height).astype(int)
        region = image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        # Subsampling is accurate enough for a histogram and keeps its cost the same at any size.
        step = max(1, int(side) // 24)
        bins = (region[::step, ::step] >> 6).astype(np.int64)
        code = (bins[..., 0] * 16 + bins[..., 1] * 4 + bins[..., 2]).ravel()
        counts = np.bincount(code, minlength=64).astype(np.float32) + np.float32(1e-6)
        histograms.append(counts / counts.sum())
    return histograms


def _costs(
    detections: Detections, histograms: Sequence[Floats], tracks: Sequence[Track], seconds: float
) -> NDArray[np.float64]:
    """Return the cost of assigning each face to each track, ``(faces, tracks)``.

    The cost adds up the distance from the predicted position in face widths, the logarithm of the
    size ratio, and the Hellinger distance of the colour histograms (0 if equal, 1 if disjoint).
    """
    costs = np.zeros((len(detections), len(tracks)))
    for j, track in enumerate(tracks):
        expected = track.predicted(seconds)
        for i, box in enumerate(detections.xyxy):
            size, old_size = _side(box), _side(expected)
            distance = np.linalg.norm(_centre(box) - _centre(expected)) / ((size + old_size) / 2)
            overlap = np.sqrt(histograms[i] * track.histogram).sum()
            hellinger = np.sqrt(max(0.0, 1 - float(overlap)))
            log_ratio = abs(np.log(size / old_size))
            costs[i, j] = 0.6 * distance + 0.5 * log_ratio + _APPEARANCE_WEIGHT * hellinger
    return costs


def _centre(xyxy: Floats) -> Floats:
    return (xyxy[:2] + xyxy[2:]) * np.float32(0.5)


def _side(xyxy: Floats) -> float:
    return max(float(xyxy[2] - xyxy[0]), 1.0)
