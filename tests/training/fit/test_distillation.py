from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD
from tests.conftest import SHIPPED_MODEL
from tests.training.commands.test_train import bars
from training.data.dataset import LabelledFaces
from training.fit.batches import TrainingBatches, scaled, targets_and_weights
from training.fit.distillation import SoftTargets, Teachers, teachers_for
from training.fit.loop import fit
from training.presets.schema import NONE, Preset

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
