"""Figures of an evaluation and of other data, shown as they stand in their records."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from app.core.report import evaluation
from app.core.report.elements import Chart, Facts, Note, Part, Row, Section, Table
from app.core.report.evaluation import AS_ANSWERED, OF_ALL, RESTRICTED
from app.core.report.text import SplitEvaluation, split_evaluations, truth_in_short
from app.dashboard import figures
from app.dashboard.models import OpenedModel, open_model
from app.dashboard.other_data import other_data, record_name, record_parts, record_ways
from app.dashboard.registry import sections_of
from fer.evaluation.metrics import evaluate, evaluate_labelled, wilson_interval
from fer.evaluation.other_data import OtherData, PhotoSearch, StatedClass, StatedFigures
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import Head
from tests.app.dashboard.samples import LABELS, answers, report
from tests.samples import FAKE_HEAD, SHIPPED_MODEL, fake_spec

REPORT = report()
MODEL = OpenedModel("small", REPORT, None, ())
VALIDATION, TEST = (
    next(one for one in split_evaluations(REPORT) if one.faces == faces)
    for faces in ("validation", "test")
)
FOUND = TEST.evaluation


def flat(parts: Sequence[Part]) -> Iterator[object]:
    for part in parts:
        yield from part.parts if isinstance(part, Row) else (part,)


def facts(parts: Sequence[Part]) -> dict[str, str]:
    return {f.label: f.value for p in flat(parts) if isinstance(p, Facts) for f in p.facts}


def table_of(parts: Sequence[Part], title: str) -> Table:
    return next(p for p in flat(parts) if isinstance(p, Table) and p.title == title)


def test_headline_figures() -> None:
    parts = figures.all_figures(REPORT, TEST)
    shown = [
        ("Accuracy", f"{FOUND.accuracy:.1%}"),
        ("Macro-F1", f"{FOUND.macro_f1:.1%}"),
        ("Balanced accuracy", f"{FOUND.balanced_accuracy:.1%}"),
        ("Top-2 accuracy", f"{FOUND.top2_accuracy:.1%}"),
        ("Calibration error", f"{FOUND.calibration_error:.1%}"),
        ("Log loss", f"{FOUND.log_loss:.3f}"),
    ]
    assert [*facts(parts).items()][:6] == shown
    every = table_of(parts, "Every head and split")
    column = every.columns.index("test, FER2013 head")
    interval = f"{100 * FOUND.accuracy_low:.1f}–{FOUND.accuracy_high:.1%}"
    rows = [("Faces", "300"), shown[0], ("95% interval", interval), *shown[1:]]
    assert [(row[0], row[column]) for row in every.rows] == rows


@pytest.mark.parametrize(
    ("chosen", "name", "kind", "says"),
    [
        (TEST, "the set, test", "test", "On 300 faces on which nothing was chosen it agrees with "
         "their labels {} times in 100."),
        (TEST, "FER2013, test", "test", "their labels {} times in 100; people agree with these "
         "labels about 65 times."),
        (TEST, "CK+", "other", "On 300 faces that it did not learn from it agrees"),
        (VALIDATION, "the set, validation", "validation", "that it did not learn from"),
        (replace(TEST, head=FERPLUS_HEAD), "FER2013, test", "test", "agrees with what most of ten "
         "people called them {} times in 100."),
    ],
)  # fmt: skip
def test_a_verdict_says_the_worth(chosen: SplitEvaluation, name: str, kind: str, says: str) -> None:
    lead, *more = figures.verdict(chosen, name, kind)
    assert isinstance(lead, Note)
    assert says.format(f"{100 * chosen.evaluation.accuracy:.0f}") in lead.text
    assert bool(more) == (kind == "validation"), "settings were chosen there"
    assert figures.verdict(chosen, name, "train") == []


def test_five_figures_lead() -> None:
    shown = facts(figures.headlines(REPORT, VALIDATION, "the set", None))
    assert [*shown] == ["Accuracy", "Macro-F1", "Calibration error", "Answered", "Time for a face"]
    assert shown["Answered"] == "75.0%"
    [half] = figures.headlines(REPORT, TEST, "CK+", (0.5, 0.9))
    assert facts([half])["Answered"] == "50.0%"
    assert isinstance(half, Facts)
    low, high = wilson_interval(round(0.45 * FOUND.count), round(0.5 * FOUND.count))
    assert half.facts[3].note == f"{100 * low:.1f}–{high:.1%} right"
    assert "Answered" not in facts(figures.headlines(REPORT, TEST, "the set", None))


def test_the_balanced_head_is_as_sure_as_most_people_agree() -> None:
    made = open_model(SHIPPED_MODEL).report
    chosen = split_evaluations(made, BALANCED_HEAD)[0]
    by_people = made.selective_of(chosen.split, BALANCED_HEAD)
    assert by_people
    shown, note = figures.headlines(made, chosen, "", None)
    assert isinstance(note, Note)
    assert f"differs by {100 * by_people.calibration_error:.1f} percentage points" in note.text
    assert isinstance(shown, Facts)
    assert [bool(fact.note) for fact in shown.facts] == [True] * 4 + [False], "with intervals"
    low, high = wilson_interval(
        round(by_people.accuracy * round(by_people.coverage * by_people.count)),
        round(by_people.coverage * by_people.count),
    )
    assert shown.facts[3].note == f"{100 * low:.1f}–{high:.1%} by votes"


#: What the right answers of the shipped model were compared with, by split and head: nobody voted
#: on press photographs.
TRUTHS = {
    ("validation", EXPRESSION_HEAD): "by labels",
    ("validation", FERPLUS_HEAD): "by votes",
    ("validation", BALANCED_HEAD): "by votes",
    ("validation, press", EXPRESSION_HEAD): "by labels",
    ("validation, press", BALANCED_HEAD): "by labels",
    ("validation, all domains", EXPRESSION_HEAD): "by labels",
    ("validation, all domains", BALANCED_HEAD): "by votes where there are some, else by labels",
}


def test_faces_without_votes_are_measured_by_labels() -> None:
    model = open_model(SHIPPED_MODEL)
    found = {
        (one.split, one.head): truth_in_short(model.report, one) for one in model.report.selective
    }
    assert found == TRUTHS
    for chosen in split_evaluations(model.report):
        parts = figures.headlines(model.report, chosen, "", None)
        said = [part.text for part in parts if isinstance(part, Note)]
        by_votes = (chosen.split, chosen.head) == ("validation", BALANCED_HEAD)
        assert any("most of ten people said" in text for text in said) == by_votes
        of_all = facts(parts)
        if chosen.duplicates:
            selective = model.report.selective_of(chosen.split, chosen.head)
            assert selective
            assert of_all["Answered"] == f"{selective.coverage:.1%}"
    caption = next(
        part.caption
        for part in flat(figures.confidence(model, split_evaluations(model.report)[0]))
        if isinstance(part, Chart) and part.key == "risk"
    )
    for said in ("FER2013 head by labels", "FER+ head by votes", "balanced head by votes"):
        assert said in caption


def test_the_report_of_each_class_ends_with_both_averages() -> None:
    *rows, macro, weighted = evaluation.classification_report(TEST).rows
    assert rows == [
        (c.label, f"{c.precision:.1%}", f"{c.recall:.1%}", f"{c.f1:.1%}", f"{c.support:,}")
        for c in FOUND.classes
    ]
    assert macro[2:] == (f"{FOUND.balanced_accuracy:.1%}", f"{FOUND.macro_f1:.1%}", "300")
    assert weighted[2] == f"{FOUND.accuracy:.1%}", "recall over all faces is the accuracy"
    assert [row[1:] for row in evaluation.confusion_counts(TEST).rows] == [
        tuple(map(str, row)) for row in FOUND.confusion
    ]
    two = evaluate(np.array([0, 1]), np.eye(3)[[0, 1]], ("a", "b", "c"))
    *_, macro, _ = evaluation.classification_report(replace(TEST, evaluation=two)).rows
    assert macro[2] == "100.0%", "a label without a face does not count"


def test_calibration_before_and_after_the_temperature_that_was_chosen_there() -> None:
    before, found = REPORT.before_temperature, VALIDATION.evaluation
    spec = fake_spec(FAKE_HEAD.model_copy(update={"temperature": 0.875}))
    parts = figures.confidence(OpenedModel("small", REPORT, spec, ()), VALIDATION)
    assert [*facts(parts).items()][:6] == [
        ("Error before", f"{before.calibration_error:.1%}"),
        ("Error after", f"{found.calibration_error:.1%}"),
        ("Error, cross-fitted", "4.0%"),
        ("Log loss before", f"{before.log_loss:.3f}"),
        ("Log loss after", f"{found.log_loss:.3f}"),
        ("Temperature", "0.875"),
    ]
    assert [row[1:] for row in table_of(parts, "Answers by confidence").rows] == [
        (f"{b.count:,}", f"{b.confidence:.1%}", f"{b.accuracy:.1%}") for b in found.calibration
    ]
    elsewhere = facts(figures.confidence(MODEL, TEST))
    assert elsewhere == {
        "Calibration error": f"{FOUND.calibration_error:.1%}",
        "Log loss": f"{FOUND.log_loss:.3f}",
    }


def test_the_thresholds_shown_are_those_of_the_spec() -> None:
    model = open_model(SHIPPED_MODEL)
    assert model.spec
    shown = split_evaluations(model.report)[0]
    parts = figures.confidence(model, shown)
    rows = {row[0]: list(row[1:]) for row in table_of(parts, "When it answers").rows}
    heads = [
        model.spec.head(name) for name in dict.fromkeys(s.head for s in model.report.selective)
    ]
    limits = [head.abstention for head in heads]
    says = [limit for one in limits for limit in (one.threshold, one.degraded_threshold)]
    assert rows["Lowest confidence"] == [f"{limit:.1%}" if limit else "none" for limit in says]
    for label in dict.fromkeys(label for head in heads for label in head.labels):
        least = [
            values[head.labels.index(label)] if label in head.labels else None
            for head in heads
            for values in head.thresholds
        ]
        assert rows[f"Lowest for {label}"] == [
            "–" if v is None else "none is enough" if v == 1 else f"{v:.1%}" for v in least
        ]


def test_seeds_views_and_robustness_are_shown() -> None:
    parts = figures.all_figures(REPORT, TEST)
    rows = table_of(parts, "3 seeds, 2 epochs each, starting from start, FER2013 head").rows
    assert [row[1] for row in rows] == ["60.0%", "62.0%", "61.0%", "2.0 points"]
    assert REPORT.tta
    assert facts(parts)["Accuracy, ten views"] == f"{REPORT.tta.evaluation.accuracy:.1%}"
    quick = REPORT.model_copy(update={"tta": None, "robustness": (), "seed_variance": None})
    shown = figures.all_figures(quick, TEST)
    assert not [p for p in flat(shown) if isinstance(p, Table) and "seeds" in p.title]
    for some in (shown, figures.robustness(OpenedModel("small", quick, None, ()))):
        notes = [part.text for part in flat(some) if isinstance(part, Note)]
        assert [text for text in notes if "not measured (--quick)" in text]
    (worse,) = REPORT.robustness
    rows = table_of(figures.robustness(MODEL), "What was done to each picture").rows
    change = 100 * (worse.evaluation.accuracy - VALIDATION.evaluation.accuracy)
    assert rows == (
        ("as they are", "nothing", f"{VALIDATION.evaluation.accuracy:.1%}", "–"),
        ("darker", "less light", f"{worse.evaluation.accuracy:.1%}", f"−{abs(change):.1f}"),
    )


def record(**changes: object) -> OtherData:
    fields = {
        "kind": "other", "model": "small", "sha256": "0" * 64, "head": "expression", "data": "set",
        "how": "crops", "measured_by": "somebody", "created": "2026-11-22T10:00:00+00:00",
        "figures": StatedFigures(count=400, accuracy=0.75),
    }  # fmt: skip
    return OtherData.model_validate(fields | changes)


def complete() -> OtherData:
    """Measure drawn faces of all classes but neutral."""
    made = answers(3)
    truth = [LABELS[label] if LABELS[label] != "neutral" else "contempt" for label in made.labels]
    head = Head(name="expression", output="o", labels=LABELS, meaning="")
    return record(figures=evaluate_labelled(truth, made.probabilities, head))


def tables(parts: Sequence[Part]) -> dict[str, Table]:
    inner = [p for part in parts for p in (part.parts if isinstance(part, Row) else (part,))]
    return {part.title: part for part in inner if isinstance(part, Table)}


def opened(
    *records: OtherData, not_shown: str = "", earlier: OtherData | None = None
) -> OpenedModel:
    before = (earlier,) if earlier else ()
    return OpenedModel("small", report(), None, (), None, records, not_shown, before)


def sections(model: OpenedModel) -> list[Section]:
    return [one for one in sections_of(model) if one.title.startswith("On other data")]


def test_groups_test_and_other_data_stand_apart() -> None:
    grouped = record(groups=[{"by": "sex", "name": "women", "count": 49, "right": 40}])
    row = ("set", "FER2013", "sex: women", "49", "81.6% (68.6–90.0%)")
    assert tables(other_data(opened(grouped)))["Groups of people"].rows == (row,)
    assert "Groups of people" not in tables(other_data(opened(record())))
    title = "Groups of people, measured with earlier weights"
    for records in ([], [record()]):
        model = opened(*records, earlier=grouped)
        assert tables(other_data(model))[title].rows == (row,)
        assert tables(sections(model)[0].parts)[title].rows == (row,)
    shown = tables(other_data(opened(record(), record(kind="test", data="held out", note="once"))))
    assert [title.split(":")[0] for title in shown] == ["Test", "Other data", "Who measured what"]
    assert shown["Other data"].rows[0][:4] == ("set", "FER2013", "400", "75.0% (70.5–79.0%)")
    who = shown["Who measured what"].rows
    assert [cell.replace("\N{NON-BREAKING HYPHEN}", "-") for cell in who[1]] == [
        "held out", "Faces cut out; somebody; 2026-11-22. once"
    ]  # fmt: skip


def test_columns_and_names_say_what_was_measured() -> None:
    plain = tables(other_data(opened(record())))["Other data"]
    assert plain.columns == ("Data", "Head", "Images", "Accuracy", "Macro-F1")
    search = PhotoSearch(images=10, found=8, right=6)
    photos = [record(how="photos", search=search), complete()]
    full = tables(other_data(opened(*photos)))["Other data"]
    assert full.columns[3:6] == ("Face found", OF_ALL, "Accuracy")
    assert RESTRICTED in full.columns
    assert full.rows[0][2:5] == ("10", "8", "60.0% (31.3–83.2%)")
    assert full.rows[1][3:5] == ("–", "–")
    classes = (StatedClass(label="neutral", recall=0.98), StatedClass(label="happy", recall=0.57))
    some = record(figures=StatedFigures(count=204, classes=classes))
    assert tables(other_data(opened(some)))["Other data"].rows[0][3] == "neutral 98.0%, happy 57.0%"
    assert record_name(record()) == "set"
    named = record(split="test", truth="majority")
    assert record_name(named) == "set, test, by more than half of all FER+ votes"


def test_partial_figures_have_no_matrix_and_say_so() -> None:
    said = StatedFigures(
        count=400, accuracy=0.75, macro_f1=0.7, answered=0.8, answered_accuracy=0.9,
        classes_asked=LABELS, classes=(StatedClass(label="sad", f1=0.5),),
    )  # fmt: skip
    some = record(head=FERPLUS_HEAD, figures=said)
    assert record_ways(some) == (AS_ANSWERED,)
    parts = record_parts(some)
    facts = next(part for part in parts if isinstance(part, Facts))
    assert [fact.value for fact in facts.facts] == ["75.0%", "70.0%", "80.0%"]
    assert tables(parts)["Each expression"].rows == (("sad", "–", "50.0%"),)
    assert not any(isinstance(part, (Chart, Row)) for part in parts)
    assert isinstance(parts[-1], Note)
    assert "no matrix" in parts[-1].text


def test_complete_figures_are_shown_both_ways() -> None:
    whole = complete()
    assert record_ways(whole) == (AS_ANSWERED, RESTRICTED)
    answered, restricted = (
        tables(record_parts(whole, way))["Confusion matrix in counts"] for way in record_ways(whole)
    )
    assert "neutral" in answered.columns
    assert "neutral" not in restricted.columns
    by_class = tables(record_parts(whole))["Classification report"]
    assert "neutral" not in [row[0] for row in by_class.rows]
    notes = " ".join(part.text for part in record_parts(whole) if isinstance(part, Note))
    assert "no face of neutral" in notes
    assert "of contempt" in notes
    found = sections(opened(record(), complete(), not_shown="2 measurements not shown."))
    assert [section.title for section in found] == [
        "On other data",
        "On other data: set, FER2013 head",
        "On other data: set, FER2013 head, as it answers",
        "On other data: set, FER2013 head, shared classes only",
    ]
    assert found[0].parts[-1] == Note("2 measurements not shown.")
