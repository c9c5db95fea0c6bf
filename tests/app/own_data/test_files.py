"""The files that a visitor drops and saves, and the figures on the faces in them."""

import base64
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from app.core.photo import Upload
from app.core.report.elements import Facts, Note, Pictures, Section, Table
from app.core.report.evaluation import AS_ANSWERED, OF_ALL, RESTRICTED
from app.own_data.figures import (
    FEW_OF_CLASS,
    LEAST_FOR_CALIBRATION,
    OwnFigures,
    measure_own,
    own_data_html,
    own_data_json,
    own_data_sections,
    own_limits,
    own_ways,
)
from app.own_data.files import (
    LabelledFiles,
    labelled_files_of,
    labels_csv,
    set_zip,
    training_zip,
)
from app.own_data.own_set import Label, LabelledAnswer
from app.own_data.session import CROP_SCALE
from fer.evaluation.metrics import evaluate_labelled
from fer.evaluation.other_data import OtherDataFile
from fer.images import decode as decode_image
from fer.labelled.table import SKIPPED, LabelRow, read_table, write_table
from fer.model.spec import Head
from tests.app.own_data.samples import EXPRESSIONS, HEAD, SPEC, add, archive, entry, own_set, small
from tests.app.samples import png
from training.data.layouts import read_labelled_set

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


def test_a_saved_set_is_taken_again() -> None:
    own = own_set(("day 1/party.png", 2), ("b.png", 1))
    own.label(0, Label("sad", answer_seen=True))
    own.label(2, Label("happy"))
    saved = {kept: set_zip(own, *SAID, originals=kept) for kept in (True, False)}
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
    own = own_set(("a.png", 1))
    assert read_table(labels_csv(own, *SAID).encode()) == []
    with zipfile.ZipFile(io.BytesIO(set_zip(own, *SAID))) as archive:
        assert archive.namelist() == ["labels.csv"]
    own = own_set(("a.png", 2))
    own.label(0, Label(SKIPPED))
    own.label(1, Label("contempt"))
    table = labels_csv(own, entry(), HEAD.name)
    rows = taken(Upload("labels.csv", table.encode())).rows
    assert [(row.expression, row.answer, row.model, row.head) for row in rows] == [
        (SKIPPED, "happy", "fake", HEAD.name), ("contempt", "happy", "fake", HEAD.name),
    ]  # fmt: skip


def test_the_archive_has_faces_photos_and_what_the_model_said() -> None:
    own = own_set(("=party.png", 2))
    for name, data, label in (("cut.png", small(), ""), ("wall.png", png(0), "happy")):
        add(own, name, data, label)
    own.label(0, Label("sad", answer_seen=True))
    own.label(1, Label(SKIPPED))
    own.label(2, Label("happy"))
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


def test_a_training_gets_the_same_faces_and_nothing_else(tmp_path: Path) -> None:
    own = own_set(("Anna Smith.png", 2), ("day 1/PublicTest_7.png", 1))
    for name, data, label in (("cut.png", small(), ""), ("wall.png", png(0), "happy")):
        add(own, name, data, label)
    for index, expression in enumerate(("sad", "happy", "happy", SKIPPED)):
        own.label(index, Label(expression))
    own.label(3, Label("sad"))

    def read(name: str, data: bytes) -> tuple[list[str], list[tuple[str, bytes]], set[int]]:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            source.extractall(tmp_path / name)
            names = source.namelist()
        faces = read_labelled_set(tmp_path / name, {"size": 48, "channels": 1})
        assert faces.groups is not None
        pictures = zip(faces.names.tolist(), (one.tobytes() for one in faces.images), strict=True)
        return names, sorted(pictures), {(faces.groups == one).sum() for one in faces.groups}

    names, *whole = read("whole", set_zip(own, *SAID))
    assert "originals/Anna Smith.png" in names
    names, *alone = read("alone", training_zip(own, *SAID))
    assert names == [
        "labels.csv", "crops/sad/photo 1-face1.png", "crops/happy/photo 1-face2.png",
        "crops/happy/photo 2-face1.png", "crops/sad/photo 3-face1.png",
    ]  # fmt: skip
    assert alone == whole
    table = (tmp_path / "alone" / "labels.csv").read_text()
    assert not any(word in table for word in ("Anna", "day", "PublicTest", "cut.", "wall"))


