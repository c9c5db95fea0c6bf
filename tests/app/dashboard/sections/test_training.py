import pytest

from app.dashboard.elements import Chart, Facts, Note, Row
from app.dashboard.sections.training import class_counts, one_training, training
from app.dashboard.text import training_time, trainings
from fer.evaluation.report import EarlierTraining, Report
from tests.app.dashboard.samples import report

FIRST = EarlierTraining(name="first", command="train first", training_seconds=60.0)
SECOND = EarlierTraining(
    name="second", command="train second", training_seconds=120.0, history=report().history[:2]
)


def chained(**changes: object) -> Report:
    return report(initial_model="second", earlier_trainings=(FIRST, SECOND), **changes)


@pytest.mark.parametrize(
    ("teacher_weight", "taught"), [(0.0, False), (0.5, False), (0.51, True), (1.0, True)]
)
def test_agreement_with_teachers_is_not_called_accuracy(
    teacher_weight: float, taught: bool
) -> None:
    section = training(report(teacher_weight=teacher_weight))
    curves = next(part for part in section.parts if isinstance(part, Row))
    charts = [chart for chart in curves.parts if isinstance(chart, Chart)]
    assert [chart.title for chart in charts] == [
        "Loss, FER2013 head", "Accuracy, FER2013 head", "Learning rate"
    ]  # fmt: skip
    (said,) = (part.text for part in section.parts if isinstance(part, Note))
    assert ("agrees with them" in said) == taught


@pytest.mark.parametrize("averaged_with", [(), ("b",)])
def test_the_accuracy_of_a_part_of_a_mean_is_not_that_of_the_model(
    averaged_with: tuple[str, ...],
) -> None:
    made = report(averaged_with=averaged_with)
    (facts,) = (p for p in training(made).parts if isinstance(p, Facts))
    meaning = {fact.label: fact.meaning for fact in facts.facts}
    assert ("is the mean of these weights" in meaning["Last accuracy"]) == bool(averaged_with)


def test_a_chain_of_trainings_is_told_from_a_single_one() -> None:
    made = chained(training_seconds=30.0)
    assert [one.name for one in trainings(made)] == ["first", "second", made.name]
    assert training_time(made) == ("3 min 30 s", "3 trainings")
    first = one_training(made, trainings(made)[-1])[0]
    assert isinstance(first, Note)
    assert first.text.startswith("Training 3 of 3.")
    assert "3 min 30 s altogether" in first.text
    assert training_time(report())[1] == ""
    assert not isinstance(one_training(report(), trainings(report())[-1])[0], Note)


def test_the_earlier_trainings_of_an_older_report_are_not_passed_over() -> None:
    made = report(initial_model="a", training_seconds=30.0)
    assert [one.name for one in trainings(made)] == ["a", made.name]
    assert training_time(made) == ("30 s", "after a")


def test_curves_that_were_not_kept_are_not_made_up() -> None:
    made = chained()
    first, second, _ = trainings(made)
    said = [part.text for part in one_training(made, first) if isinstance(part, Note)]
    assert "The curves of first were not kept. It took 1 min 00 s." in said
    assert not any(isinstance(part, Row) for part in one_training(made, first))
    assert any(isinstance(part, Row) for part in one_training(made, second))


def test_charts_of_a_chain_have_keys_of_their_own() -> None:
    rows = (part for part in training(chained()).parts if isinstance(part, Row))
    keys = [part.key for row in rows for part in row.parts if isinstance(part, Chart)]
    assert len(keys) == len(set(keys)) > 6


def test_what_was_left_out_stands_beside_the_count() -> None:
    made = report()
    counts = {"train": {"happy": 28_000, "sad": 709}, "validation": {"happy": 1, "sad": 1}}
    dropped = {"blank": 12, "not a face": 2, "also held out": 340}
    data = made.data.model_copy(update={"class_counts": counts, "dropped": dropped})
    train, validation = class_counts(made.model_copy(update={"data": data})).parts
    assert isinstance(train, Chart)
    assert isinstance(validation, Chart)
    assert train.title == "Faces of train: 28,709"
    assert train.caption.startswith("It learnt from 28,355 of them. Left out: 12 without a picture")
    assert validation.caption == ""
