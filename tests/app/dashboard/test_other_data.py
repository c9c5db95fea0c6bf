"""What is shown of other data: complete figures, partial ones, and none."""

from collections.abc import Sequence

from app.core.report.elements import Chart, Facts, Note, Part, Row, Section, Table
from app.core.report.evaluation import AS_ANSWERED, OF_ALL, RESTRICTED
from app.dashboard.models import OpenedModel
from app.dashboard.other_data import other_data, record_name, record_parts, record_ways
from app.dashboard.registry import sections_of
from fer.evaluation.metrics import evaluate_labelled
from fer.evaluation.other_data import OtherData, PhotoSearch, StatedClass, StatedFigures
from fer.labels import FERPLUS_HEAD
from fer.model.spec import Head
from tests.app.dashboard.samples import LABELS, answers, report


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
    """Return a model with measurements on other data."""
    before = (earlier,) if earlier else ()
    return OpenedModel("small", report(), None, (), None, records, not_shown, before)


def sections(model: OpenedModel) -> list[Section]:
    """Return what a file has of other data."""
    return [one for one in sections_of(model) if one.title.startswith("On other data")]


def test_groups_stand_with_counts_and_intervals_those_of_earlier_weights_too() -> None:
    grouped = record(groups=[{"by": "sex", "name": "women", "count": 49, "right": 40}])
    row = ("set", "FER2013", "sex: women", "49", "81.6% (68.6–90.0%)")
    assert tables(other_data(opened(grouped)))["Groups of people"].rows == (row,)
    assert "Groups of people" not in tables(other_data(opened(record())))
    title = "Groups of people, measured with earlier weights"
    for records in ([], [record()]):
        model = opened(*records, earlier=grouped)
        assert tables(other_data(model))[title].rows == (row,)
        assert tables(sections(model)[0].parts)[title].rows == (row,)


def test_test_and_other_data_stand_apart_with_who_measured_them() -> None:
    shown = tables(other_data(opened(record(), record(kind="test", data="held out", note="once"))))
    assert [title.split(":")[0] for title in shown] == ["Test", "Other data", "Who measured what"]
    assert shown["Other data"].rows[0][:4] == ("set", "FER2013", "400", "75.0% (70.5–79.0%)")
    who = shown["Who measured what"].rows
    assert [cell.replace("\N{NON-BREAKING HYPHEN}", "-") for cell in who[1]] == [
        "held out", "Faces cut out; somebody; 2026-11-22. once"
    ]  # fmt: skip


def test_columns_are_there_only_where_somebody_has_them() -> None:
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


def test_a_name_says_what_was_measured_by_what() -> None:
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


def test_a_file_has_every_record_both_ways_and_what_is_not_shown() -> None:
    found = sections(opened(record(), complete(), not_shown="2 measurements not shown."))
    assert [section.title for section in found] == [
        "On other data",
        "On other data: set, FER2013 head",
        "On other data: set, FER2013 head, as it answers",
        "On other data: set, FER2013 head, shared classes only",
    ]
    assert found[0].parts[-1] == Note("2 measurements not shown.")
