"""Is a track a face at all? What a network that looks closely has said about it so far."""

from __future__ import annotations

from dataclasses import dataclass

#: Least mean logit of a face. Drawn smileys reach 10, a pig's head too; most faces reach 20.
FACE_LOGIT = 11.0

#: Mean logit below which an open track is a face no more. It takes three looks at something else.
NO_FACE_LOGIT = -5.0

#: Weight of a new look in the mean of all; one that is right by chance opens nothing.
_NEWEST = 0.5

#: Seconds until the second look at what was refused, which double with each, and the most.
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0

#: Seconds until the next look at what is a face, and at what is one in doubt.
_RECHECK_SECONDS, _DOUBT_SECONDS = 10.0, 1.0


@dataclass(frozen=True)
class Presence:
    """What close looks at one track have said.

    Attributes:
        mean: mean of the logits, newest ones counting most.
        looks: how many there were.
        next_look: time from which to look again, in seconds.
        is_face: whether it is a face, as far as is known.
    """

    mean: float = 0.0
    looks: int = 0
    next_look: float = float("-inf")
    is_face: bool = False

    def after(self, logit: float, seconds: float) -> Presence:
        """Return what is known after another look.

        Args:
            logit: what the network says now.
            seconds: time of the frame.
        """
        mean = logit if not self.looks else self.mean + _NEWEST * (logit - self.mean)
        is_face = mean >= (NO_FACE_LOGIT if self.is_face else FACE_LOGIT)
        if is_face:
            wait = _RECHECK_SECONDS if logit >= FACE_LOGIT else _DOUBT_SECONDS
        else:
            wait = min(_FIRST_WAIT * 2 ** min(self.looks, 10), _LONGEST_WAIT)
        return Presence(mean, self.looks + 1, seconds + wait, is_face)
