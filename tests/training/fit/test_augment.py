from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.fit.augment import degrade, warp
from training.presets.schema import NONE as STILL
from training.presets.schema import Augmentation


def face(size: int = 48, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (size, size, channels), dtype=np.uint8)


def augment(image: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    return degrade(warp(image, settings, rng), settings, rng)


def test_without_any_change_the_image_stays() -> None:
    assert (augment(face(), STILL, np.random.default_rng(0)) == face()).all()


@given(st.integers(0, 1000), st.sampled_from([(48, 1), (64, 3), (150, 3)]))
def test_form_is_kept_and_chance_comes_from_the_generator(seed: int, form: tuple) -> None:
    image = face(*form)
    first, second = (augment(image, Augmentation(), np.random.default_rng(seed)) for _ in "ab")
    assert (first.shape, first.dtype) == (image.shape, np.uint8)
    assert (first == second).all()


def test_the_original_is_never_changed() -> None:
    image, always = face(), Augmentation(erase_probability=1)
    augment(image, always, np.random.default_rng(0))
    assert (image == face()).all()


def test_hiding_a_part_leaves_the_good_picture_as_it_is() -> None:
    """Teachers are shown it afterwards."""
    good = face()
    hidden = degrade(good, replace(STILL, erase_probability=1), np.random.default_rng(0))
    assert (good == face()).all()
    assert (hidden != good).any()


def test_flip_mirrors_exactly() -> None:
    flipping, rng = replace(STILL, flip=True), np.random.default_rng(0)
    results = [augment(face(), flipping, rng) for _ in range(20)]
    mirrored = [bool((r == face()[:, ::-1]).all()) for r in results]
    kept = [bool((r == face()).all()) for r in results]
    assert any(mirrored)
    assert any(kept)
    assert all(m != k for m, k in zip(mirrored, kept, strict=True))


@pytest.mark.parametrize("size", [48, 96, 192])
def test_a_shift_is_a_share_of_the_image(size: int) -> None:
    """On a ramp, the level in the middle tells how far it was moved."""
    unit = size / 48
    ramp = np.linspace(0, 255, size)
    middle = size // 2
    shifting, rng = replace(STILL, shift=6), np.random.default_rng(0)
    for image in (np.tile(ramp, (size, 1)), np.tile(ramp[:, None], (1, size))):
        face = np.round(image).astype(np.uint8)[..., None]
        moved = [float(warp(face, shifting, rng)[middle, middle, 0]) for _ in range(100)]
        shifts = (np.array(moved) - ramp[middle]) / (ramp[1] - ramp[0]) / unit
        assert shifts.max() == pytest.approx(6, abs=0.5)
        assert shifts.min() == pytest.approx(-6, abs=0.5)


@pytest.mark.parametrize("size", [48, 96])
def test_erasing_scales_with_the_image(size: int) -> None:
    blank = np.zeros((size, size, 1), np.uint8)
    erasing, rng = replace(STILL, erase_probability=1), np.random.default_rng(3)
    shares = [(augment(blank, erasing, rng) > 0).mean() for _ in range(50)]
    assert 0 < np.max(shares) <= (16 / 48) ** 2 + 0.01


@pytest.mark.parametrize(
    ("always", "holds"),
    [
        ({"light_probability": 1, "light": (0.25, 0.25)}, lambda a, b: b.mean() < a.mean() / 3),
        ({"light_probability": 1, "light": (1.7, 1.7)}, lambda a, b: (b == 255).mean() > 0.3),
        ({"noise_probability": 1}, lambda a, b: 0.5 < (b.astype(float) - a).std() < 7),
        ({"jpeg_probability": 1}, lambda a, b: 0 < np.abs(b.astype(float) - a).mean() < 64),
        ({"shrink_probability": 1}, lambda a, b: b.std() < 0.7 * a.std()),
    ],
    ids=["darker", "brighter, cut off", "noisy", "compressed", "fewer pixels"],
)
@pytest.mark.parametrize("form", [(48, 1), (64, 3)])
def test_a_camera_does_what_its_setting_says(always: dict, holds: Callable, form: tuple) -> None:
    image = face(*form)
    changed = augment(image, replace(STILL, **always), np.random.default_rng(4))
    assert (changed.shape, changed.dtype) == (image.shape, np.uint8)
    assert holds(image, changed)
