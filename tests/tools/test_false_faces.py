from pathlib import Path

import cv2
import numpy as np

from benchmarks.drawings import drawings
from benchmarks.false_faces import held_up, spoilt, things, watch
from fer.types import Image


def test_a_thing_held_up_is_shaken_and_its_sort_is_told(astronaut: Image) -> None:
    frames = list(held_up(astronaut, 440, 0.4))
    assert {image.shape for _, image in frames} == {(480, 640, 3)}
    assert (frames[0][1] != frames[1][1]).any()
    face = watch(iter(frames))
    assert face.detected
    assert face.opened < 0.4
    smiley = watch(held_up(drawings()["yellow smiley"], 300, 0.4))
    assert (smiley.detected, smiley.opened) == (True, np.inf)


def test_things_come_from_drawings_packages_and_a_folder(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "own.png"), np.zeros((9, 9, 4), np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    found = dict(things(tmp_path))
    assert {*drawings(), "chelsea", "own.png", "broken.jpg"} <= found.keys()
    assert all(image.ndim == 3 and image.dtype == np.uint8 for image in found.values())
    assert found["own.png"].min() == 255


def test_a_spoilt_picture_keeps_its_size(astronaut: Image) -> None:
    frame = np.asarray(cv2.resize(astronaut, (640, 480)), np.uint8)
    assert {spoil(frame, 80).shape for spoil in spoilt().values()} == {frame.shape}
