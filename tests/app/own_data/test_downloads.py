"""The labelled set as files to save."""

import io
import zipfile

import pytest

from app.own_data.files import labels_csv, set_zip
from app.own_data.own_set import Label, OwnSet
from app.own_data.session import CROP_SCALE
from fer.images import decode as decode_image
from fer.labelled.table import SKIPPED, read_table
from tests.app.own_data.samples import HEAD, SPEC, add, entry, own_set, small
from tests.app.samples import png

SAID = (entry(), HEAD.name)


@pytest.fixture
def own() -> OwnSet:
    own = own_set(("=party.png", 2))
    for name, data, label in (("cut.png", small(), ""), ("wall.png", png(0), "happy")):
        add(own, name, data, label)
    own.label(0, Label("sad", answer_seen=True))
    own.label(1, Label(SKIPPED))
    own.label(2, Label("happy"))
    return own


def test_without_labels_there_are_tables_without_rows() -> None:
    own = own_set(("a.png", 1))
    assert read_table(labels_csv(own, *SAID).encode()) == []
    with zipfile.ZipFile(io.BytesIO(set_zip(own, *SAID))) as archive:
        assert archive.namelist() == ["labels.csv"]


def test_the_archive_has_faces_photos_and_what_the_model_said(own: OwnSet) -> None:
    with zipfile.ZipFile(io.BytesIO(set_zip(own, *SAID))) as archive:
        rows = read_table(archive.read("labels.csv"))
        crops = [archive.read(row.file) for row in rows if row.file]
        names = archive.namelist()
        assert archive.read("originals/cut.png") == small()
    assert names[1:] == [
        "crops/sad/=party-face1.png", "crops/happy/cut-face1.png",
        "originals/=party.png", "originals/cut.png", "originals/wall.png",
    ]  # fmt: skip
    assert [(row.photo, row.expression, row.answer_seen) for row in rows] == [
        ("=party.png", "sad", True), ("cut.png", "happy", False), ("wall.png", "happy", False),
    ]  # fmt: skip
    assert (rows[0].answer, rows[0].confidence, rows[0].model) == ("happy", 0.9, "fake")
    assert rows[0].detection_score is not None
    assert rows[1].detection_score is None, "cut out before"
    assert rows[0].box == (5, 20, 45, 60)
    assert (rows[2].box, rows[2].file) == (None, "")
    side = CROP_SCALE * SPEC.input_size
    assert [decode_image(crop).shape for crop in crops] == [(side, side, 3), (48, 48, 3)]
    assert all(crop.startswith(b"\x89PNG") for crop in crops)
    table = labels_csv(own, *SAID)
    assert "\n'=party.png," in table, "no cell is a formula"
    assert ",=" not in table
    with zipfile.ZipFile(io.BytesIO(set_zip(own, *SAID, originals=False))) as archive:
        assert not [name for name in archive.namelist() if name.startswith("originals/")]
