"""Mixed faces: pictures and what is to be learnt of them are mixed alike."""

import numpy as np
import pytest

from tests.training.samples import bars
from training.fit.batches import TrainingBatches
from training.fit.mixup import Mixup
from training.presets.schema import NONE, Augmentation

HEADS = ("expression", "ferplus")


def batch(mixup: float) -> tuple:
    faces = bars(64, 1)
    return TrainingBatches(
        faces, heads=HEADS, batch_size=64, augmentation=NONE, seed=4, mixup=mixup
    )[0]


def test_no_face_mixes_with_none() -> None:
    mixture = Mixup.draw(0, 0.3, np.random.default_rng(1))
    images = mixture.images(np.zeros((0, 8, 8, 1), np.float32))
    targets, weights = mixture.targets(
        {"expression": np.zeros((0, 7), np.float32)}, {"expression": np.zeros(0, np.float32)}
    )
    assert (images.shape, targets["expression"].shape) == ((0, 8, 8, 1), (0, 7))
    assert weights["expression"].shape == (0,)


def test_targets_stay_shares_and_follow_the_pictures() -> None:
    plain, labels, _ = batch(0.0)
    images, targets, weights = batch(1.0)
    for head in HEADS:
        assert targets[head].sum(axis=1) == pytest.approx(np.ones(64), abs=1e-5)
        assert weights[head] == pytest.approx(np.ones(64))
    mixed = (targets["expression"].max(axis=1) < 0.99) & (targets["expression"].max(axis=1) > 0)
    assert mixed.sum() > 20
    # Where the target is nearly whole, so is the picture.
    whole = np.flatnonzero(targets["expression"].argmax(1) == labels["expression"].argmax(1))
    same = [np.corrcoef(images[i].ravel(), plain[i].ravel())[0, 1] for i in whole]
    assert np.corrcoef(same, targets["expression"][whole].max(axis=1))[0, 1] > 0.5


def test_contrast_decides_nothing() -> None:
    rng = np.random.default_rng(3)
    loud, quiet = rng.normal(128, 60, (8, 8, 1)), rng.normal(30, 5, (8, 8, 1))
    one_hot = {"expression": np.eye(2, dtype=np.float32)}
    for seed in range(20):
        mixture = Mixup.draw(2, 5.0, np.random.default_rng(seed))
        images = mixture.images(np.stack([loud, quiet]).astype(np.float32))
        targets, _ = mixture.targets(one_hot, {"expression": np.ones(2, np.float32)})
        for image, target in zip(images, targets["expression"], strict=True):
            likeness = [np.corrcoef(image.ravel(), x.ravel())[0, 1] for x in (loud, quiet)]
            if abs(target[0] - 0.5) > 0.1:
                assert np.argmax(likeness) == target.argmax()


def test_a_face_without_votes_brings_none_into_a_mixture() -> None:
    votes = np.float32([[0.75, 0.25], [0, 0]])
    for seed in range(10):
        mixture = Mixup.draw(2, 1.0, np.random.default_rng(seed))
        targets, weights = mixture.targets({"ferplus": votes}, {"ferplus": np.float32([1, 0])})
        counts = weights["ferplus"] > 1e-3
        assert targets["ferplus"][counts] == pytest.approx(np.tile(votes[0], (counts.sum(), 1)))


@pytest.mark.parametrize(
    ("mixup", "light", "certainty"), [(0.0, 349.28, 8.0), (0.3, 1024.0, 6.7291555)]
)
def test_what_chance_decides_stays_the_same(mixup: float, light: float, certainty: float) -> None:
    """The weights that ship come again only if chance is asked in the same order as ever."""
    batches = TrainingBatches(
        bars(8, 1), heads=HEADS, batch_size=8, augmentation=Augmentation(), seed=3, mixup=mixup
    )
    images, targets, _ = batches[0]
    assert images.mean(axis=(1, 2, 3)).sum() == pytest.approx(light, abs=0.5)
    assert targets["ferplus"].max(axis=1).sum() == pytest.approx(certainty, abs=1e-4)


def test_an_image_of_one_grey_stays_flat() -> None:
    mixture = Mixup.draw(4, 0.3, np.random.default_rng(1))
    assert mixture.images(np.full((4, 8, 8, 1), 77.0, np.float32)).std() == 0
