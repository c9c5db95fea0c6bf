"""What is kept of a photo."""

import io
import logging
import random

import numpy as np
import pytest
from PIL import Image as PillowImage

from app.core.photo import Photo, digest
from app.photos.layout import MAX_CARDS
from app.photos.pictures import COPY_SIDE, COPY_THUMBNAIL_SIDE, Drawings, marked_copy
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.app.photos.samples import copied, item
from tests.app.samples import BROKEN, FakeAnalyzer, png


def size(jpeg: bytes) -> tuple[int, int]:
    with PillowImage.open(io.BytesIO(jpeg)) as image:
        return image.size


def picture(width: int, height: int, faces: int = 1) -> bytes:
    out = io.BytesIO()
    PillowImage.new("RGB", (width, height), (faces, 90, 0)).save(out, "PNG")
    return out.getvalue()


def test_a_photo_without_a_face_is_read() -> None:
    wall = item("wall.png", faces=0)
    assert (wall.error, wall.width, wall.height, wall.portraits) == ("", 320, 200, ())
    assert not len(wall.faces(EXPRESSION_HEAD))
    assert size(marked_copy(wall, EXPRESSION_HEAD)) == (640, 400)


def test_all_heads_answer_from_one_pass() -> None:
    analyzer = FakeAnalyzer()
    read = copied("a/b.png", png(2), analyzer)
    assert (analyzer.calls, analyzer.searches) == (1, 1)
    assert read.result(EXPRESSION_HEAD).faces.answers == ["happy", "happy"]
    assert read.result(FERPLUS_HEAD).faces.answers == ["uncertain", "uncertain"]
    assert read.result(FERPLUS_HEAD).name == "a/b.png"
    assert len(read.portraits) == 2
    assert marked_copy(read, EXPRESSION_HEAD) != marked_copy(read, FERPLUS_HEAD)


@pytest.mark.parametrize("sides", [(4000, 2000), (2000, 4000), (300, 200)])
def test_small_copies_are_kept_and_faces_in_the_pixels_of_the_photo(sides: tuple[int, int]) -> None:
    read = copied("a.png", picture(*sides))
    assert (read.width, read.height) == sides
    assert max(size(read.picture)) == min(COPY_SIDE, max(sides))
    assert max(size(read.thumbnail)) == min(COPY_THUMBNAIL_SIDE, max(sides))
    assert read.result(EXPRESSION_HEAD).faces.xyxy[0].tolist() == [5, 20, 45, 60]
    shown = Drawings().of(read, EXPRESSION_HEAD)
    assert size(shown.marked) == size(marked_copy(read, EXPRESSION_HEAD))
    assert read.data == b""


@pytest.mark.parametrize(("faces", "kept"), [(MAX_CARDS, MAX_CARDS), (MAX_CARDS + 1, 0)])
def test_many_faces_are_cut_out_when_they_are_shown(faces: int, kept: int) -> None:
    crowd = item("crowd.png", faces=faces)
    assert len(crowd.portraits) == kept
    shown = Drawings().of(crowd, EXPRESSION_HEAD)
    assert len(shown.portraits) == faces
    assert len(shown.tiles) == (0 if kept else faces)


def test_faces_are_cut_out_of_the_copy_where_they_are_in_it() -> None:
    image = np.full((1200, 2 * COPY_SIDE, 3), (MAX_CARDS + 1, 90, 0), np.uint8)
    image[20:60, 305:345] = 255  # the last face
    out = io.BytesIO()
    PillowImage.fromarray(image).save(out, "PNG")
    drawn = Drawings().of(copied("a.png", out.getvalue()), EXPRESSION_HEAD)
    middles = []
    for portrait in drawn.portraits:
        with PillowImage.open(io.BytesIO(portrait)) as cut:
            middles.append(int(np.asarray(cut).mean(axis=2)[80:96, 80:96].mean()))
    assert middles[-1] > 200
    assert max(middles[:-1]) < 60


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "is empty"),
        (b"no picture", "is not an image"),
        (png()[:-80], "is damaged"),
        (png(BROKEN), "something went wrong in FER Lens"),
    ],
)
def test_what_cannot_be_read_has_a_reason(data: bytes, error: str) -> None:
    broken = copied("a.png", data)
    assert error in broken.error
    assert (broken.size, broken.result(EXPRESSION_HEAD).error) == (0, broken.error)


def test_no_photo_takes_much_memory_whatever_is_in_it() -> None:
    noise = np.frombuffer(random.Random(0).randbytes(1500 * 2000 * 3), np.uint8)
    out = io.BytesIO()
    image = noise.reshape(1500, 2000, 3).copy()
    image[0, 0] = (MAX_CARDS, 90, 0)
    PillowImage.fromarray(image).save(out, "PNG", compress_level=1)
    read = copied("noise.png", out.getvalue())
    assert len(read.portraits) == MAX_CARDS
    assert read.size < 900_000
    assert read.size == sum(map(len, (read.picture, read.thumbnail, *read.portraits)))


def test_the_same_contents_are_known_again() -> None:
    assert digest(b"") == digest(b"")
    assert digest(b"a") != digest(b"b")
    assert Photo("a").size == 0


def test_a_fault_is_logged_without_the_name_of_the_file(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        copied("holiday.png", png(BROKEN))
    assert "a fault that nobody thought of" in caplog.text
    assert "holiday" not in caplog.text


def test_contents_stay_out_of_what_is_printed() -> None:
    assert "secret" not in repr(Photo("a.png", data=b"secret"))
