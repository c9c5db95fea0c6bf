"""What there is in the files that a visitor drops."""

import io
import zipfile

import pytest

from app.core.photo import Upload
from app.own_data.files import LabelledFiles, labelled_files_of, labels_csv, set_zip
from app.own_data.own_set import Label
from fer.labelled.table import SKIPPED, LabelRow, write_table
from tests.app.own_data.samples import EXPRESSIONS, HEAD, archive, entry, own_set
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
    found = taken(*files) if as_folder else taken(archive(FOLDERS))
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


def test_by_hand_folders_say_nothing() -> None:
    found = taken(archive(FOLDERS), by_hand=True)
    assert (labels(found), found.notes, len(names(found))) == ({}, (), 6)


def test_labels_that_are_no_classes_are_told_with_counts() -> None:
    found = taken(archive({"cats/a.png": PNG, "dogs/b.png": PNG, "happy/c.png": PNG}))
    assert "“cats” (1) or “dogs” (1)" in found.notes[0]
    many = {f"c{n}/{n}.png": PNG for n in range(10)} | {"sad/a.png": PNG}
    assert taken(archive(many)).notes[0].count("“") == 6
    rows = [LabelRow("a.png", "cat"), LabelRow("b.png", "sad"), LabelRow("c.png", SKIPPED)]
    found = taken(Upload("labels (1).csv", write_table(rows).encode()))
    assert found.rows == tuple(rows)
    assert found.notes == (
        "1 label called “cat” (1) left out: no model here knows such an expression.",
    )


def test_a_table_that_is_none_is_told() -> None:
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


@pytest.mark.parametrize("prefix", ["", "mine/"])
def test_a_set_that_was_saved_is_taken_with_its_originals(
    saved: dict[bool, bytes], prefix: str
) -> None:
    found = taken(_moved(saved[True], prefix))
    assert sorted(names(found)) == ["b.png", "day 1_party.png"]
    assert [(row.photo, row.expression) for row in found.rows] == [
        ("day 1_party.png", "sad"), ("b.png", "happy"),
    ]  # fmt: skip
    assert not any(one.label or one.cut_out for one in found.photos)


def test_without_originals_its_crops_are_cut_out_faces_with_labels(
    saved: dict[bool, bytes],
) -> None:
    found = taken(Upload("saved.zip", saved[False]))
    assert labels(found) == {
        "happy/b-face1.png": "happy", "sad/day 1_party-face1.png": "sad",
    }  # fmt: skip
    assert {one.name for one in found.photos if one.cut_out} == labels(found).keys()


def test_the_table_alone_has_what_was_skipped_too() -> None:
    own = own_set(("a.png", 2))
    own.label(0, Label(SKIPPED))
    own.label(1, Label("contempt"))
    table = labels_csv(own, entry(), HEAD.name)
    rows = taken(Upload("labels.csv", table.encode())).rows
    assert [(row.expression, row.answer, row.model, row.head) for row in rows] == [
        (SKIPPED, "happy", "fake", HEAD.name), ("contempt", "happy", "fake", HEAD.name),
    ]  # fmt: skip


def _moved(data: bytes, prefix: str) -> Upload:
    """Return an archive with all files in a folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return archive({prefix + name: source.read(name) for name in source.namelist()})
