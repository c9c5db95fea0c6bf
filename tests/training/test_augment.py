import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.augment import augment
from training.presets import Augmentation

STILL = Augmentation(
    rotate_degrees=0,
    scale=(1, 1),
    shift=0,
    flip=False,
    erase_probability=0,
    blur_probability=0,
)


def face(size: int = 48, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (size, size, channels), dtype=np.uint8)


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


def test_flip_mirrors_exactly() -> None:
    from dataclasses import replace

    flipping, rng = replace(STILL, flip=True), np.random.default_rng(0)
    results = [augment(face(), flipping, rng) for _ in range(20)]
    mirrored = [bool((r == face()[:, ::-1]).all()) for r in results]
    kept = [bool((r == face()).all()) for r in results]
    assert any(mirrored)
    assert any(kept)
    assert all(m != k for m, k in zip(mirrored, kept, strict=True))


@pytest.mark.parametrize("size", [48, 96])
def test_erasing_scales_with_the_image(size: int) -> None:
    from dataclasses import replace

    blank = np.zeros((size, size, 1), np.uint8)
    erasing, rng = replace(STILL, erase_probability=1), np.random.default_rng(3)
    shares = [(augment(blank, erasing, rng) > 0).mean() for _ in range(50)]
    assert 0 < np.max(shares) <= (16 / 48) ** 2 + 0.01
