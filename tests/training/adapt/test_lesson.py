from pathlib import Path

import pytest

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.adapt.test_replay import data_set
from training.adapt.lesson import Lesson
from training.adapt.own import OwnImages
from training.data.dataset import DataSet
from training.presets.catalogue import PRESETS

SIZES = {"train": 30, "validation": 8, "test": 9}


def lesson(replay: DataSet | None) -> Lesson:
    own = OwnImages(data_set("own", SIZES), {})
    return Lesson(SHIPPED_MODEL, own, replay, PRESETS["adapt"])


def without_votes(data: DataSet) -> DataSet:
    for faces in data.splits.values():
        assert faces.votes is not None
        faces.votes[:] = 0
    return data


@pytest.mark.parametrize(
    ("replay", "kept"),
    [
        (None, {EXPRESSION_HEAD, FERPLUS_HEAD}),
        (without_votes(data_set("before", SIZES)), {FERPLUS_HEAD}),
        (data_set("before", SIZES), set()),
    ],
    ids=["no replay", "replay without votes", "replay with votes"],
)
def test_what_cannot_be_fitted_is_that_of_the_initial_model(
    replay: DataSet | None, kept: set[str], tmp_path: Path
) -> None:
    initial = ModelSpec.load(SHIPPED_MODEL)
    fitted = tuple(
        head.model_copy(update={"temperature": 4.0, "abstention": None}) for head in initial.heads
    )
    initial.model_copy(update={"heads": fitted}).save(tmp_path)
    lesson(replay).keep_settings(tmp_path)
    after = ModelSpec.load(tmp_path)
    assert after.head_names == initial.head_names
    for head in (EXPRESSION_HEAD, FERPLUS_HEAD):
        expected = initial.head(head).temperature if head in kept else 4.0
        assert after.head(head).temperature == expected
        assert (after.head(head).abstention is not None) is (head in kept)


def test_one_is_not_taught_what_is_held_out() -> None:
    own = data_set("own", SIZES)
    own.splits["test"].images[:3] = own.splits["train"].images[:3]
    taught = Lesson(SHIPPED_MODEL, OwnImages(own, {}), None, PRESETS["adapt"])
    assert taught.dropped["also held out"] == 3
    assert (taught.learnt, len(taught.train)) == (27, 27)
    assert taught.mixture.replayed == 0
