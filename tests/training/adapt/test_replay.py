from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars, write_classes
from training.adapt import replay
from training.adapt.replay import InitialAnswers, answers_of, load_replay, pool
from training.data.dataset import DataSet, concatenated, joined
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


def test_the_initial_model_is_what_is_not_to_be_forgotten() -> None:
    own, before = bars(4, 1), bars(6, 2)
    assert own.votes is not None
    own.votes[:] = 0
    faces = concatenated([own, before])
    weights = np.repeat([[0.0], [1.0]], [4, 6], axis=0).astype(np.float32)
    answers = InitialAnswers(SHIPPED_MODEL, faces, weights)
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


def test_only_faces_of_a_data_set_that_it_learnt_from_keep_their_answers() -> None:
    """The report of the initial model says which those are."""
    known = Report.load(SHIPPED_MODEL).data.sha256
    old = DataSet("old", known, {"train": bars(4, 1)})
    new = DataSet("new", "another hash", {"train": bars(6, 2)})
    both = joined({"FER2013": old, "press": new})
    answers = answers_of(SHIPPED_MODEL, both.split("train"), both, 0.7)
    assert answers.weights[:, 0].tolist() == pytest.approx([0.7] * 4 + [0.0] * 6)
    alone = answers_of(SHIPPED_MODEL, old.split("train"), old, 0.7)
    assert alone.weights[:, 0].tolist() == pytest.approx([0.7] * 4)
