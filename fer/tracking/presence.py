"""Is a track a face at all? What close looks at it have said so far."""

from __future__ import annotations

from dataclasses import dataclass

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
