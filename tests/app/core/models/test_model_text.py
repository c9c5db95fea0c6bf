"""What is said of a model beside its name."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.models.model_text import facts, in_short
from app.core.models.runnable import ModelEntry
from fer.model.spec import ModelSpec


@pytest.fixture
def entry(spec: ModelSpec) -> ModelEntry:
    return ModelEntry("my_model", Path("models/my_model"), "key", spec, 5_574_036)


def test_of_a_model_without_a_report_only_its_size_is_known(entry: ModelEntry) -> None:
    assert in_short(entry) == r"my\_model"
    assert facts(entry).replace("\\", "") == "3 expressions · not measured · 5.6 MB"


def test_accuracy_comes_with_its_interval_and_the_number_of_expressions(entry: ModelEntry) -> None:
    measured = replace(
        entry,
        accuracy=0.7111,
        accuracy_low=0.696,
        accuracy_high=0.7257,
        trained_on="fer2013.npz",
        begun_with="compact-late",
    )
    assert in_short(measured) == r"my\_model · 71%"
    assert facts(measured).replace("\\", "") == (
        "3 expressions · 71.1% right on its validation data (69.6–72.6%), FER2013 head · 5.6 MB · "
        "trained on fer2013.npz, begun with compact-late"
    )
