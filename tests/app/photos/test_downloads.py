"""What can be saved: tables, and the archive of marked pictures."""

import csv
import io
import json
import zipfile
from datetime import datetime

import numpy as np
import pytest
from PIL import Image as PillowImage

from app.photos import pictures
from app.photos.downloads import csv_of, file_name, json_of, picture_names, zip_of
from fer.detection.blazeface import photo_detector
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.app.photos.samples import SPEC, item, unread
from tests.app.samples import LABELS, png


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def photos(head: str = EXPRESSION_HEAD) -> list:
    found = [item("day 1/a.png", faces=2, head=head), item("wall.png", faces=0, head=head)]
    return [*found, unread("day 1/broken.png")]


def test_downloads_agree_with_each_other() -> None:
    text = csv_of(photos())
    assert text.encode().startswith(b"\xef\xbb\xbf"), "Excel needs it"
    table, record = rows(text), json.loads(json_of(photos()))
    assert [(row["file"], row["answer"], row["error"]) for row in table] == [
        ("day 1/a.png", "happy", ""),
        ("day 1/a.png", "happy", ""),
        ("wall.png", "", ""),
        ("day 1/broken.png", "", "is damaged."),
    ]
    assert [photo["file"] for photo in record["photos"]] == [v.photo.name for v in photos()]
    assert table[3]["error"] == record["photos"][2]["error"]
    assert [float(table[0][label]) for label in LABELS] == list(
        record["photos"][0]["faces"][0]["probabilities"].values()
    )
    assert {row["model"] for row in table} == {SPEC.name} == {record["model"]["name"]}
    assert {row["detector"] for row in table} == {photo_detector()} == {record["detector"]}
    assert datetime.fromisoformat(table[0]["time"]).utcoffset() is not None


def test_columns_are_those_of_all_heads() -> None:
    one, other = (rows(csv_of(photos(head)))[0].keys() for head in (EXPRESSION_HEAD, FERPLUS_HEAD))
    assert one == other >= {"contempt", *LABELS}


def test_everything_is_one_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_SIDE", 160)
    small = item("copied.png", picture=png(1))  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(zip_of([*photos(FERPLUS_HEAD), small]))) as archive:
        assert archive.testzip() is None
        names = ["day 1/a", "wall", "copied"]
        assert archive.namelist() == [
            "expressions-ferplus.csv",
            "expressions-ferplus.json",
            *(f"marked/{name}-marked.jpg" for name in names),
        ]
        assert len(rows(archive.read("expressions-ferplus.csv").decode())) == 5
        record = json.loads(archive.read("expressions-ferplus.json"))["photos"]
        assert record[0]["head"] == FERPLUS_HEAD
        made = [
            PillowImage.open(io.BytesIO(archive.read(f"marked/{name}-marked.jpg")))
            for name in names
        ]
    assert [picture.size for picture in made] == [(160, 100), (160, 100), (640, 400)]
    painted = np.asarray(made[0].convert("RGB")).astype(int)
    assert np.ptp(painted[:60, :60], axis=(0, 1)).max() > 100


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
    assert picture_names(names) == paths


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("group.jpg", "group-ferplus.csv"),
        ("../x/y.z.png", "y.z-ferplus.csv"),
        ("", "photo-ferplus.csv"),
    ],
)
def test_a_file_is_named_for_the_photo_and_the_head(name: str, expected: str) -> None:
    assert file_name(name, FERPLUS_HEAD, "csv") == expected
