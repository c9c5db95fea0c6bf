"""What the benchmark of framing compares."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fer.types import Detections
from tests.samples import make_detections
from tools.framing import BORDER, ENLARGE, alignments, crops, photograph


@pytest.fixture
def drawn() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).uniform(0, 255, (48, 48)).astype(np.float32)
    soft = np.clip(128 + 2 * (cv2.GaussianBlur(noise, (0, 0), 0.8) - 128), 0, 255)
    return soft.astype(np.uint8)[None, ..., None]


@pytest.fixture
def face() -> Detections:
    left, right = (BORDER + 3) * ENLARGE, (BORDER + 45) * ENLARGE
    return make_detections((left, left, right, right))


def test_a_photograph_is_the_face_with_a_border_enlarged(drawn: NDArray[np.uint8]) -> None:
    photo = photograph(drawn[0])
    assert photo.shape == ((48 + 2 * BORDER) * ENLARGE,) * 2 + (3,)
    assert (photo[..., 0] == photo[..., 2]).all()


def test_a_face_in_place_loses_only_what_interpolation_blurs(
    drawn: NDArray[np.uint8], face: Detections
) -> None:
    lost = {
        name: np.abs(crops(drawn, matrices, oversampling)[0].astype(float) - drawn[0]).mean()
        for name, matrices, oversampling in alignments(face)
    }
    coarse, fine = lost["in place, oversampling 1"], lost["in place, oversampling 2"]
    assert 2 * fine < coarse < min(lost[name] for name in lost if "in place" not in name)