LABELS = HEAD.labels
SAID = (entry(), HEAD.name)
OTHER = Head(name="ferplus", output="p", labels=(*LABELS, "contempt"), meaning="")
SPECS = {"fake": SPEC, "large": SPEC.model_copy(update={"heads": (HEAD, OTHER)})}


def answer(truth: str, said: str, sure: float = 0.9, number: int = 0) -> LabelledAnswer:
    """Return a face with the answers of all heads; they all say the same."""

    def row(labels: tuple[str, ...]) -> np.ndarray:
        rest = (1 - sure) / (len(labels) - 1)
        return np.array([sure if label == said else rest for label in labels], np.float32)

    shares = {
        (name, head.name): row(head.labels) for name, spec in SPECS.items() for head in spec.heads
    }
    name = f"{number}.jpg"
    return LabelledAnswer(name, truth, probabilities=shares, crop_jpeg=png(seed=number), photo=name)


def miss(truth: str) -> LabelledAnswer:
    return LabelledAnswer("wall.jpg", truth, found=False, photo="wall.jpg")


def shown(figures: OwnFigures, model: str = "fake", head: str = HEAD.name) -> dict[str, Section]:
    return {s.title: s for s in own_data_sections(figures, model, head)}


def only(section: Section, kind: type) -> object:
    return next(part for part in section.parts if isinstance(part, kind))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], "No face has a label yet"),
        ([miss("happy")], "No face has a label yet"),
        ([LabelledAnswer("a.jpg", "happy")], "fake has not answered"),
        ([answer("contempt", "happy")], "None of the labels is one that this head knows"),
    ],
)
def test_what_cannot_be_measured_is_said(answers: list, said: str) -> None:
    (section,) = own_data_sections(measure_own(answers, SPECS, "mine"), "fake", HEAD.name)
    note = only(section, Note)
    assert isinstance(note, Note)
    assert said in note.text


def test_every_head_is_measured_on_what_it_knows_with_and_without_misses() -> None:
    answers = [
        answer("happy", "happy"), answer("sad", "happy"), answer("contempt", "sad"), miss("sad"),
        miss("contempt"),
    ]  # fmt: skip
    figures = measure_own(answers, SPECS, "mine")
    assert list(figures.measured) == [
        ("fake", HEAD.name), ("large", HEAD.name), ("large", "ferplus")
    ]  # fmt: skip
    seven, eight = figures.measured["fake", HEAD.name], figures.measured["large", "ferplus"]
    assert (seven.search.images, seven.search.found, seven.search.right) == (3, 2, 1)
    assert (eight.search.images, eight.search.found) == (5, 3)
    assert seven.figures.left_out == {"contempt": 1}
    sections = shown(figures)
    first = sections["How good it is on your faces, FER2013 head"].parts
    assert next(part for part in first if isinstance(part, Facts)).facts[0].value == "66.7%"
    table = only(sections["Every model and head"], Table)
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["fake", "large", "large"]
    assert OF_ALL in table.columns
    assert table.rows[0][4] == "33.3%"


def test_ways_to_measure_and_the_surest_wrong_answers() -> None:
    some = measure_own([answer("happy", "happy"), answer("sad", "sad")], SPECS, "mine")
    assert own_ways(some, "fake", HEAD.name) == (AS_ANSWERED, RESTRICTED)
    every = measure_own([answer(name, name) for name in LABELS], SPECS, "mine")
    assert own_ways(every, "fake", HEAD.name) == (AS_ANSWERED,)
    assert own_ways(measure_own([], SPECS, "mine"), "fake", HEAD.name) == (AS_ANSWERED,)
    answers = [
        answer("happy", "sad", 0.6, 1),
        answer("happy", "sad", 0.9, 2),
        answer("sad", "sad", 0.99, 3),
    ]
    section = shown(measure_own(answers, SPECS, "mine"))["Sure and wrong"]
    pictures = only(section, Pictures)
    assert isinstance(pictures, Pictures)
    assert [p.caption for p in pictures.pictures] == ["happy → sad, 90%", "happy → sad, 60%"]
    assert pictures.pictures[0].alt == "2.jpg: labelled happy, called sad"
    assert pictures.title == "The surest of 2 wrong answers"


