"""The files that a visitor can save of a collection."""

import csv
import io
import json
import zipfile

import pytest
from PIL import Image as PillowImage

from app.collection.downloads import csv_of, json_of, picture_names, zip_of
from app.collection.item import Item
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.collection.samples import item, unread

ITEMS = (item("day 1/a.png", faces=2), item("wall.png", faces=0), unread("day 1/broken.png"))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_of_nothing_there_are_tables_without_rows(two_heads: ModelSpec) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_of([], EXPRESSION_HEAD, two_heads))) as archive:
        names = ["expressions-expression.csv", "expressions-expression.json"]
        assert archive.namelist() == names
        assert rows(archive.read(names[0]).decode()) == []


def test_every_file_is_in_the_tables(two_heads: ModelSpec) -> None:
    table = rows(csv_of(ITEMS, EXPRESSION_HEAD, two_heads))
    assert [(row["file"], row["answer"], row["error"]) for row in table] == [
        ("day 1/a.png", "happy", ""),
        ("day 1/a.png", "happy", ""),
        ("wall.png", "", ""),
        ("day 1/broken.png", "", "is damaged."),
    ]
    photos = json.loads(json_of(ITEMS, FERPLUS_HEAD, two_heads))["photos"]
    assert [photo["file"] for photo in photos] == [one.name for one in ITEMS]
    assert photos[0]["head"] == FERPLUS_HEAD
    assert photos[2]["error"] == "is damaged."


def test_one_archive_has_everything(two_heads: ModelSpec) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_of(ITEMS, EXPRESSION_HEAD, two_heads))) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[2:] == ["marked/day 1/a-marked.jpg", "marked/wall-marked.jpg"]
        assert len(rows(archive.read("expressions-expression.csv").decode())) == 4
        with PillowImage.open(io.BytesIO(archive.read("marked/wall-marked.jpg"))) as picture:
            assert picture.size == (640, 400)


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        ([], []),
        (["a.jpg", "A.png"], ["marked/a-marked.jpg", "marked/A-marked (2).jpg"]),
        (["../../x.jpg", "/etc/y.jpg"], ["marked/x-marked.jpg", "marked/etc/y-marked.jpg"]),
        (["C:\\con?.jpg", "a./b .jpg"], ["marked/C_/con_-marked.jpg", "marked/a/b -marked.jpg"]),
    ],
)
def test_pictures_have_paths_that_any_system_unpacks(names: list[str], paths: list[str]) -> None:
    assert picture_names([Item(name) for name in names]) == paths
