"""Texts of the Collection page."""

import base64
from collections import Counter

import pytest

from app.core.photo import Missing
from app.core.photo_set import PhotoSet
from app.core.uploads import Candidate, Files
from app.photos.collection_text import facts, marks, pill, tile
from app.photos.selection import NO_FACE
from fer.labels import EXPRESSION_HEAD
from fer.types import UNCERTAIN
from tests.app.photos.samples import item, unread
from tests.app.samples import faces_of


def set_of(title: str, files: int, system: int = 0) -> PhotoSet:
    return PhotoSet(Files(title, (Candidate(""),) * files, system))


@pytest.mark.parametrize(
    ("files", "system", "said"),
    [
        (0, 0, "no files"),
        (1, 0, "1 file"),
        (1200, 0, "1,200 files"),
        (2, 1, "2 files · 1 hidden or system file left out"),
    ],
)
def test_what_there_is(files: int, system: int, said: str) -> None:
    assert facts(set_of("all", files, system)) == said


def test_what_the_title_says_is_not_said_twice() -> None:
    assert facts(set_of("2 files", 2)) == ""
    assert facts(set_of("2 files", 2, 1)) == "1 hidden or system file left out"


def test_filters_have_a_mark_a_name_and_a_count() -> None:
    counts = Counter({"happy": 3, UNCERTAIN: 2, NO_FACE: 1})
    assert pill("happy", counts) == ':color[●]{foreground="#E69F00"} Happy 3'
    assert pill(UNCERTAIN, counts) == "▨ Uncertain 2"
    assert pill(NO_FACE, counts).endswith(" No face 1")
    assert pill(Missing.NOT_READ, counts).endswith(" Not read 0")
    assert pill("dark", counts) == ":material/dark_mode: Dark 0"


def test_a_tile_can_be_seen_and_heard() -> None:
    photo = item("day/a.png", faces=2)
    said = tile(photo, EXPRESSION_HEAD)
    assert base64.b64decode(said["picture"]) == photo.thumbnail
    assert said["label"] == "day/a.png: 2 faces, from left to right: happy 90%; happy 90%."
    assert said["marks"] == [{"text": "2 happy", "colour": "#E69F00"}]
    assert tile(item("w.png", faces=0), EXPRESSION_HEAD)["label"] == "w.png: no face."
    assert tile(unread("b.png"), EXPRESSION_HEAD) == {
        "number": 0, "name": "b.png", "error": "is damaged.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], ["no face"]),
        ([(0.9, 0.1, 0)], ["happy 90%"]),
        ([(0.4, 0.3, 0.3)], ["uncertain"]),
        ([(0.9, 0.1, 0), (0.4, 0.3, 0.3), (0.8, 0.1, 0.1)], ["2 happy", "1 uncertain"]),
        (
            [(0.9, 0.1, 0), (0.1, 0.9, 0), (0.1, 0, 0.9), (0.4, 0.3, 0.3)],
            ["1 happy", "1 neutral", "1 sad", "…"],
        ),
    ],
)
def test_a_tile_says_the_most_frequent_answers(
    rows: list[tuple[float, float, float]], said: list[str]
) -> None:
    assert [mark["text"] for mark in marks(faces_of(*rows))] == said
