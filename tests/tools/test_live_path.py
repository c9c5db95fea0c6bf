"""What is measured is said. How fast anything is, no test can promise."""

import sys
from pathlib import Path

import numpy as np
import pytest

from fer.types import Floats, Image
from tools import live_path
from tools.live_path import PARTS, beside, cost
from tools.peers import Peer
from tools.pictures import moving_faces

SMALL = (320, 240)

#: What the worker uses of the PyPI package, finding one face in everything.
FAKE_PACKAGE = """
import numpy as np

class FER:
    def __init__(self, mtcnn, use_tflite):
        assert not mtcnn
    def detect_emotions(self, frame):
        assert frame.shape == (240, 320, 3) and frame.dtype == np.uint8
        return [{"box": (0, 0, 9, 9)}]
"""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_path, "SIZE", SMALL)


@pytest.mark.parametrize("faces", [0, 1, 3, 8])
def test_a_scene_has_as_many_faces_as_asked_for_and_moves(faces: int) -> None:
    frames = moving_faces(faces, (640, 480), 4)
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert not (frames[0] == frames[1]).all()
    step = live_path.live_path(frames)
    for _ in range(faces):  # one of them is looked at closely in each frame
        step()
    assert [step()[1] for _ in frames] == [faces] * 4


def test_costs_are_measured_by_part() -> None:
    times, found = cost(1, 0.0, warm_up=1)
    assert times.shape == (2, len(PARTS))
    assert found == 1
    assert times[0, PARTS.index("total")] >= times[0, PARTS.index("detect")] > 0


def test_a_peer_gets_the_same_frames_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = []

    def peer(frame: Image) -> tuple[Floats, float, float]:
        frames.append(frame)
        return np.zeros((1, 5), np.float32), 0.5, 0.25

    own = [0.0] * len(PARTS)
    own[PARTS.index("total")], own[PARTS.index("processor")] = 50.0, 50.0
    monkeypatch.setattr(live_path, "live_path", lambda frames: lambda: (own, 0))
    words = ["500.0", "50.0", "10.0", "250.0", "50.0", "5.0", "100%", "0%"]
    assert beside(peer, seconds=0.0) == words
    assert {frame.shape for frame in frames} == {(240, 320, 3)}


def test_the_package_is_asked_as_its_users_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "fer"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "fer.py").write_text(FAKE_PACKAGE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for kind in live_path.RECIPES:
        with Peer(Path(sys.executable), kind) as peer:
            faces, seconds, processor = peer(np.zeros((240, 320, 3), np.uint8))
        assert faces.tolist() == [[0, 0, 9, 9, 1]]
        assert min(seconds, processor) >= 0