@pytest.mark.parametrize(
    ("count", "chart"), [(LEAST_FOR_CALIBRATION - 1, False), (LEAST_FOR_CALIBRATION, True)]
)
def test_calibration_needs_faces(count: int, chart: bool) -> None:
    answers = [answer("sad", "sad", number=i) for i in range(count)]
    sections = shown(measure_own(answers, SPECS, "mine"))
    assert isinstance(sections["Does its confidence hold?"].parts[0], Note) != chart
    facts = only(sections["How good it is on your faces, FER2013 head"], Facts)
    assert isinstance(facts, Facts)
    assert ("Calibration error" in [fact.label for fact in facts.facts]) == chart


def test_the_html_has_all_and_no_markup_and_the_json_is_that_of_other_data() -> None:
    answers = [answer("happy", "sad", 0.9, 2), answer("sad", "sad", 0.9, 3)]
    page = own_data_html(measure_own(answers, SPECS, "<b>mine</b>"), "fake", HEAD.name)
    assert base64.b64encode(answers[0].crop_jpeg).decode() in page
    assert "<b>mine" not in page
    for title in ("What these figures do not say", "What it mixes up, shared classes only"):
        assert title in page
    figures = measure_own([answer("happy", "sad"), answer("sad", "sad")], SPECS, "mine")
    file = OtherDataFile.model_validate_json(own_data_json(figures))
    assert [(r.model, r.head) for r in file.records] == list(figures.measured)
    assert file.records[0].accuracy == 0.5


ALWAYS = ("Nobody said who", "Others would label")


def limits(counts: dict[str, int], photos: int = 10_000, seen: int = 0) -> str:
    """Return what is said of so many faces by label, from some photos, some labelled on sight."""
    truth = [name for name, count in counts.items() for _ in range(count)]
    shares = np.tile(np.eye(len(LABELS), dtype=np.float32)[0], (len(truth), 1))
    answers = [
        LabelledAnswer(f"{i}", name, photo=f"{i % photos}.jpg", answer_seen=i < seen)
        for i, name in enumerate(truth)
    ]
    return "\n".join(own_limits(evaluate_labelled(truth, shares, HEAD), answers))


def test_few_faces_say_little_and_many_what_is_never_known() -> None:
    said = limits({"happy": 1})
    assert "With 1 face, the accuracy on others like these may be anywhere in 20.7–100.0%" in said
    assert "It takes some 390 faces to know it within 5 points either way" in said
    assert f"Fewer than {FEW_OF_CLASS} faces of happy (1)" in said
    assert "No face of sad" in said
    assert "from 1 photo" not in said
    assert "in view" not in said
    assert all(text in said for text in ALWAYS)
    said = limits(dict.fromkeys(LABELS, 2000))
    assert len(said.splitlines()) == len(ALWAYS)
    assert all(text in said for text in ALWAYS)
    one, both = (limits({"happy": 2}, seen=seen) for seen in (1, 2))
    assert "1 of the labels were given with the model's answer in view" in one
    assert "All labels were given" in both


@pytest.mark.parametrize(
    ("counts", "photos", "sentence", "said"),
    [
        ((100, FEW_OF_CLASS - 1, 100), 10_000, "of sad (19)", True),
        ((100, FEW_OF_CLASS, 100), 10_000, "of sad (20)", False),
        ((200, 100, 100), 10_000, "are happy, so the accuracy is mostly about that", False),
        ((202, 100, 100), 10_000, "are happy, so the accuracy is mostly about that", True),
        ((1, 1, 0), 2, "The 2 faces are from 2 photos.", False),
        ((40, 40, 40), 1, "The 120 faces are from 1 photo.", True),
        ((40, 40, 40), 30, "The 120 faces are from 30 photos.", True),
        ((40, 40, 40), 31, "The 120 faces are from 31 photos.", False),
    ],
)
def test_what_is_one_sided(counts: tuple[int, ...], photos: int, sentence: str, said: bool) -> None:
    told = limits(dict(zip(LABELS, counts, strict=True)), photos)
    assert (sentence in told) == said
