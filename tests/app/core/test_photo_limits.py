"""How large a photograph may be, and how many faces of it are read."""

import numpy as np
import pytest

from app.core.photo_limits import LargestFaces, PhotoLimits, decode_photo
from fer import Detections, ImageError
from fer.images import MAX_BYTES, MAX_PIXELS
from fer.types import Image
from tests.app.samples import png
from tests.samples import make_detections


def test_without_settings_the_defaults_hold() -> None:
    limits = PhotoLimits.of({})
    assert (limits.bytes, limits.pixels) == (MAX_BYTES, MAX_PIXELS)
    assert (limits.faces, limits.number, limits.total_bytes) == (200, 100, 256 * 2**20)


@pytest.mark.parametrize(("setting", "pixels"), [("0", 0), ("1", 10**6), ("999", MAX_PIXELS)])
def test_a_limit_is_never_more_than_what_can_be_read(setting: str, pixels: int) -> None:
    assert PhotoLimits.of({"FER_MAX_PHOTO_MEGAPIXELS": setting}).pixels == pixels
    assert PhotoLimits.of({"FER_MAX_PHOTO_MB": setting}).bytes <= MAX_BYTES


def test_a_photo_within_the_limits_is_read() -> None:
    assert decode_photo(png()).shape == (200, 320, 3)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("FER_MAX_PHOTO_MB", "at most 0 MB are read"),
        ("FER_MAX_PHOTO_MEGAPIXELS", "has 320 × 200 pixels; at most 0 million are read"),
    ],
)
def test_a_photo_beyond_a_limit_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, setting: str, says: str
) -> None:
    monkeypatch.setenv(setting, "0")
    with pytest.raises(ImageError, match=says):
        decode_photo(png())


@pytest.mark.parametrize(
    ("sides", "most", "kept"),
    [
        ((), 2, ()),
        ((), 0, ()),
        ((30,), 0, ()),
        ((30,), 1, (30,)),
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
