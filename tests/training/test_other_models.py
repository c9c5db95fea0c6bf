"""What teachers say, once about each face or about every picture of it."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fer.errors import DataError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.types import Floats
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars
from training.data.dataset import DataSet, concatenated, joined
from training.fit.batches import TrainingBatches, targets_and_weights
from training.fit.other_models import Teachers, answers_of, initial_answers, teachers_for
from training.presets.schema import NONE, Preset

TAUGHT = Preset("p", teacher_weight=0.5, precision="float32")
BY_PICTURE = dataclasses.replace(TAUGHT, teaching="pictures")


def both_sides(images: np.ndarray) -> dict[str, Floats]:
    """Return the mean of what the shipped model says of faces and of their mirror images."""
    model = ExpressionClassifier(SHIPPED_MODEL)
    sides = [model.all_heads(np.ascontiguousarray(i)) for i in (images, images[:, :, ::-1])]
    return {head: (sides[0][head] + sides[1][head]) / 2 for head in sides[0]}


@pytest.mark.parametrize("weight", [0.25, 1.0])
def test_a_target_is_part_label_part_teacher(weight: float) -> None:
    faces = bars(6, 1)
    preset = dataclasses.replace(TAUGHT, teacher_weight=weight)
    teachers = teachers_for(preset, [SHIPPED_MODEL, SHIPPED_MODEL], faces)
    batches = TrainingBatches(
        faces, heads=[EXPRESSION_HEAD], batch_size=6, augmentation=NONE, seed=1, teachers=teachers
    )
    images, targets, _ = batches[0]
    order = [faces.images.tolist().index(image.tolist()) for image in images.astype(np.uint8)]
    expected = (
        weight * both_sides(faces.images)["expression"] + (1 - weight) * np.eye(7)[faces.labels]
    )
    assert targets[EXPRESSION_HEAD] == pytest.approx(expected[order], abs=1e-5)
    plain, _ = targets_and_weights(faces, [EXPRESSION_HEAD])
    assert plain[EXPRESSION_HEAD].max(axis=1) == pytest.approx(np.ones(6))


def test_a_teacher_of_other_classes_or_pictures_or_without_its_network_is_refused(
    tmp_path: Path,
) -> None:
    faces = bars(2, 1)
    assert teachers_for(Preset("p"), [SHIPPED_MODEL], faces) is None, "they have no weight"
    with pytest.raises(DataError, match="--teacher"):
        teachers_for(TAUGHT, [], faces)
    other = dataclasses.replace(faces, labels=faces.labels * 0, class_names=("yes", "no"))
    with pytest.raises(DataError, match=r"knows angry.*the data set has yes, no"):
        teachers_for(TAUGHT, [SHIPPED_MODEL], other)
    small = dataclasses.replace(faces, images=faces.images[:, ::2, ::2])
    with pytest.raises(DataError, match=r"looks at images \(48, 48, 1\).*\(24, 24, 1\)"):
        teachers_for(TAUGHT, [SHIPPED_MODEL], small)
    for name in ("spec.json", "model.tflite"):
        shutil.copy(SHIPPED_MODEL / name, tmp_path / name)
    with pytest.raises(DataError, match=r"model\.keras is missing"):
        teachers_for(BY_PICTURE, [tmp_path], faces)


class Chance:
    """A generator that always draws the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_of_a_picture_it_says_what_the_app_would_say(precision: str) -> None:
    """Of the picture or its mirror image, whichever is drawn."""
    smooth = np.random.default_rng(5).uniform(0, 255, (4, 6, 6, 1))
    faces = smooth.repeat(8, axis=1).repeat(8, axis=2).astype(np.uint8)
    preset = dataclasses.replace(BY_PICTURE, precision=precision)
    labels = np.eye(7, dtype=np.float32)[:4]
    teachers = Teachers((SHIPPED_MODEL,) * 2, bars(4, 1), preset, 0.25)
    exact = 2e-3 if precision == "float32" else 0.05
    for drawn, seen in ((0.9, faces), (0.1, np.ascontiguousarray(faces[:, :, ::-1]))):
        says = teachers.on_pictures(labels, faces.astype(np.float32), Chance(drawn), np.arange(4))
        expected = 0.25 * ExpressionClassifier(SHIPPED_MODEL)(seen) + 0.75 * labels
        assert says == pytest.approx(expected, abs=0.25 * exact)
    kinds = {layer.compute_dtype for layer in teachers.networks[0][0].layers if layer.weights}
    assert kinds == ({"float32"} if precision == "float32" else {"float32", "bfloat16"})


class Listener(Teachers):
    """Says "the first class" of everything, and keeps what it was shown."""

    def on_pictures(
        self, shares: Floats, images: Floats, rng: np.random.Generator, indices: NDArray[np.int64]
    ) -> Floats:
        self.answers["shown"] = images
        return np.eye(shares.shape[1], dtype=np.float32)[np.zeros(len(shares), np.int64)]


