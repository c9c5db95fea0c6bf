"""What there is in the files that a visitor drops, and the labelled set as files to save."""

import io
import zipfile

import pytest

from app.core.photo import Upload
from app.own_data.files import LabelledFiles, labelled_files_of, labels_csv, set_zip
from app.own_data.own_set import Label, OwnSet
from app.own_data.session import CROP_SCALE
from fer.images import decode as decode_image
from fer.labelled.table import SKIPPED, LabelRow, read_table, write_table
from tests.app.own_data.samples import EXPRESSIONS, HEAD, SPEC, add, archive, entry, own_set, small
from tests.app.samples import png

PNG = png(1)


def taken(*uploads: Upload, by_hand: bool = False) -> LabelledFiles:
    return labelled_files_of(uploads, EXPRESSIONS, by_hand=by_hand)


def names(found: LabelledFiles) -> list[str]:
    return [one.name for one in found.photos if not one.error]


def reasons(found: LabelledFiles) -> dict[str, str]:
    return {one.name: one.error for one in found.photos if one.error}


def labels(found: LabelledFiles) -> dict[str, str]:
    return {one.name: one.label for one in found.photos if one.label}


FOLDERS = {
    "set/train/Anger/a.png": PNG,  # a class of FER2013, which the fake model does not know
    "set/train/happiness/b.png": PNG,
    "set/test/Sadness/c.png": PNG,
    "set/test/bored/d.png": PNG,
    "set/test/bored/e.png": PNG,
    "set/read me.txt": b"",
    "set/stray.png": PNG,
}


@pytest.mark.parametrize("as_folder", [False, True])
def test_class_folders_say_labels_and_what_no_model_knows_is_told(as_folder: bool) -> None:
    files = [Upload(f"mine/{name}", data) for name, data in FOLDERS.items()]
    found = taken(*(files if as_folder else [archive(FOLDERS)]))
    assert labels(found) == {
        "set/train/happiness/b.png": "happy", "set/test/Sadness/c.png": "sad",
    }  # fmt: skip
    assert names(found) == [
        "set/stray.png", "set/test/Sadness/c.png", "set/train/happiness/b.png",
    ]  # fmt: skip
    (note,) = found.notes
    assert note == (
        "3 photos in folders called “bored” (2) or “angry” (1) left out: no model here knows such "
        "an expression."
    )
    assert "no photo" in reasons(found)["set/read me.txt"]
    found = taken(archive(FOLDERS), by_hand=True)
    assert (labels(found), found.notes, len(names(found))) == ({}, (), 6)


def test_labels_that_are_no_classes_are_told_with_counts() -> None:
    many = {f"c{n}/{n}.png": PNG for n in range(10)} | {"sad/a.png": PNG}
    (note,) = taken(archive(many)).notes
    assert note.count("“") == 6
    assert ", among others left out" in note
    rows = [LabelRow("a.png", "cat"), LabelRow("b.png", "sad"), LabelRow("c.png", SKIPPED)]
    found = taken(Upload("labels (1).csv", write_table(rows).encode()))
    assert found.rows == tuple(rows)
    assert found.notes == (
        "1 label called “cat” (1) left out: no model here knows such an expression.",
    )
    found = taken(Upload("fer.csv", b"emotion,pixels\n"), Upload("a.png", PNG))
    assert names(found) == ["a.png"]
    assert "not a table of labels" in reasons(found)["fer.csv"]


@pytest.fixture
def saved() -> dict[bool, bytes]:
    """The set that the page saves, with and without the originals."""
    own = own_set(("day 1/party.png", 2), ("b.png", 1))
    own.label(0, Label("sad", answer_seen=True))
    own.label(2, Label("happy"))
    return {kept: set_zip(own, entry(), HEAD.name, originals=kept) for kept in (True, False)}


def test_a_set_that_was_saved_is_taken_with_its_originals_or_its_crops(
    saved: dict[bool, bytes],
) -> None:
    with zipfile.ZipFile(io.BytesIO(saved[True])) as source:
        moved = archive({f"mine/{name}": source.read(name) for name in source.namelist()})
    for upload in (Upload("saved.zip", saved[True]), moved):
        found = taken(upload)
        assert sorted(names(found)) == ["b.png", "day 1_party.png"]
        assert [(row.photo, row.expression) for row in found.rows] == [
            ("day 1_party.png", "sad"), ("b.png", "happy"),
        ]  # fmt: skip
        assert not any(one.label or one.cut_out for one in found.photos)
    crops = taken(Upload("saved.zip", saved[False]))
    assert labels(crops) == {
        "happy/b-face1.png": "happy", "sad/day 1_party-face1.png": "sad",
    }  # fmt: skip
    assert {one.name for one in crops.photos if one.cut_out} == labels(crops).keys()


def test_the_table_alone_has_what_was_skipped_too() -> None:
    own = own_set(("a.png", 2))
    own.label(0, Label(SKIPPED))
    own.label(1, Label("contempt"))
    table = labels_csv(own, entry(), HEAD.name)
    rows = taken(Upload("labels.csv", table.encode())).rows
    assert [(row.expression, row.answer, row.model, row.head) for row in rows] == [
        (SKIPPED, "happy", "fake", HEAD.name), ("contempt", "happy", "fake", HEAD.name),
    ]  # fmt: skip


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
