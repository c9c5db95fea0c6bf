"""The benchmarks run, and say what they measured. How fast anything is, no test can promise."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import live_path
from benchmarks.live_path import LivePath, as_text, cost, memory
from benchmarks.peer import VARIANTS, compare
from benchmarks.scenes import moving_faces
from benchmarks.tables import machine, table

SMALL = (320, 240)

#: What the worker uses of the PyPI package, finding one face in everything.
FAKE_PACKAGE = """
import numpy as np

class FER:
    def __init__(self, mtcnn, use_tflite=True):
        assert not mtcnn
        self._FER__emotion_classifier = self
    def _classify_emotions(self, faces):
        return faces
    def predict(self, faces, verbose):
        return faces
    def detect_emotions(self, frame):
        assert frame.shape == (240, 320, 3) and frame.dtype == np.uint8
        return self._classify_emotions([{"box": (0, 0, 9, 9)}])
"""


@pytest.mark.parametrize("faces", [0, 1, 3, 8])
def test_a_scene_has_as_many_faces_as_asked_for_and_moves(faces: int) -> None:
    frames = moving_faces(faces, (640, 480), 4)
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert not (frames[0] == frames[1]).all()
    path = LivePath(frames)
    for _ in range(faces):  # one of them is looked at closely in each frame
        path.step()
    assert [path.step()[1] for _ in frames] == [faces] * 4


def test_a_table_lines_up() -> None:
    assert table(["a", "bb"], []).splitlines() == ["a  bb", "-  --"]
    assert table(["a", "b"], [["long", "1"]]).splitlines()[-1] == "long  1"


def test_costs_and_memory_are_measured_and_told() -> None:
    measured = cost(1, SMALL, 0.0, warm_up=1)
    assert measured.found == measured.frames == 1
    assert set(measured.median) == set(measured.p95) == set(live_path._PARTS)
    assert measured.median["total"] >= measured.median["detect"] > 0
    long_run = memory(0.0, warm_up=0)
    assert long_run.first_mb == long_run.last_mb > 0
    text = as_text([measured], [], long_run)
    assert "1 at 320×240" in text
    assert "+0.0 MB" in text


def test_the_usual_recipe_gets_the_same_frames_in_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "fer"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "fer.py").write_text(FAKE_PACKAGE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    frames = moving_faces(1, SMALL, 3)
    results = compare(Path(sys.executable), frames, LivePath(frames).step, seconds=0.0)
    assert [result.recipe for result in results] == list(VARIANTS.values())
    assert all(result.recipe_found == result.own_found == 1 for result in results)
    assert all(np.isclose(r.ratio, r.recipe_ms / r.own_ms) for r in results)
    assert VARIANTS["predict"] in as_text([], results, None)


def test_an_environment_without_the_package_is_named(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to("/bin/true")
    frames = moving_faces(0, SMALL, 1)
    with pytest.raises(
        RuntimeError, match=r"python peer_worker\.py gave no answer\. Expected an environment"
    ):
        compare(python, frames, LivePath(frames).step, seconds=0.0)


def test_the_command_prints_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live_path, "SIZES", (SMALL,))
    monkeypatch.setattr(live_path, "FACES", (1,))
    monkeypatch.setattr(
        sys, "argv", ["live_path", "--seconds", "0", "--memory-minutes", "0", "--json"]
    )
    live_path.main()
    record = json.loads(capsys.readouterr().out)
    assert record["machine"].keys() == machine().keys()
    assert [c["faces"] for c in record["costs"]] == [1]
    assert record["memory"] is None
