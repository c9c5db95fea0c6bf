"""What a batch holds: pictures that change with every epoch, and how much each face counts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.training.samples import bars
from training.fit.batches import (
    Mixture,
    TrainingBatches,
    degrade,
    scaled,
    warp,
)
from training.presets.schema import NONE, Augmentation

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
