"""Detectors of OpenCV in a process of their own, and their processor time."""

import stat
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.detection import peer_worker
from benchmarks.detection.detectors import ONE_PASS, Peer, detectors, here
from fer.types import Detections, Image

PICTURE = np.zeros((60, 80, 3), np.uint8)

#: Stands for the Python of another environment: it runs this instead of the worker.
WORKER = """#!{python}
import json, sys
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    assert json.loads(line).endswith(".npy")
    print(json.dumps({{"found": {found}, "seconds": 0.25}}), flush=True)
"""


def other_python(folder: Path, found: list, source: str = WORKER) -> Path:
    file = folder / "python"
    file.write_text(source.format(python=sys.executable, found=found))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


@pytest.mark.parametrize("found", [[], [[1, 2, 11, 12, 0.5]]])
def test_a_worker_tells_faces_and_its_own_time(tmp_path: Path, found: list) -> None:
    with Peer(other_python(tmp_path, found), "haar") as peer:
        for _ in range(2):
            detections, seconds = peer(PICTURE)
            assert seconds == 0.25
            assert len(detections) == len(found)
            assert detections.xyxy.tolist() == [row[:4] for row in found]
            assert detections.score.tolist() == [row[4] for row in found]


@pytest.mark.parametrize("kind", ["haar", "yunet"])
def test_an_environment_that_does_not_run_it_is_named(tmp_path: Path, kind: str) -> None:
    broken = other_python(tmp_path, [], "#!{python}\n# {found}\nraise SystemExit(1)")
    named = rf"python peer_worker\.py {kind} .*opencv-python-headless"
    with pytest.raises(RuntimeError, match=named), Peer(broken, kind, "network"):
        pass


def test_only_what_is_asked_for_is_made(tmp_path: Path) -> None:
    with detectors([], None, None) as nothing:
        assert nothing == {}
    python = other_python(tmp_path, [])
    with detectors([ONE_PASS], python, tmp_path / "yunet.onnx") as asked:
        assert list(asked) == [ONE_PASS, "Haar", "YuNet"]
        assert all(len(detector(PICTURE)[0]) == 0 for detector in asked.values())


class Blind:
    """Finds nobody."""

    def __call__(self, image: Image) -> Detections:
        return Detections.empty()


def test_a_detector_of_this_process_is_timed() -> None:
    detections, seconds = here(Blind())(PICTURE)
    assert len(detections) == 0
    assert seconds >= 0


@pytest.mark.parametrize("faces", [None, np.array([[5, 6, 10, 20, *[0] * 10, 0.75]], np.float32)])
def test_yunet_is_given_the_whole_picture(
    monkeypatch: pytest.MonkeyPatch, faces: np.ndarray | None
) -> None:
    class Network:
        """What OpenCV gives: the number of faces, and a row for each or None."""

        size = (0, 0)

        def setInputSize(self, size: tuple[int, int]) -> None:  # noqa: N802
            self.size = size

        def detect(self, image: np.ndarray) -> tuple[int, np.ndarray | None]:
            assert self.size == image.shape[1::-1] == (80, 60)
            return 1, faces

    monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *_: Network())
    found = peer_worker.detector("yunet", "network.onnx")(PICTURE)
    assert found.tolist() == ([] if faces is None else [[5, 6, 15, 26, 0.75]])


@pytest.mark.parametrize("boxes", [(), np.array([[5, 6, 20, 20]])])
def test_a_cascade_sees_the_picture_in_grey(
    monkeypatch: pytest.MonkeyPatch, boxes: np.ndarray
) -> None:
    class Cascade:
        """What OpenCV before 5 gives: an empty tuple, or left, top, width and height of each."""

        def __init__(self, file: str) -> None:
            self.file = file

        def empty(self) -> bool:
            return self.file == "broken.xml"

        def detectMultiScale(self, image: np.ndarray, **_: object) -> np.ndarray:  # noqa: N802
            assert image.shape == (60, 80)
            return boxes

    monkeypatch.setattr(cv2, "CascadeClassifier", Cascade, raising=False)
    found = peer_worker.detector("haar", "faces.xml")(PICTURE)
    assert found.tolist() == [[5, 6, 25, 26, 1]] * len(boxes)
    with pytest.raises(ValueError, match=r"broken\.xml"):
        peer_worker.detector("haar", "broken.xml")
