"""What a network learns from: batches of faces, and what teachers say of them."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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
from training.fit.batches import (
    Mixture,
    TrainingBatches,
    degrade,
    scaled,
    targets_and_weights,
    warp,
)
from training.fit.other_models import Teachers, answers_of, initial_answers, teachers_for
from training.presets.schema import NONE, Augmentation, Preset

BOTH = (EXPRESSION_HEAD, FERPLUS_HEAD)


def face(size: int = 48, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (size, size, channels), dtype=np.uint8)


def augment(image: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    return degrade(warp(image, settings, rng), settings, rng)


@given(st.integers(0, 1000), st.sampled_from([(48, 1), (64, 3), (150, 3)]))
def test_form_is_kept_and_chance_comes_from_the_generator(seed: int, form: tuple) -> None:
    image, changed = face(*form), replace(Augmentation(), erase_probability=0.5)
    first, second = (augment(image, changed, np.random.default_rng(seed)) for _ in "ab")
    assert (first.shape, first.dtype) == (image.shape, np.uint8)
    assert (first == second).all()
    assert (image == face(*form)).all(), "teachers are shown it afterwards"


def test_flip_mirrors_exactly_and_without_any_change_the_image_stays() -> None:
    rng = np.random.default_rng(0)
    assert (augment(face(), NONE, rng) == face()).all()
    results = [augment(face(), replace(NONE, flip=True), rng) for _ in range(20)]
    mirrored = [bool((r == face()[:, ::-1]).all()) for r in results]
    kept = [bool((r == face()).all()) for r in results]
    assert any(mirrored)
    assert any(kept)
    assert all(m != k for m, k in zip(mirrored, kept, strict=True))


@pytest.mark.parametrize("size", [48, 192])
def test_lengths_are_shares_of_the_image(size: int) -> None:
    """On a ramp, the level in the middle tells how far it was moved."""
    ramp, middle = np.linspace(0, 255, size), size // 2
    shifting, rng = replace(NONE, shift=6), np.random.default_rng(0)
    for image in (np.tile(ramp, (size, 1)), np.tile(ramp[:, None], (1, size))):
        face = np.round(image).astype(np.uint8)[..., None]
        moved = [float(warp(face, shifting, rng)[middle, middle, 0]) for _ in range(100)]
        shifts = (np.array(moved) - ramp[middle]) / (ramp[1] - ramp[0]) / size * 48
        assert shifts.max() == pytest.approx(6, abs=0.5)
        assert shifts.min() == pytest.approx(-6, abs=0.5)
    blank, erasing = np.zeros((size, size, 1), np.uint8), replace(NONE, erase_probability=1)
    erased = [augment(blank, erasing, rng)[..., 0] > 0 for _ in range(200)]
    sides = [len(np.unique(np.nonzero(one)[0])) * 48 / size for one in erased if one.any()]
    assert (min(sides), max(sides)) == (pytest.approx(6, abs=1), pytest.approx(16, abs=0.5))


def test_a_face_is_turned_and_scaled_about_its_middle() -> None:
    y, x = np.mgrid[:96, :96] - 47.5
    for settings in (replace(NONE, rotate_degrees=45), replace(NONE, scale=(0.5, 0.51))):
        disc = np.where(np.hypot(x, y) < 30, 200, 40).astype(np.uint8)[..., None]
        turned = warp(disc, settings, np.random.default_rng(1))[..., 0] > 120
        radius = 30 if settings.rotate_degrees else 15
        assert abs(turned.sum() / (np.pi * radius**2) - 1) < 0.1
        assert np.abs(np.argwhere(turned).mean(axis=0) - 47.5).max() < 0.5


@pytest.mark.parametrize(
    ("always", "holds"),
    [
        ({"light_probability": 1, "light": (0.25, 0.25)}, lambda a, b: b.mean() < a.mean() / 3),
        ({"light_probability": 1, "light": (1.7, 1.7)}, lambda a, b: (b == 255).mean() > 0.3),
        ({"noise_probability": 1}, lambda a, b: 0.5 < (b.astype(float) - a).std() < 7),
        ({"jpeg_probability": 1}, lambda a, b: 0 < np.abs(b.astype(float) - a).mean() < 64),
        ({"shrink_probability": 1}, lambda a, b: b.std() < 0.7 * a.std()),
        ({"blur_probability": 1}, lambda a, b: b.std() < 0.9 * a.std()),
    ],
    ids=["darker", "brighter, cut off", "noisy", "compressed", "fewer pixels", "blurred"],
)
@pytest.mark.parametrize("form", [(48, 1), (64, 3)])
def test_a_camera_does_what_its_setting_says(always: dict, holds: Callable, form: tuple) -> None:
    image = face(*form)
    changed = augment(image, replace(NONE, **always), np.random.default_rng(4))
    assert (changed.shape, changed.dtype) == (image.shape, np.uint8)
    assert holds(image, changed)


def begun(count: int = 8, changes: Augmentation = NONE, **settings: object) -> TrainingBatches:
    known = {"heads": BOTH, "batch_size": count, "augmentation": changes, "seed": 3}
    return TrainingBatches(bars(count, 1), **known | settings)


def test_weights_stay_with_their_faces() -> None:
    faces = bars(8, 1)
    faces.votes[::2] = 0
    images, _, weights = TrainingBatches(
        faces, heads=BOTH, batch_size=8, augmentation=NONE, seed=1, size=24
    )[0]
    with_votes = {image.tobytes() for image in scaled(faces.images[1::2], 24)}
    has_votes = [image.astype(np.uint8).tobytes() in with_votes for image in images]
    assert weights[FERPLUS_HEAD].tolist() == has_votes
    assert weights[EXPRESSION_HEAD].tolist() == [1] * 8, "its label counts all the same"
    assert scaled(faces.images[:0], 24).shape == (0, 24, 24, 1)


def test_each_epoch_changes_the_pictures_anew() -> None:
    """One face a batch: the order cannot make the difference."""
    changes = Augmentation()
    batches, seen = begun(1, changes), []
    for epoch in range(4):
        images = batches[0][0]
        assert (images == batches[0][0]).all(), "but within an epoch it is the same"
        resumed = begun(1, changes, first_epoch=epoch)[0][0]
        assert (images == resumed).all(), "and a run that goes on sees it too"
        seen.append(images.tobytes())
        batches.on_epoch_end()
    assert len(set(seen)) == 4


def test_what_chance_decides_stays_the_same() -> None:
    """The weights that ship come again only if chance is asked in the same order as ever."""
    images, targets, _ = begun(8, Augmentation())[0]
    assert images.mean(axis=(1, 2, 3)).sum() == pytest.approx(349.28, abs=0.5)
    assert targets["ferplus"].max(axis=1).sum() == pytest.approx(8.0, abs=1e-4)


@given(
    own=st.integers(1, 40),
    pool=st.lists(st.integers(0, 3), max_size=60),
    least=st.integers(0, 100),
    replay=st.floats(0, 3),
    balanced=st.booleans(),
    seed=st.integers(0, 99),
)
def test_an_epoch(
    own: int, pool: list[int], least: int, replay: float, balanced: bool, seed: int
) -> None:
    mixture = Mixture(own, np.array([0] * own + pool, np.int64), least, replay, balanced)
    drawn, again = (mixture.draw(np.random.default_rng(seed)) for _ in "ab")
    assert (drawn == again).all()
    assert len(drawn) == len(mixture)
    shown = drawn[drawn < own]
    assert max(own, least) <= len(shown) < max(own, least) + own
    # Every face of one's own, each as often as the others.
    assert set(np.bincount(shown, minlength=own).tolist()) == {len(shown) // own}
    replayed = drawn[drawn >= own]
    wanted = round(replay * len(shown)) if pool else 0
    assert len(replayed) == (wanted if balanced else min(wanted, len(pool)))
    assert balanced or len(set(replayed.tolist())) == len(replayed)


def test_classes_are_replayed_alike_though_the_pool_has_more_of_one() -> None:
    labels = np.array([0] * 4 + [0] * 90 + [1] * 10 + [2] * 10)
    drawn = Mixture(4, labels, least=0, replay=6.0).draw(np.random.default_rng(1))
    assert np.bincount(labels[drawn[4:]]).tolist() == [8, 8, 8]


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
