"""One tracked face."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from fer.tracking.appearance import Appearance
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
        looks: how many there were.
        next_look: time from which to look again, in seconds.
        is_face: whether it is a face, as far as is known.
    """

    mean: float = 0.0
    looks: int = 0
    next_look: float = float("-inf")
    is_face: bool = False

    def after(self, evidence: float, seconds: float) -> Presence:
        """Return what is known after another look.

        Args:
            evidence: what was seen now.
            seconds: time of the frame.
        """
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
        first_seen: time of the first detection, in seconds.
        last_seen: time of the most recent detection, in seconds.
        velocity: ``(2,)`` velocity of the box's centre, in pixels per second.
        sightings: number of detections.
        presence: what is known about its being a face at all.
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
        """Return the track after a new detection.

        Args:
            xyxy: ``(4,)`` box in pixels.
            looks: how the person looks.
            seconds: time of the frame.
        """
        elapsed = max(seconds - self.last_seen, 1e-3)
        measured = (_centre(xyxy) - _centre(self.xyxy)) / np.float32(elapsed)
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


def _centre(xyxy: Floats) -> Floats:
    return (xyxy[:2] + xyxy[2:]) * np.float32(0.5)
