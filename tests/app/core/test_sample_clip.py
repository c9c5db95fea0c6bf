from itertools import pairwise

import numpy as np
import pytest

from app.core.sample_clip import _WALL, AWAY, RATE, SECONDS, SampleClip
from app.core.settings import SAMPLE
from fer.detection.blazeface import BlazeFace


@pytest.fixture(scope="module")
def clip() -> SampleClip:
    return SampleClip(SAMPLE)


def test_the_face_is_in_view_and_for_a_while_it_is_not(clip: SampleClip) -> None:
    detector = BlazeFace()
    seen = {t: len(detector(clip.frame(t))) for t in np.arange(0, SECONDS, 1.0).tolist()}
    far = {t: count for t, count in seen.items() if not AWAY[0] - 1.5 < t < AWAY[1] + 1.5}
    assert set(far.values()) == {1}
    assert {count for t, count in seen.items() if AWAY[0] <= t < AWAY[1]} == {0}


def test_it_moves_little_from_frame_to_frame_leaves_comes_back_and_repeats(
    clip: SampleClip,
) -> None:
    times = np.arange(10, SECONDS - 4, 1 / RATE).tolist()
    frames = [clip.frame(t).astype(np.int16) for t in times]
    changes = [np.abs(b - a).mean() for a, b in pairwise(frames)]
    still = [change == 0 for change in changes]
    assert max(changes) < 60
    assert 3 * RATE < sum(still) < 4 * RATE, "it is out of view a little before it is away"
    assert (clip.frame(1.0) == clip.frame(1.0 + SECONDS)).all()
    wall = clip.frame(AWAY[0])
    assert wall.shape == (480, 640, 3)
    assert (wall[:, 0] == _WALL[0]).all()
    assert (wall[:, -1] == _WALL[1]).all()
