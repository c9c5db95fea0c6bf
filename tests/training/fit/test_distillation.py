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
from training.data.dataset import DataSet, LabelledFaces, concatenated, joined
from training.fit.batches import TrainingBatches, scaled, targets_and_weights
from training.fit.distillation import (
    OnlineTeachers,
    SoftTargets,
    Teachers,
    answers_of,
    initial_answers,
    teachers_for,
)
from training.fit.loop import fit
from training.presets.schema import NONE, Augmentation, Preset

ALL = np.arange(4)

LABEL = np.eye(2, dtype=np.float32)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(0, [[1, 0], [0, 1]]), (0.5, [[0.6, 0.4], [0.4, 0.6]]), (0.25, [[0.8, 0.2], [0.2, 0.8]])],
)
def test_a_target_is_part_label_part_teacher(weight: float, expected: list) -> None:
    says = np.array([[0.2, 0.8], [0.8, 0.2]], np.float32)
    assert SoftTargets(says, weight).mixed(LABEL) == pytest.approx(np.array(expected))


def test_no_face_has_no_target() -> None:
    empty = np.zeros((0, 2), np.float32)
    assert SoftTargets(empty, 0.5).mixed(empty).shape == (0, 2)


def test_soft_targets_about_other_faces_is_refused() -> None:
    with pytest.raises(ValueError, match="expected soft targets"):
        SoftTargets(LABEL, 0.5).mixed(np.eye(3, dtype=np.float32))


def teachers(faces: LabelledFaces, *directories: Path, weight: float = 0.5) -> Teachers | None:
    preset = Preset("p", teacher_weight=weight, precision="float32")
    return teachers_for(preset, directories, faces)


def test_a_teacher_says_the_same_of_a_mirrored_face() -> None:
    faces = bars(6, 1)
    mirrored = bars(6, 1)
    mirrored.images[:] = mirrored.images[:, :, ::-1].copy()
    ours, theirs = (teachers(f, SHIPPED_MODEL).targets.probabilities for f in (faces, mirrored))
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert ours.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-5)


def test_a_preset_that_gives_teachers_no_weight_has_none() -> None:
    assert teachers(bars(2, 1), SHIPPED_MODEL, weight=0) is None


def test_without_a_teacher_the_way_out_is_named() -> None:
    with pytest.raises(DataError, match="--teacher"):
        teachers(bars(2, 1))


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_a_weight_is_a_share(weight: float) -> None:
    with pytest.raises(DataError, match="0 to 1"):
        teachers(bars(2, 1), SHIPPED_MODEL, weight=weight)


def test_a_teacher_of_other_classes_is_refused() -> None:
    faces = bars(2, 1).take(np.arange(2))
    other = type(faces)(faces.images, faces.labels * 0, ("yes", "no"), None)
    with pytest.raises(DataError, match=r"knows angry.*the data set has yes, no"):
        teachers(other, SHIPPED_MODEL)


def test_a_run_that_is_finished_asks_nobody(tmp_path: Path) -> None:
    """Asking takes minutes: a finished run that is exported again does without."""
    faces = bars(8, 1)
    preset = Preset("p", "cnn-basic", widths=(4, 4), epochs=1, batch_size=8, teacher_weight=0.5)
    first = teachers_for(preset, [SHIPPED_MODEL], faces)
    again = teachers_for(preset, [SHIPPED_MODEL], faces)
    for asked in (first, again):
        fit(preset, faces, faces, seed=1, work_dir=tmp_path, resume=True, teachers=asked, verbose=0)
    assert ["targets" in vars(asked) for asked in (first, again)] == [True, False]


def test_batches_hand_on_soft_targets_and_the_size() -> None:
    faces = bars(8, 1)
    says = np.full((8, 7), 1 / 7, np.float32)
    batches = TrainingBatches(
        faces,
        heads={EXPRESSION_HEAD},
        batch_size=4,
        augmentation=NONE,
        seed=1,
        size=32,
        soft_targets=SoftTargets(says, 0.5),
    )
    images, targets, _ = batches[0]
    assert images.shape == (4, 32, 32, 1)
    assert targets[EXPRESSION_HEAD].max(axis=1) == pytest.approx(np.full(4, 0.5 + 0.5 / 7))
    plain, _ = targets_and_weights(faces, {EXPRESSION_HEAD})
    assert plain[EXPRESSION_HEAD].max(axis=1) == pytest.approx(np.ones(8))


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("size", [None, 24, 48])
def test_scaling_keeps_the_form(count: int, size: int | None) -> None:
    assert scaled(bars(count, 1).images, size).shape == (count, size or 48, size or 48, 1)


