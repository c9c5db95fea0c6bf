"""Teachers that are asked about every changed picture."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.types import Floats
from tests.conftest import SHIPPED_MODEL
from tests.training.commands.test_train import bars
from training.fit.batches import TrainingBatches
from training.fit.distillation import OnlineTeachers, teachers_for
from training.presets.schema import NONE, Augmentation, Preset


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

    def mixed(self, shares: Floats, images: Floats, rng: np.random.Generator) -> Floats:
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
    says = teacher.mixed(np.zeros((4, 7), np.float32), faces.astype(np.float32), Chance(drawn))
    seen = np.ascontiguousarray(faces[:, :, ::-1]) if mirrored else faces
    kinds = {layer.compute_dtype for layer in teacher._networks[0].layers if layer.weights}
    assert kinds == ({"float32"} if precision == "float32" else {"float32", "bfloat16"})
    exact = 2e-3 if precision == "float32" else 0.05
    assert says == pytest.approx(ExpressionClassifier(SHIPPED_MODEL)(seen), abs=exact)


def test_several_count_alike_and_the_label_counts_the_rest(faces: np.ndarray) -> None:
    images, labels = faces.astype(np.float32), np.eye(7, dtype=np.float32)[:4]
    alone = OnlineTeachers([SHIPPED_MODEL], 1.0, "float32").mixed(labels, images, Chance(0.9))
    two = OnlineTeachers([SHIPPED_MODEL, SHIPPED_MODEL], 0.25, "float32")
    expected = 0.75 * labels + 0.25 * alone
    assert two.mixed(labels, images, Chance(0.9)) == pytest.approx(expected, abs=1e-5)


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