def test_it_sees_the_student_s_very_picture_before_it_was_made_poor() -> None:
    dark = dataclasses.replace(NONE, shift=5, light_probability=1, light=(0.2, 0.2))
    faces = bars(16, 1)
    teacher = Listener((), faces, BY_PICTURE, 1.0)
    vars(teacher)["answers"] = {}
    seen, targets, _ = TrainingBatches(
        faces,
        heads={EXPRESSION_HEAD},
        batch_size=16,
        augmentation=dark,
        seed=2,
        teachers=teacher,
        size=24,
    )[0]
    shown = teacher.answers["shown"]
    assert (shown.shape, seen.shape) == ((16, 48, 48, 1), (16, 24, 24, 1))
    assert (targets[EXPRESSION_HEAD].argmax(axis=1) == 0).all()
    halves = shown.reshape(16, 24, 2, 24, 2).mean((2, 4))
    assert seen[..., 0] == pytest.approx(0.2 * halves, abs=1.5)
    likeness = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(halves, seen, strict=True)]
    assert min(likeness) > 0.95


def test_a_run_knows_its_teachers_by_what_they_say(tmp_path: Path) -> None:
    for name in ("same", "cooler"):
        shutil.copytree(SHIPPED_MODEL, tmp_path / name)
    spec = ModelSpec.load(SHIPPED_MODEL)
    heads = tuple(h.model_copy(update={"temperature": h.temperature / 2}) for h in spec.heads)
    spec.model_copy(update={"heads": heads}).save(tmp_path / "cooler")
    known = [
        teachers_for(BY_PICTURE, [one], bars(2, 1)).digests
        for one in (SHIPPED_MODEL, tmp_path / "same", tmp_path / "cooler")
    ]
    assert known[0] == known[1] != known[2]


#: What compact-press does: the model that it goes on from is its own teacher.
MEMORY = Preset("p", memory_weight=0.7, precision="float32")


def old_and_new() -> DataSet:
    """Return four faces that the shipped model learnt from, and six others."""
    old = DataSet("old", Report.load(SHIPPED_MODEL).data.sha256, {"train": bars(4, 1)})
    return joined({"FER2013": old, "press": DataSet("new", "hash", {"train": bars(6, 2)})})


def test_the_initial_model_is_what_is_not_to_be_forgotten() -> None:
    own, before = bars(4, 1), bars(6, 2)
    assert own.votes is not None
    own.votes[:] = 0
    faces = concatenated([own, before])
    weights = np.repeat([[0.0], [1.0]], [4, 6], axis=0).astype(np.float32)
    answers = initial_answers(SHIPPED_MODEL, faces, weights, MEMORY)
    targets, weights = targets_and_weights(faces, [FERPLUS_HEAD], answers)
    said, labels = both_sides(faces.images), np.eye(7)[faces.labels]
    # One's own faces: the label, and what the FER+ head said. Replayed ones: what the expression
    # head said, and the votes.
    assert targets["expression"][:4] == pytest.approx(labels[:4])
    assert targets["expression"][4:] == pytest.approx(said["expression"][4:], abs=1e-5)
    assert targets[FERPLUS_HEAD][:4] == pytest.approx(said[FERPLUS_HEAD][:4], abs=1e-5)
    assert targets[FERPLUS_HEAD][4:].max(axis=1) == pytest.approx(1)
    assert weights[FERPLUS_HEAD].tolist() == [1] * 10


def test_on_each_picture_learnt_faces_get_its_answers_and_new_ones_their_label() -> None:
    data = old_and_new()
    train = data.split("train")
    preset = MEMORY.override({"teaching": "pictures"})
    batches = TrainingBatches(
        train,
        heads={EXPRESSION_HEAD, FERPLUS_HEAD},
        batch_size=10,
        augmentation=dataclasses.replace(NONE, shift=5),
        seed=2,
        teachers=answers_of(SHIPPED_MODEL, train, data, preset),
    )
    old = dataclasses.replace(train.take(slice(4)), domains=None)
    assert answers_of(SHIPPED_MODEL, old, data, MEMORY).weight[:, 0] == pytest.approx([0.7] * 4)
    images, targets, _ = batches[0]
    order = np.random.default_rng([2, 0]).permutation(10)
    learnt, labels = order < 4, np.eye(7)[train.labels[order]]
    assert not (images == train.images[order]).all()
    seen, found = images.astype(np.uint8), targets[EXPRESSION_HEAD]
    assert found[~learnt] == pytest.approx(labels[~learnt])
    model = ExpressionClassifier(SHIPPED_MODEL)
    sides = [model(np.ascontiguousarray(side)) for side in (seen, seen[:, :, ::-1])]
    expected = [0.3 * labels[learnt] + 0.7 * side[learnt] for side in sides]
    # Which side it looks at is drawn.
    assert min(np.abs(found[learnt] - one).max() for one in expected) < 5e-3
