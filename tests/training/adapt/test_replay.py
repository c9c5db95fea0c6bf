from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars, write_classes
from training.adapt import replay
from training.adapt.own import OwnImages
from training.adapt.replay import InitialAnswers, joined, load_replay, pool, together
from training.data.dataset import DataSet
from training.fit.batches import targets_and_weights

SPEC = ModelSpec.load(SHIPPED_MODEL)


def data_set(name: str, sizes: dict[str, int]) -> DataSet:
    splits = {split: bars(size, seed) for seed, (split, size) in enumerate(sizes.items())}
    return DataSet(name, f"hash of {name}", splits)


def test_what_is_held_out_as_test_is_not_touched(tmp_path: Path) -> None:
    data = load_replay(write_classes(tmp_path, 20), SPEC)
    assert list(data.splits) == ["train", "validation"]


def test_other_classes_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the data set has happy, sad"):
        load_replay(write_classes(tmp_path, 20, ["happy", "sad"]), SPEC)


def test_the_pool_has_as_many_of_each_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "POOL_PER_CLASS", 5)
    drawn = pool(data_set("before", {"train": 200, "validation": 20}))
    assert set(drawn.counts().values()) == {5}


def test_both_together_are_one_data_set_whose_test_is_ones_own() -> None:
    sizes = {"train": 30, "validation": 8, "test": 9}
    own, before = OwnImages(data_set("own", sizes), {}), data_set("before", sizes | {"test": 0})
    both = joined(own, before)
    assert both.name == "own + before"
    assert {name: len(faces) for name, faces in both.splits.items()} == {
        "train": 60, "validation": 16, "test": 9
    }  # fmt: skip
    assert both.sha256 not in (own.data.sha256, before.sha256)
    assert joined(own, None) is own.data


def test_the_initial_model_is_what_is_not_to_be_forgotten() -> None:
    own, before = bars(4, 1), bars(6, 2)
    assert own.votes is not None
    own.votes[:] = 0
    faces = together(own, before)
    answers = InitialAnswers(SHIPPED_MODEL, faces, own=4, weight=1.0)
    targets, weights = targets_and_weights(faces, [FERPLUS_HEAD], answers.targets)
    model = ExpressionClassifier(SHIPPED_MODEL)
    sides = [model.all_heads(i) for i in (faces.images, faces.images[:, :, ::-1].copy())]
    said = {head: (sides[0][head] + sides[1][head]) / 2 for head in sides[0]}
    labels = np.eye(7)[faces.labels]
    # One's own faces: the label, and what the FER+ head said. Replayed ones: what the expression
    # head said, and the votes.
    assert targets["expression"][:4] == pytest.approx(labels[:4])
    assert targets["expression"][4:] == pytest.approx(said["expression"][4:], abs=1e-5)
    assert targets[FERPLUS_HEAD][:4] == pytest.approx(said[FERPLUS_HEAD][:4], abs=1e-5)
    assert targets[FERPLUS_HEAD][4:].max(axis=1) == pytest.approx(1)
    assert weights[FERPLUS_HEAD].tolist() == [1] * 10
