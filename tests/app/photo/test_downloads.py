"""The archive of marked pictures."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image as PillowImage

from app.photo import downloads
from app.photo.downloads import zip_of
from app.photo.store import AnalysedPhoto, Photo, analyse_photo
from tests.app.samples import FakeAnalyzer, png


def analysed(name: str, data: bytes | None = None) -> AnalysedPhoto:
    return analyse_photo(Photo(name, png(faces=1) if data is None else data), FakeAnalyzer())


def unpacked(data: bytes) -> dict[str, PillowImage.Image]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {n: PillowImage.open(io.BytesIO(archive.read(n))) for n in archive.namelist()}


def test_an_archive_of_nothing_is_valid() -> None:
    assert unpacked(zip_of([])) == {}


def test_every_photo_that_was_read_is_in_it_marked() -> None:
    pictures = unpacked(zip_of([analysed("a.png"), analysed("bad.png", b"")]))
    assert list(pictures) == ["a-marked.jpg"]
    assert pictures["a-marked.jpg"].size == (320, 200)
    painted = np.asarray(pictures["a-marked.jpg"].convert("RGB")).astype(int)
    assert np.ptp(painted[:80, :80], axis=(0, 1)).max() > 100


def test_names_are_unique_and_stay_in_the_folder() -> None:
    names = ["a.png", "A.png", "a.webp", "../../etc/passwd", "C:\\x\\y.png", ".."]
    assert list(unpacked(zip_of([analysed(name) for name in names]))) == [
        "a-marked.jpg", "A-marked (2).jpg", "a-marked (3).jpg",
        "passwd-marked.jpg", "y-marked.jpg", "..-marked.jpg",
    ]  # fmt: skip


def test_a_large_picture_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_SIDE", 160)
    (picture,) = unpacked(zip_of([analysed("a.png")])).values()
    assert picture.size == (160, 100)
