from itertools import pairwise

import numpy as np
import pytest

from app.core.sample_clip import AWAY, RATE, SECONDS, SampleClip
from app.core.settings import SAMPLE
from fer.detection.blazeface import BlazeFace


@pytest.fixture(scope="module")
def clip() -> SampleClip:
    return SampleClip(SAMPLE)


def test_the_face_is_in_view_and_for_a_while_it_is_not(clip: SampleClip) -> None:
    detector = BlazeFace()
    seen = {t: len(detector(clip.frame(t))) for t in np.arange(0, SECONDS, 0.5).tolist()}
    far = {t: count for t, count in seen.items() if not AWAY[0] - 1.5 < t < AWAY[1] + 1.5}
    assert set(far.values()) == {1}
    assert {count for t, count in seen.items() if AWAY[0] <= t < AWAY[1]} == {0}


def test_it_moves_little_from_frame_to_frame_and_repeats(clip: SampleClip) -> None:
    times = np.arange(0, AWAY[0] - 1.5, 1 / RATE).tolist()
    frames = [clip.frame(t).astype(np.int16) for t in times]
    changes = [np.abs(b - a).mean() for a, b in pairwise(frames)]
    assert all(0 < change < 20 for change in changes)
    assert (clip.frame(1.0) == clip.frame(1.0 + SECONDS)).all()
    assert frames[0].shape == (480, 640, 3)
