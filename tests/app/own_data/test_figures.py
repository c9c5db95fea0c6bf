"""The figures on a visitor's faces: what is measured, shown, and saved."""

import base64

import numpy as np
import pytest

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
from app.own_data.own_set import LabelledAnswer
from fer.evaluation.metrics import evaluate_labelled
from fer.evaluation.other_data import OtherDataFile
from fer.model.spec import Head
from tests.app.own_data.samples import HEAD, SPEC
from tests.app.samples import png

LABELS = HEAD.labels
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


def test_the_ways_to_measure_differ_only_where_classes_are_missing() -> None:
    some = measure_own([answer("happy", "happy"), answer("sad", "sad")], SPECS, "mine")
    assert own_ways(some, "fake", HEAD.name) == (AS_ANSWERED, RESTRICTED)
    every = measure_own([answer(name, name) for name in LABELS], SPECS, "mine")
    assert own_ways(every, "fake", HEAD.name) == (AS_ANSWERED,)
    assert own_ways(measure_own([], SPECS, "mine"), "fake", HEAD.name) == (AS_ANSWERED,)


def test_the_surest_wrong_answers_come_first_with_their_faces() -> None:
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


def test_the_html_has_all_figures_and_pictures_and_no_markup_of_others() -> None:
    answers = [answer("happy", "sad", 0.9, 2), answer("sad", "sad", 0.9, 3)]
    page = own_data_html(measure_own(answers, SPECS, "<b>mine</b>"), "fake", HEAD.name)
    assert base64.b64encode(answers[0].crop_jpeg).decode() in page
    assert "<b>mine" not in page
    for title in ("What these figures do not say", "What it mixes up, shared classes only"):
        assert title in page


def test_the_json_is_that_of_other_data() -> None:
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


def test_one_face_says_nearly_nothing() -> None:
    said = limits({"happy": 1})
    assert "With 1 face, the accuracy on others like these may be anywhere in 20.7–100.0%" in said
    assert "It takes some 390 faces to know it within 5 points either way" in said
    assert f"Fewer than {FEW_OF_CLASS} faces of happy (1)" in said
    assert "No face of sad" in said
    assert "from 1 photo" not in said
    assert "in view" not in said
    assert all(text in said for text in ALWAYS)


def test_of_many_even_faces_only_what_is_never_known_is_said() -> None:
    said = limits(dict.fromkeys(LABELS, 2000))
    assert len(said.splitlines()) == len(ALWAYS)
    assert all(text in said for text in ALWAYS)


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
def test_what_is_one_sided_is_told_at_its_limit(
    counts: tuple[int, ...], photos: int, sentence: str, said: bool
) -> None:
    told = limits(dict(zip(LABELS, counts, strict=True)), photos)
    assert (sentence in told) == said


def test_labels_that_were_led_by_an_answer_are_told() -> None:
    one, both = (limits({"happy": 2}, seen=seen) for seen in (1, 2))
    assert "1 of the labels were given with the model's answer in view" in one
    assert "All labels were given" in both
