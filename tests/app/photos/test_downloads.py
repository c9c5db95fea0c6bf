"""What can be saved: tables, and the archive of marked pictures."""

import csv
import io
import json
import zipfile
from datetime import datetime

import numpy as np
import pytest
from PIL import Image as PillowImage

from app.core.photo import Photo
from app.photos import downloads
from app.photos.downloads import csv_of, file_name, json_of, marked_zip, picture_names, zip_of
from fer.detection.version import photo_detector
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.photos.samples import item, unread, view_of
from tests.app.samples import LABELS, FakeLandmark, png


def unpacked(data: bytes) -> dict[str, PillowImage.Image]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {n: PillowImage.open(io.BytesIO(archive.read(n))) for n in archive.namelist()}


def test_an_archive_of_nothing_is_valid() -> None:
    assert unpacked(marked_zip([])) == {}


def test_every_photo_that_was_read_is_in_it_marked() -> None:
    pictures = unpacked(marked_zip([view_of("a.png", png()), view_of("bad.png", b"")]))
    assert list(pictures) == ["a-marked.jpg"]
    assert pictures["a-marked.jpg"].size == (320, 200)
    painted = np.asarray(pictures["a-marked.jpg"].convert("RGB")).astype(int)
    assert np.ptp(painted[:80, :80], axis=(0, 1)).max() > 100


def test_a_picture_in_it_has_the_meshes_that_the_page_shows() -> None:
    views = [view_of("a.png", png()), view_of("b.png", png())]
    views[1].drawings.mesh = True
    views[1].drawings.find_meshes(views[1].photo, views[1].faces, FakeLandmark())
    first, second = (np.asarray(picture) for picture in unpacked(marked_zip(views)).values())
    assert not np.array_equal(first, second)


def test_names_are_unique_and_stay_in_the_folder() -> None:
    names = ["a.png", "A.png", "a.webp", "../../etc/passwd", "C:\\x\\y.png", ".."]
    assert list(unpacked(marked_zip([view_of(name, png()) for name in names]))) == [
        "a-marked.jpg", "A-marked (2).jpg", "a-marked (3).jpg",
        "passwd-marked.jpg", "y-marked.jpg", "unnamed-marked.jpg",
    ]  # fmt: skip


def test_a_large_picture_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_SIDE", 160)
    (picture,) = unpacked(marked_zip([view_of("a.png", png())])).values()
    assert picture.size == (160, 100)


@pytest.fixture
def own(spec: ModelSpec) -> ModelSpec:
    """A model with two heads, of which the second has a label of its own."""
    (head,) = spec.heads
    first = head.model_copy(update={"labels": LABELS})
    second = head.model_copy(update={"name": FERPLUS_HEAD, "labels": (*LABELS, "contempt")})
    return spec.model_copy(update={"heads": (first, second)})


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


PHOTOS = (item("day 1/a.png", faces=2), item("wall.png", faces=0), unread("day 1/broken.png"))


def test_downloads_agree_with_each_other(own: ModelSpec) -> None:
    text = csv_of(PHOTOS, EXPRESSION_HEAD, own)
    assert text.encode().startswith(b"\xef\xbb\xbf"), "Excel needs it"
    table, record = rows(text), json.loads(json_of(PHOTOS, EXPRESSION_HEAD, own))
    assert [(row["file"], row["answer"], row["error"]) for row in table] == [
        ("day 1/a.png", "happy", ""),
        ("day 1/a.png", "happy", ""),
        ("wall.png", "", ""),
        ("day 1/broken.png", "", "is damaged."),
    ]
    assert [photo["file"] for photo in record["photos"]] == [one.name for one in PHOTOS]
    assert table[3]["error"] == record["photos"][2]["error"]
    assert [float(table[0][label]) for label in LABELS] == list(
        record["photos"][0]["faces"][0]["probabilities"].values()
    )
    assert {row["model"] for row in table} == {own.name} == {record["model"]["name"]}
    assert {row["detector"] for row in table} == {photo_detector()} == {record["detector"]}
    assert datetime.fromisoformat(table[0]["time"]).utcoffset() is not None


def test_columns_are_those_of_all_heads(own: ModelSpec) -> None:
    assert rows(csv_of([], EXPRESSION_HEAD, own)) == []
    assert json.loads(json_of([], EXPRESSION_HEAD, own))["photos"] == []
    one, other = (
        rows(csv_of(PHOTOS, head, own))[0].keys() for head in (EXPRESSION_HEAD, FERPLUS_HEAD)
    )
    assert one == other >= {"contempt", *LABELS}


def test_a_collection_is_one_archive(own: ModelSpec) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_of([], FERPLUS_HEAD, own))) as archive:
        assert archive.namelist() == ["expressions-ferplus.csv", "expressions-ferplus.json"]
        assert rows(archive.read("expressions-ferplus.csv").decode()) == []
    with zipfile.ZipFile(io.BytesIO(zip_of(PHOTOS, FERPLUS_HEAD, own))) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[2:] == ["marked/day 1/a-marked.jpg", "marked/wall-marked.jpg"]
        assert len(rows(archive.read("expressions-ferplus.csv").decode())) == 4
        photos = json.loads(archive.read("expressions-ferplus.json"))["photos"]
        assert photos[0]["head"] == FERPLUS_HEAD
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
    assert picture_names([Photo(name) for name in names]) == paths


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("group.jpg", "group-ferplus.csv"),
        ("photos", "photos-ferplus.csv"),
        ("../x/y.z.png", "y.z-ferplus.csv"),
        ("", "photo-ferplus.csv"),
    ],
)
def test_a_file_is_named_for_the_photo_and_the_head(name: str, expected: str) -> None:
    assert file_name(name, FERPLUS_HEAD, "csv") == expected
