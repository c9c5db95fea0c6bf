import pytest

from app.dashboard.elements import Facts, Row
from app.dashboard.sections.training import training
from tests.app.dashboard.samples import report


@pytest.mark.parametrize(
    ("teacher_weight", "taught"), [(0.0, False), (0.5, False), (0.51, True), (1.0, True)]
)
def test_agreement_with_teachers_is_not_called_accuracy(
    teacher_weight: float, taught: bool
) -> None:
    section = training(report(teacher_weight=teacher_weight))
    curves = next(part for part in section.parts if isinstance(part, Row))
    assert [chart.key for chart in curves.parts] == ["loss", "accuracy", "learning_rate"]
    meanings = [chart.meaning for chart in curves.parts[:2]]
    assert ["agrees with those networks" in text for text in meanings] == [taught, taught]


@pytest.mark.parametrize(
    ("initial_model", "averaged_with"), [(None, ()), ("a", ()), (None, ("b",)), ("a", ("b",))]
)
def test_the_last_of_several_trainings_is_not_passed_off_as_all(
    initial_model: str | None, averaged_with: tuple[str, ...]
) -> None:
    made = report(initial_model=initial_model, averaged_with=averaged_with)
    (facts,) = (p for p in training(made).parts if isinstance(p, Facts))
    meaning = {fact.label: fact.meaning for fact in facts.facts}
    assert ("Of the last part" in meaning["Training time"]) == (initial_model is not None)
    notes = {fact.label: fact.note for fact in facts.facts}
    assert notes["Training time"] == notes["Epochs"] == ("last part" if initial_model else "")
    assert ("is the mean of these weights" in meaning["Last accuracy"]) == bool(averaged_with)
