import pytest

from fer.tracking.presence import FACE_EVIDENCE, Presence


def after(*logits: float) -> list[bool]:
    """Return whether it is a face after each of some looks."""
    presence, answers = Presence(), []
    for seconds, logit in enumerate(logits):
        presence = presence.after(logit, float(seconds))
        answers.append(presence.is_face)
    return answers


@pytest.mark.parametrize(
    ("logits", "answers"),
    [
        ([], []),
        ([20], [True]),
        ([FACE_EVIDENCE], [True]),
        ([FACE_EVIDENCE - 0.1], [False]),
        ([-5, 20, 20], [False, False, True]),
        ([5, 13, 5, 13], [False] * 4),
        ([20, -10], [True, True]),
        ([20, -10, -10, -10], [True, True, True, False]),
        ([20, -10, -10, -10, 20, 20, 20], [True, True, True, False, False, True, True]),
    ],
)
def test_one_look_opens_nobody_by_chance_and_closes_nobody(
    logits: list[float], answers: list[bool]
) -> None:
    assert after(*logits) == answers


def test_what_is_refused_waits_longer_and_longer() -> None:
    presence, waits = Presence(), []
    for _ in range(8):
        waits.append(presence.after(-5, 100.0).next_look - 100)
        presence = presence.after(-5, 100.0)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (pytest.approx(0.2), pytest.approx(5))
