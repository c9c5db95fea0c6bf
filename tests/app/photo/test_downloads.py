"""What can be saved: tables, and the archive of marked pictures."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from PIL import Image as PillowImage

from app.photo import downloads
from app.photo.downloads import csv_of, file_name, json_of, zip_of
from app.photo.store import AnalysedPhoto, Photo, analyse_photo, with_mesh
from fer.detection.version import photo_detector
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.samples import LABELS, FakeAnalyzer, FakeLandmark, png


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


def test_a_picture_in_it_has_the_meshes_that_the_page_shows() -> None:
    photos = [analysed("a.png"), analysed("b.png")]
    photos[1].mesh.shown = True
    with_mesh(photos[1], FakeLandmark())
    first, second = (np.asarray(picture) for picture in unpacked(zip_of(photos)).values())
    assert not np.array_equal(first, second)


def test_names_are_unique_and_stay_in_the_folder() -> None:
    names = ["a.png", "A.png", "a.webp", "../../etc/passwd", "C:\\x\\y.png", ".."]
    assert list(unpacked(zip_of([analysed(name) for name in names]))) == [
        "a-marked.jpg", "A-marked (2).jpg", "a-marked (3).jpg",
        "passwd-marked.jpg", "y-marked.jpg", "unnamed-marked.jpg",
    ]  # fmt: skip


def test_a_large_picture_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_SIDE", 160)
    (picture,) = unpacked(zip_of([analysed("a.png")])).values()
    assert picture.size == (160, 100)


@pytest.fixture
def own(spec: ModelSpec) -> ModelSpec:
    """A model with two heads, of which the second has a label of its own."""
    (head,) = spec.heads
    first = head.model_copy(update={"labels": LABELS})
    second = head.model_copy(update={"name": FERPLUS_HEAD, "labels": (*LABELS, "contempt")})
    return spec.model_copy(update={"heads": (first, second)})


def table(photos: list[AnalysedPhoto], spec: ModelSpec) -> list[dict[str, str]]:
    text = csv_of(photos, spec)
    assert text.encode().startswith(b"\xef\xbb\xbf"), "Excel needs it"
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_downloads_agree_with_each_other(own: ModelSpec) -> None:
    photos = [analysed("a.png"), analysed("bad.png", b""), analysed("b.png")]
    rows, record = table(photos, own), json.loads(json_of(photos, own))
    assert [row["file"] for row in rows] == ["a.png", "bad.png", "b.png"]
    assert [photo["file"] for photo in record["photos"]] == ["a.png", "bad.png", "b.png"]
    assert rows[1]["error"] == record["photos"][1]["error"] != ""
    assert [float(rows[0][label]) for label in LABELS] == list(
        record["photos"][0]["faces"][0]["probabilities"].values()
    )
    assert {row["model"] for row in rows} == {own.name} == {record["model"]["name"]}
    assert {row["detector"] for row in rows} == {photo_detector()} == {record["detector"]}
    assert datetime.fromisoformat(rows[0]["time"]).utcoffset() is not None


def test_columns_are_those_of_all_heads(own: ModelSpec) -> None:
    assert table([], own) == []
    one = analysed("a.png")
    other = replace(one, result=replace(one.result, faces=replace(one.faces, head=FERPLUS_HEAD)))
    assert table([one], own)[0].keys() == table([other], own)[0].keys() >= {"contempt", *LABELS}
    assert json.loads(json_of([], own))["photos"] == []


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
