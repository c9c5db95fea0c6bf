import re
from dataclasses import replace

import numpy as np
import pytest

from app.live.streaming.record import LiveErrors
from app.live.text import describe_issues, describe_now, error_sentence
from tests.app.samples import LABELS, faces_of
from tests.fer.export.samples import HAPPY


def test_what_is_in_view_can_be_heard() -> None:
    mix = np.array([0.5, 0.1, 0.4], np.float32)
    assert describe_now(mix, LABELS) == "In view now: happy 50%, neutral 40%, sad 10%."


@pytest.mark.parametrize(
    ("issues", "said"),
    [
        ((), ""),
        (("turned",), "Person 4: turned away. What helps: facing the camera."),
        (
            ("small", "dark"),
            "Person 4: small: 40 pixels wide, dark. What helps: a step closer or more light.",
        ),
    ],
)
def test_what_is_wrong_with_a_face_is_said_with_what_helps(
    issues: tuple[str, ...], said: str
) -> None:
    faces = replace(faces_of(HAPPY, issues=issues), track_id=np.array([4]))
    assert describe_issues(faces) == said
    assert describe_issues(faces.take(np.array([False]))) == ""


@pytest.mark.parametrize(
    ("errors", "part"),
    [
        (LiveErrors(), ""),
        (LiveErrors(3, 75.0, 1), "3 frames could not be analysed, the last at 1:15."),
        (LiveErrors(9, 75.0, 4), "is failing at the moment"),
        (LiveErrors(lost=1), "One frame is missing: the connection was away"),
        (LiveErrors(1, 12.0, lost=2000), "One frame could not .* continue. 2,000 frames are"),
    ],
)
def test_errors_are_told_in_a_sentence(errors: LiveErrors, part: str) -> None:
    sentence = error_sentence(errors)
    assert re.search(part, sentence)
    assert bool(sentence) == (errors != LiveErrors())