class Chance:
    """A generator that always draws the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


class Listener(OnlineTeachers):
    """A teacher that says "the first class" of everything, and keeps what it was shown."""

    def __init__(self) -> None:
        self.shown = np.zeros(0, np.float32)

    def mixed(
        self, shares: Floats, images: Floats, rng: np.random.Generator, indices: NDArray[np.int64]
    ) -> Floats:
        self.shown = images
        return np.eye(shares.shape[1], dtype=np.float32)[np.zeros(len(shares), np.int64)]


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    rng = np.random.default_rng(5)
    smooth = rng.uniform(0, 255, (4, 6, 6, 1)).repeat(8, axis=1).repeat(8, axis=2)
    return smooth.astype(np.uint8)


@pytest.mark.parametrize(("drawn", "mirrored"), [(0.9, False), (0.1, True)])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_it_says_what_the_app_would_say(
    faces: np.ndarray, drawn: float, mirrored: bool, precision: str
) -> None:
    teacher = OnlineTeachers([SHIPPED_MODEL], 1.0, precision)
    says = teacher.mixed(np.zeros((4, 7), np.float32), faces.astype(np.float32), Chance(drawn), ALL)
    seen = np.ascontiguousarray(faces[:, :, ::-1]) if mirrored else faces
    kinds = {layer.compute_dtype for layer in teacher._networks[0].layers if layer.weights}
    assert kinds == ({"float32"} if precision == "float32" else {"float32", "bfloat16"})
    exact = 2e-3 if precision == "float32" else 0.05
    assert says == pytest.approx(ExpressionClassifier(SHIPPED_MODEL)(seen), abs=exact)


def test_several_count_alike_and_the_label_counts_the_rest(faces: np.ndarray) -> None:
    images, labels = faces.astype(np.float32), np.eye(7, dtype=np.float32)[:4]
    alone = OnlineTeachers([SHIPPED_MODEL], 1.0, "float32").mixed(labels, images, Chance(0.9), ALL)
    two = OnlineTeachers([SHIPPED_MODEL, SHIPPED_MODEL], 0.25, "float32")
    expected = 0.75 * labels + 0.25 * alone
    assert two.mixed(labels, images, Chance(0.9), ALL) == pytest.approx(expected, abs=1e-5)


def batch(augmentation: Augmentation, mixup: float = 0.0) -> tuple:
    teacher = Listener()
    batches = TrainingBatches(
        bars(16, 1),
        heads={EXPRESSION_HEAD},
        batch_size=16,
        augmentation=augmentation,
        seed=2,
        soft_targets=teacher,
        mixup=mixup,
        size=24,
    )
    return teacher, *batches[0]


def test_it_sees_the_student_s_picture_before_it_was_made_poor() -> None:
    dark = dataclasses.replace(NONE, shift=5, light_probability=1, light=(0.2, 0.2))
    teacher, seen, targets, _ = batch(dark)
    assert teacher.shown.shape == (16, 48, 48, 1)
    assert seen.shape == (16, 24, 24, 1)
    halves = teacher.shown.reshape(16, 24, 2, 24, 2).mean((2, 4))
    assert seen[..., 0] == pytest.approx(0.2 * halves, abs=1.5)
    assert (targets[EXPRESSION_HEAD].argmax(axis=1) == 0).all()


def test_it_sees_the_very_mixture() -> None:
    teacher, seen, _, _ = batch(NONE, mixup=1.0)
    halves = teacher.shown.reshape(16, 24, 2, 24, 2).mean((2, 4))
    likeness = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(halves, seen, strict=True)]
    assert min(likeness) > 0.95


def test_a_teacher_without_its_network_is_refused(tmp_path: Path) -> None:
    for name in ("spec.json", "model.tflite"):
        shutil.copy(SHIPPED_MODEL / name, tmp_path / name)
    preset = Preset("p", teacher_weight=1, teaching="pictures")
    with pytest.raises(DataError, match=r"model\.keras is missing"):
        teachers_for(preset, [tmp_path], bars(2, 1))


def test_a_teacher_of_other_pictures_is_refused() -> None:
    preset, faces = Preset("p", teacher_weight=1, teaching="pictures"), bars(2, 1)
    small = dataclasses.replace(faces, images=faces.images[:, ::2, ::2])
    with pytest.raises(DataError, match=r"looks at images \(48, 48, 1\).*\(24, 24, 1\)"):
        teachers_for(preset, [SHIPPED_MODEL], small)


def test_a_run_knows_its_teachers_by_what_they_say(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_MODEL, tmp_path / "same")
    shutil.copytree(SHIPPED_MODEL, tmp_path / "cooler")
    spec = ModelSpec.load(SHIPPED_MODEL)
    heads = tuple(h.model_copy(update={"temperature": h.temperature / 2}) for h in spec.heads)
    spec.model_copy(update={"heads": heads}).save(tmp_path / "cooler")
    preset = Preset("p", teacher_weight=1, teaching="pictures")
    known = [
        teachers_for(preset, [one], bars(2, 1)).digests
        for one in (SHIPPED_MODEL, tmp_path / "same", tmp_path / "cooler")
    ]
    assert known[0] == known[1] != known[2]


#: What compact-press does: the model that it goes on from is its own teacher.
MEMORY = Preset("p", memory_weight=0.7, precision="float32")


def old_and_new() -> DataSet:
    """Return four faces that the shipped model learnt from, and six others."""
    known = Report.load(SHIPPED_MODEL).data.sha256
    old = DataSet("old", known, {"train": bars(4, 1)})
    return joined({"FER2013": old, "press": DataSet("new", "hash", {"train": bars(6, 2)})})


def test_the_initial_model_is_what_is_not_to_be_forgotten() -> None:
    own, before = bars(4, 1), bars(6, 2)
    assert own.votes is not None
    own.votes[:] = 0
    faces = concatenated([own, before])
    weights = np.repeat([[0.0], [1.0]], [4, 6], axis=0).astype(np.float32)
    answers = initial_answers(SHIPPED_MODEL, faces, weights, MEMORY)
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
    both = old_and_new()
    answers = answers_of(SHIPPED_MODEL, both.split("train"), both, MEMORY)
    assert answers.weight[:, 0].tolist() == pytest.approx([0.7] * 4 + [0.0] * 6)
    old = DataSet("old", Report.load(SHIPPED_MODEL).data.sha256, {"train": bars(4, 1)})
    alone = answers_of(SHIPPED_MODEL, old.split("train"), old, MEMORY)
    assert alone.weight[:, 0].tolist() == pytest.approx([0.7] * 4)


@pytest.mark.parametrize("weight", [0.7, 1.0])
def test_on_each_picture_learnt_faces_get_its_answers_and_new_ones_their_label(
    weight: float,
) -> None:
    data = old_and_new()
    train = data.split("train")
    preset = MEMORY.override({"teaching": "pictures", "memory_weight": weight})
    teachers = answers_of(SHIPPED_MODEL, train, data, preset)
    batches = TrainingBatches(
        train,
        heads={EXPRESSION_HEAD, FERPLUS_HEAD},
        batch_size=10,
        augmentation=dataclasses.replace(NONE, shift=5),
        seed=2,
        soft_targets=teachers.targets,
    )
    images, targets, _ = batches[0]
    order = np.random.default_rng([2, 0]).permutation(10)
    learnt, labels = order < 4, np.eye(7)[train.labels[order]]
    assert not (images == train.images[order]).all()
    seen, found = images.astype(np.uint8), targets[EXPRESSION_HEAD]
    assert found[~learnt] == pytest.approx(labels[~learnt])
    model = ExpressionClassifier(SHIPPED_MODEL)
    sides = [model(np.ascontiguousarray(side)) for side in (seen, seen[:, :, ::-1])]
    expected = [(1 - weight) * labels[learnt] + weight * side[learnt] for side in sides]
    # Which side it looks at is drawn.
    assert min(np.abs(found[learnt] - one).max() for one in expected) < 5e-3
