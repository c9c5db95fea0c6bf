"""One photograph: its answers, its limits, and what is said of one that cannot be read."""

import logging

import numpy as np
import pytest

from app.core.photo import LargestFaces, Photo, decode_photo, read_photo
from fer.errors import ImageError
from fer.images import MAX_BYTES, MAX_PIXELS
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.types import Detections, Image
from tests.app.photos.samples import SPEC, answerer
from tests.app.samples import BROKEN, FakeAnalyzer, png
from tests.samples import make_detections


def read(name: str, data: bytes, *analyzers: FakeAnalyzer) -> Photo:
    answerers = [answerer(analyzer, str(number)) for number, analyzer in enumerate(analyzers)]
    keep = read_photo(Photo(name), data, answerers, lambda photo, _: photo, where="photo")
    return keep


def test_a_photo_without_a_face_is_read() -> None:
    wall = read("wall.png", png(0), FakeAnalyzer(SPEC))
    assert (wall.error, wall.width, wall.height, wall.face_count, wall.done) == (
        "", 320, 200, 0, True,
    )  # fmt: skip
    assert not len(wall.faces(EXPRESSION_HEAD, "0"))


def test_all_heads_of_all_models_answer_from_one_search() -> None:
    first, second = FakeAnalyzer(SPEC), FakeAnalyzer(SPEC)
    found = read("a/b.png", png(2), first, second)
    assert [(a.calls, a.searches) for a in (first, second)] == [(1, 1), (1, 0)]
    for model in ("0", "1"):
        assert found.faces(EXPRESSION_HEAD, model).answers == ["happy", "happy"]
        assert found.faces(FERPLUS_HEAD, model).answers == ["uncertain", "uncertain"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "is empty"),
        (png(BROKEN), "something went wrong in FER Lens"),
    ],
)
def test_what_cannot_be_read_has_a_reason(data: bytes, error: str) -> None:
    broken = read("a.png", data, FakeAnalyzer(SPEC))
    assert error in broken.error
    assert broken.done
    assert not len(broken.faces(EXPRESSION_HEAD, "0"))


def test_a_fault_is_logged_without_the_name_of_the_file(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        read("holiday.png", png(BROKEN), FakeAnalyzer(SPEC))
    assert "a fault that nobody thought of" in caplog.text
    assert "holiday" not in caplog.text


def test_contents_stay_out_of_what_is_printed() -> None:
    assert "secret" not in repr(Photo("a.png", picture=b"secret", thumbnail=b"secret"))


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("FER_MAX_PHOTO_MB", "0", "at most 0 MB are read"),
        ("FER_MAX_PHOTO_MEGAPIXELS", "0", "has 320 × 200 pixels; at most 0 million are read"),
    ],
)
def test_a_photo_beyond_a_limit_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, says: str
) -> None:
    assert decode_photo(png()).shape == (200, 320, 3)
    monkeypatch.setenv(setting, value)
    with pytest.raises(ImageError, match=says):
        decode_photo(png())


def test_a_limit_is_never_more_than_what_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, int] = {}
    monkeypatch.setattr("app.core.photo.decode_image", lambda data, **limits: seen.update(limits))
    monkeypatch.setenv("FER_MAX_PHOTO_MB", "999")
    monkeypatch.setenv("FER_MAX_PHOTO_MEGAPIXELS", "999")
    decode_photo(b"")
    assert seen == {"max_bytes": MAX_BYTES, "max_pixels": MAX_PIXELS}
    monkeypatch.setenv("FER_MAX_PHOTO_MB", "2")
    monkeypatch.setenv("FER_MAX_PHOTO_MEGAPIXELS", "3")
    decode_photo(b"")
    assert seen == {"max_bytes": 2 * 2**20, "max_pixels": 3_000_000}


@pytest.mark.parametrize(
    ("sides", "most", "kept"),
    [
        ((), 0, ()),
        ((30,), 0, ()),
        ((30, 10), 2, (30, 10)),
        ((10, 30, 20), 2, (30, 20)),
        ((20, 20, 20), 2, (20, 20)),
    ],
)
def test_of_many_faces_the_largest_are_read(
    monkeypatch: pytest.MonkeyPatch, sides: tuple[int, ...], most: int, kept: tuple[int, ...]
) -> None:
    monkeypatch.setenv("FER_MAX_FACES", str(most))

    def find(image: Image) -> Detections:
        boxes = [(50.0 * i, 0.0, 50.0 * i + side, float(side)) for i, side in enumerate(sides)]
        return make_detections(*boxes) if boxes else Detections.empty()

    found = LargestFaces(find)(np.zeros((100, 200, 3), np.uint8))
    assert tuple((found.xyxy[:, 2] - found.xyxy[:, 0]).astype(int)) == kept
