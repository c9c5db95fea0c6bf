"""One tracked face, and how likely another face is the same person by place, size and looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fer.tracking.observation import Appearance
from fer.types import Floats

#: Least mean evidence of a face (`fer.detection.evidence`). It is more than in a photograph, since
#: a drawing that is held up is looked at again and again, and its noise looks like shading.
FACE_EVIDENCE = 12.0

#: Mean evidence below which an open track is a face no more. It takes some looks at something else.
NO_FACE = -5.0

#: Weight of a new look in the mean of all; one that is right by chance opens nothing.
NEWEST = 0.5

#: Seconds until the second look at what was refused, which double with each, and the most.
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0

#: Seconds until the next look at what is a face, and at what is one in doubt.
RECHECK_SECONDS, DOUBT_SECONDS = 10.0, 1.0


@dataclass(frozen=True)
class Presence:
    """What close looks at one track have said.

    Attributes:
        mean: mean of their evidence, newest ones counting most.
        next_look: time from which to look again, in seconds.
    """

    mean: float = 0.0
    looks: int = 0
    next_look: float = float("-inf")
    is_face: bool = False

    def after(self, evidence: float, seconds: float) -> Presence:
        """Return what is known after another look, at a time in seconds."""
        mean = evidence if not self.looks else self.mean + NEWEST * (evidence - self.mean)
        is_face = mean >= (NO_FACE if self.is_face else FACE_EVIDENCE)
        if is_face:
            wait = RECHECK_SECONDS if evidence >= FACE_EVIDENCE else DOUBT_SECONDS
        else:
            wait = min(FIRST_WAIT * 2 ** min(self.looks, 10), LONGEST_WAIT)
        return Presence(mean, self.looks + 1, seconds + wait, is_face)


#: Time constant, in seconds, of the average velocity; a box jitters by a pixel or two per frame.
VELOCITY_SECONDS = 0.25

#: Longest extrapolation at constant velocity, in seconds; people stop and turn.
COAST_SECONDS = 0.4

#: Time constants, in seconds, of the average appearance and of the recent one.
_APPEARANCE_SECONDS, _RECENT_SECONDS = 10.0, 0.5

#: Age, in seconds, up to which a new number may still turn out to be an earlier one.
_DOUBT_SECONDS = 3.0

#: Weight of the new looks of somebody who was found again.
_FOUND_SHARE = 0.3

#: Age, in seconds, up to which the average appearance is an even mean.
_FIRST_SECONDS = 1.0

#: Number of a track that has none yet.
NO_NUMBER = 0


@dataclass(frozen=True)
class Track:
    """One tracked face.

    Attributes:
        track_id: number from 1, never reused; `NO_NUMBER` as long as it has none.
        xyxy: ``(4,)`` most recent box, in pixels.
        appearance: how the person with this number looks on average.
        recent: how the person looked in the last moments.
        velocity: ``(2,)`` velocity of the box's centre, in pixels per second.
    """

    track_id: int
    xyxy: Floats
    appearance: Appearance
    recent: Appearance
    first_seen: float
    last_seen: float
    velocity: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    sightings: int = 1
    presence: Presence = field(default_factory=Presence)

    def is_open_to_doubt(self, seconds: float) -> bool:
        """Return whether the track has no number, or a new one since a moment ago."""
        return self.track_id == NO_NUMBER or seconds - self.first_seen <= _DOUBT_SECONDS

    def predicted(self, seconds: float) -> Floats:
        """Return the predicted box at a time."""
        ahead = min(seconds - self.last_seen, COAST_SECONDS)
        moved = self.xyxy.reshape(2, 2) + self.velocity * np.float32(ahead)
        return moved.reshape(4).astype(np.float32)

    def updated(self, xyxy: Floats, looks: Appearance, seconds: float) -> Track:
        """Return the track after a new detection: its ``(4,)`` box in pixels, looks and time."""
        elapsed = max(seconds - self.last_seen, 1e-3)
        before, now = _centres(np.stack([self.xyxy, xyxy]))
        measured = (now - before) / np.float32(elapsed)
        gain = np.float32(1 - np.exp(-elapsed / VELOCITY_SECONDS))
        age = max(seconds - self.first_seen, 1e-3)
        # At first each new look is better than the one before: the person is coming into view.
        seconds_long = _APPEARANCE_SECONDS if age > _FIRST_SECONDS else age
        share = 1 - np.exp(-elapsed / seconds_long)
        return replace(
            self,
            xyxy=xyxy,
            appearance=self.appearance.blended(looks, float(share)),
            recent=self.recent.blended(looks, float(1 - np.exp(-elapsed / _RECENT_SECONDS))),
            last_seen=seconds,
            sightings=self.sightings + 1,
            velocity=self.velocity + gain * (measured - self.velocity),
        )

    def renamed(self, other: Track) -> Track:
        """Return the track as that of another person, whose number and average looks it takes."""
        return replace(self, track_id=other.track_id, appearance=other.appearance)

    def found_again(self, new: Track) -> Track:
        """Return this person's track at the place where a new one has found the person again."""
        looks = self.appearance.blended(new.recent, _FOUND_SHARE)
        return replace(new, track_id=self.track_id, appearance=looks, first_seen=self.first_seen)


