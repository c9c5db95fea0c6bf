"""Face software of others in a process of its own, and what is said when it does not run."""

import stat
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools import peer_worker
from tools.peers import Peer

PICTURE = np.zeros((60, 80, 3), np.uint8)

#: Stands for the Python of another environment: it runs this instead of the worker.
WORKER = """#!{python}
import json, sys
import numpy as np
print(json.dumps(["ready"]), flush=True)
for line in sys.stdin:
    if np.load(json.loads(line)).max() > 0:
        break
    print(json.dumps([{found}, 0.5, 0.25]), flush=True)
"""


def other_python(folder: Path, found: list) -> Path:
    file = folder / "python"
    file.write_text(WORKER.format(python=sys.executable, found=found))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.mark.parametrize("found", [[], [[1, 2, 11, 12, 0.5]]])
def test_a_worker_gives_faces_and_its_own_times(tmp_path: Path, found: list) -> None:
    with Peer(other_python(tmp_path, found), "haar") as peer:
        for _ in range(2):
            faces, seconds, processor = peer(PICTURE)
            assert (seconds, processor) == (0.5, 0.25)
            assert faces.tolist() == found
            assert faces.shape == (len(found), 5)


def test_a_process_that_has_ended_is_named(tmp_path: Path) -> None:
    named = r"peer_worker\.py keras gave no .*PyPI package fer"
    python = other_python(tmp_path, [])
    with Peer(python, "keras") as peer, pytest.raises(RuntimeError, match=named):
        peer(PICTURE + 1)


@pytest.mark.parametrize(("kind", "needs"), [("haar", "opencv-python"), ("tflite", "package fer")])
def test_an_environment_that_does_not_run_it_is_named(
    tmp_path: Path, kind: str, needs: str
) -> None:
    python = tmp_path / "python"
    python.symlink_to("/bin/true")
    with (
        pytest.raises(RuntimeError, match=rf"python peer_worker\.py {kind} gave no .*{needs}"),
        Peer(python, kind),
    ):
        pass


@pytest.mark.parametrize("boxes", [(), np.array([[5, 6, 20, 20]])])
def test_a_cascade_sees_the_picture_in_grey(
    monkeypatch: pytest.MonkeyPatch, boxes: np.ndarray
) -> None:
    class Cascade:
        """What OpenCV before 5 gives: an empty tuple, or left, top, width and height of each."""

        def __init__(self, file: str) -> None:
            assert file == "there/haarcascade_frontalface_alt2.xml"

        def detectMultiScale(self, image: np.ndarray, **_: object) -> np.ndarray:  # noqa: N802
            assert image.shape == (60, 80)
            return boxes

    monkeypatch.setattr(cv2, "CascadeClassifier", Cascade, raising=False)
    monkeypatch.setattr(cv2.data, "haarcascades", "there/", raising=False)
    assert peer_worker.haar()(PICTURE) == [[5, 6, 25, 26, 1]] * len(boxes)
