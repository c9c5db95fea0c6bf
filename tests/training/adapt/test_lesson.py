from pathlib import Path

import pytest

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import data_set
from training.adapt.lesson import LEAST_HELD_OUT, Lesson
from training.data.dataset import DataSet
from training.evaluation.spread import SpreadClassifier
from training.presets.catalogue import PRESETS

SIZES = {"train": 30, "validation": 8, "test": 9}


def without_votes(data: DataSet) -> DataSet:
    for faces in data.splits.values():
        assert faces.votes is not None
        faces.votes[:] = 0
    return data


ENOUGH = SIZES | {"validation": LEAST_HELD_OUT}


@pytest.mark.parametrize(
    ("replay", "sizes", "kept", "calibration"),
    [
        (None, SIZES, {EXPRESSION_HEAD, FERPLUS_HEAD}, "kept"),
        (None, ENOUGH, {FERPLUS_HEAD}, "own"),
        (without_votes(data_set("before", SIZES)), SIZES, {FERPLUS_HEAD}, "fitted"),
        (data_set("before", SIZES), SIZES, set(), "fitted"),
    ],
    ids=["few, no replay", "many, no replay", "replay without votes", "replay with votes"],
)
def test_what_cannot_be_fitted_is_that_of_the_initial_model(
    replay: DataSet | None, sizes: dict[str, int], kept: set[str], calibration: str, tmp_path: Path
) -> None:
    initial = ModelSpec.load(SHIPPED_MODEL)
    fitted = tuple(
        head.model_copy(update={"temperature": 4.0, "abstention": None}) for head in initial.heads
    )
    initial.model_copy(update={"heads": fitted}).save(tmp_path)
    taught = Lesson(
        SHIPPED_MODEL,
        without_votes(data_set("own", sizes)),
        {},
        replay,
        PRESETS["adapt"],
    )
    taught.keep_settings(tmp_path)
    after = ModelSpec.load(tmp_path)
    assert after.head_names == initial.head_names
    for head in (EXPRESSION_HEAD, FERPLUS_HEAD):
        expected = initial.head(head).temperature if head in kept else 4.0
        assert after.head(head).temperature == expected
        assert (after.head(head).abstention is not None) is (head in kept)
    assert taught.changes(SpreadClassifier(SHIPPED_MODEL), 1).calibration == calibration


def test_one_is_not_taught_what_is_held_out() -> None:
    own = data_set("own", SIZES)
    own.splits["test"].images[:3] = own.splits["train"].images[:3]
    taught = Lesson(SHIPPED_MODEL, own, {}, None, PRESETS["adapt"])
    assert taught.dropped["also held out"] == 3
    assert (taught.learnt, len(taught.train)) == (27, 27)
    assert taught.mixture.replayed == 0