#: Area over which somebody new may appear, in squares of the face's side.
_ROOM = 40.0

#: Spread of the place of somebody who stays, in sides of the face; and of who walks, per second.
_STILL_SPREAD = 0.35
_WALK_SPREAD = 1.0

#: Seconds after which half of those who were seen are no longer where they were.
_STAY_SECONDS = 6.0

#: Share of faces that are suddenly anywhere, whatever the gap: a detection was missed, or the
#: camera moved.
_ANYWHERE = 0.02

#: Distance from another face, in sides of the own, from which a face stands alone.
_ALONE = 1.1

#: Distance of looks at which they say nothing, how much each unit below or above says, and the
#: most that they say. Twice these odds were measured between people cut out of photographs; people
#: who turn and bend look less like themselves.
_NEUTRAL_DISTANCE = 0.21
_LOOKS_SLOPE = 45.0
_LOOKS_MOST, _LOOKS_LEAST = 5.0, -8.0

#: Log-odds by looks that an exchange of two numbers must gain.
_EXCHANGE = 3.0

#: The least that looks say at once, and the seconds after which they may say all: nobody else can
#: take a place within a frame, but a lamp can be switched on.
_LEAST_AT_ONCE, _LEAST_SECONDS = -3.5, 2.0


def log_odds(
    xyxy: Floats,
    looks: Appearance,
    tracks: Sequence[Track],
    seconds: float,
    *,
    most_by_place: float = np.inf,
) -> NDArray[np.float64]:
    """Return how likely each face is the person of each track, ``(faces, tracks)``.

    The value is the logarithm of a likelihood ratio: that of this person after the time since the
    track was last seen, against that of somebody else. Place and size tell much after a short gap
    and little after a long one, and together at most so much; looks always tell the same.
    """
    if not len(xyxy) or not tracks:
        return np.zeros((len(xyxy), len(tracks)))
    expected = np.stack([track.predicted(seconds) for track in tracks])
    gap = np.maximum(seconds - np.array([track.last_seen for track in tracks]), 0.0)
    side, old_side = _sides(xyxy)[:, None], _sides(expected)[None]
    apart = np.linalg.norm(_centres(xyxy)[:, None] - _centres(expected)[None], axis=2)
    least = np.interp(gap, [0, _LEAST_SECONDS], [_LEAST_AT_ONCE, _LOOKS_LEAST])
    by_looks = looks_odds(looks, [track.appearance for track in tracks], least)
    by_place = _place(2 * apart / (side + old_side), gap) + _size(np.log(side / old_side), gap)
    return np.minimum(by_place, most_by_place) + by_looks


