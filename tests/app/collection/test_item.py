"""What is kept of a photo."""

import io
import random

import numpy as np
import pytest
from PIL import Image as PillowImage

from app.collection.item import PICTURE_SIDE, THUMBNAIL_SIDE, Item, digest, read_item
from app.photo.layout import MAX_CARDS
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.app.collection.samples import HEADS, item
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
    assert not len(wall.faces[EXPRESSION_HEAD])
    assert size(wall.marked(EXPRESSION_HEAD)) == (640, 400)


def test_all_heads_answer_after_one_search() -> None:
    analyzer = FakeAnalyzer()
    read = read_item("a/b.png", png(2), analyzer, HEADS)
    assert (analyzer.calls, analyzer.searches) == (2, 1)
    assert read.result(EXPRESSION_HEAD).faces.answers == ["happy", "happy"]
    assert read.result(FERPLUS_HEAD).faces.answers == ["uncertain", "uncertain"]
    assert read.result(FERPLUS_HEAD).name == "a/b.png"
    assert len(read.portraits) == 2
    assert read.marked(EXPRESSION_HEAD) != read.marked(FERPLUS_HEAD)


@pytest.mark.parametrize("sides", [(4000, 2000), (2000, 4000), (300, 200)])
def test_small_copies_are_kept_and_faces_in_the_pixels_of_the_photo(sides: tuple[int, int]) -> None:
    read = read_item("a.png", picture(*sides), FakeAnalyzer(), HEADS)
    assert (read.width, read.height) == sides
    assert max(size(read.picture)) == min(PICTURE_SIDE, max(sides))
    assert max(size(read.thumbnail)) == min(THUMBNAIL_SIDE, max(sides))
    assert read.result(EXPRESSION_HEAD).faces.xyxy[0].tolist() == [5, 20, 45, 60]
    shown = read.analysed(EXPRESSION_HEAD, "key")
    assert size(shown.marked) == size(read.marked(EXPRESSION_HEAD))
    assert (shown.photo.key, shown.photo.data, shown.result.width) == ("key", b"", sides[0])


@pytest.mark.parametrize(("faces", "kept"), [(MAX_CARDS, MAX_CARDS), (MAX_CARDS + 1, 0)])
def test_many_faces_are_cut_out_when_they_are_shown(faces: int, kept: int) -> None:
    crowd = item("crowd.png", faces=faces)
    assert len(crowd.portraits) == kept
    shown = crowd.analysed(EXPRESSION_HEAD, "key")
    assert len(shown.portraits) == faces
    assert len(shown.tiles) == (0 if kept else faces)


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
    broken = read_item("a.png", data, FakeAnalyzer(), HEADS)
    assert error in broken.error
    assert (broken.size, broken.result(EXPRESSION_HEAD).error) == (0, broken.error)


def test_no_photo_takes_much_memory_whatever_is_in_it() -> None:
    noise = np.frombuffer(random.Random(0).randbytes(1500 * 2000 * 3), np.uint8)
    out = io.BytesIO()
    image = noise.reshape(1500, 2000, 3).copy()
    image[0, 0] = (MAX_CARDS, 90, 0)
    PillowImage.fromarray(image).save(out, "PNG", compress_level=1)
    read = read_item("noise.png", out.getvalue(), FakeAnalyzer(), HEADS)
    assert len(read.portraits) == MAX_CARDS
    assert read.size < 900_000
    assert read.size == sum(map(len, (read.picture, read.thumbnail, *read.portraits)))


def test_the_same_contents_are_known_again() -> None:
    assert digest(b"") == digest(b"")
    assert digest(b"a") != digest(b"b")
    assert Item("a").size == 0