def looks_odds(
    looks: Appearance, known: Sequence[Appearance], least: NDArray | float = _LOOKS_LEAST
) -> NDArray[np.float64]:
    """Return the log-odds by looks alone, ``(faces, tracks)``, and no less than the least."""
    tracks = Appearance.concatenate(known)
    told = _LOOKS_SLOPE * (_NEUTRAL_DISTANCE - looks.distances(tracks))
    return looks.certainty(tracks) * np.clip(told, least, _LOOKS_MOST)


def mistaken(tracks: Sequence[Track], seen: int) -> tuple[int, int] | None:
    """Return the two tracks whose people have most clearly been taken for each other, if any.

    So many of them, from the first, are seen and stand alone; the others are away.
    """
    if not seen or len(tracks) < 2:
        return None
    recent = Appearance.concatenate([track.recent for track in tracks[:seen]])
    odds = looks_odds(recent, [track.appearance for track in tracks])
    gain = odds - np.diag(odds)[:, None]
    gain[:, :seen] += gain[:, :seen].T.copy()
    one, other = (int(i) for i in np.unravel_index(gain.argmax(), gain.shape))
    sure = gain[one, other] >= _EXCHANGE and odds[one, other] > 0
    return (one, other) if sure else None


def _place(distance: NDArray, gap: NDArray) -> NDArray[np.float64]:
    """Return the log-odds of a distance in sides of the face: still there, walking, or anywhere."""
    stays = (1 - _ANYWHERE) * 0.5 ** (gap / _STAY_SECONDS)
    walking = np.minimum(gap, 1.0) / 2  # nobody has walked away in no time
    near = _normal(distance, _STILL_SPREAD) * (1 - walking)
    far = _normal(distance, _STILL_SPREAD + _WALK_SPREAD * gap) * walking
    return np.log(stays * (near + far) + 1 - stays)


def _normal(distance: NDArray, spread: NDArray | float) -> NDArray:
    """Return a round normal density on the plane, against an even one over the room."""
    return _ROOM / (2 * np.pi * spread**2) * np.exp(-0.5 * (distance / spread) ** 2)


def _size(log_ratio: NDArray, gap: NDArray) -> NDArray[np.float64]:
    """Return the log-odds of a ratio of sizes, against one of people at any distance."""
    spread, any_spread, surprising = np.minimum(0.12 + 0.2 * gap, 0.6), 0.7, 0.02
    ratio = (
        any_spread
        / spread
        * np.exp(-0.5 * (log_ratio / spread) ** 2 + 0.5 * (log_ratio / any_spread) ** 2)
    )
    return np.log((1 - surprising) * ratio + surprising)


def assign(odds: NDArray[np.floating], least: float = 0.0) -> list[tuple[int, int]]:
    """Match rows with columns greedily, most likely pair first and none below `least`.

    With few faces, the greedy and the optimal assignment rarely differ. Where they do, the greedy
    one keeps the most certain pair.
    """
    pairs = []
    left = np.array(odds, np.float64)
    while left.size and left.max() >= least:
        row, column = np.unravel_index(left.argmax(), left.shape)
        pairs.append((int(row), int(column)))
        left[row, :] = left[:, column] = -np.inf
    return pairs


def stand_alone(xyxy: Floats) -> NDArray[np.bool_]:
    """Return which faces have no other one so close that their looks are mixed, ``(n,)``."""
    if len(xyxy) < 2:
        return np.ones(len(xyxy), np.bool_)
    apart = np.linalg.norm(_centres(xyxy)[:, None] - _centres(xyxy)[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart.min(axis=1) >= _ALONE * _sides(xyxy))


def _centres(xyxy: Floats) -> Floats:
    return (xyxy[:, :2] + xyxy[:, 2:]) * np.float32(0.5)


def _sides(xyxy: Floats) -> Floats:
    return np.maximum(xyxy[:, 2] - xyxy[:, 0], np.float32(1))
