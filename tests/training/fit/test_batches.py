"""What a batch holds: pictures that change with every epoch, and how much each face counts."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.training.samples import bars
from training.fit.batches import Mixture, Mixup, TrainingBatches, targets_and_weights
from training.presets.schema import NONE, Augmentation

BOTH = (EXPRESSION_HEAD, FERPLUS_HEAD)


@pytest.mark.parametrize(
    ("votes", "weights"),
    [
        ([], []),
        ([[0] * 10], [0]),
        ([[0, 0, 0, 0, 0, 0, 0, 0, 4, 6]], [0]),
        ([[0, 0, 0, 0, 0, 0, 0, 1, 0, 9]], [1]),
        ([[7, 3, 0, 0, 0, 0, 0, 0, 0, 0], [0] * 10, [0, 9, 0, 0, 0, 0, 0, 0, 1, 0]], [1, 0, 1]),
    ],
    ids=["no faces", "no votes", "none for an expression", "one for an expression", "mixed"],
)
def test_a_face_without_a_vote_for_an_expression_teaches_nothing_about_votes(
    votes: list, weights: list
) -> None:
    count = len(votes)
    cast = np.array(votes, np.uint8).reshape(count, 10)
    targets, found = targets_and_weights(dataclasses.replace(bars(count, 1), votes=cast), BOTH)
    assert found[FERPLUS_HEAD].tolist() == weights
    assert targets[FERPLUS_HEAD].sum(axis=1) == pytest.approx(np.array(weights))
    assert found[EXPRESSION_HEAD].tolist() == [1] * count, "its label counts all the same"


def test_weights_stay_with_their_faces() -> None:
    faces = bars(8, 1)
    faces.votes[::2] = 0
    batches = TrainingBatches(faces, heads=BOTH, batch_size=8, augmentation=NONE, seed=1)
    images, _, weights = batches[0]
    with_votes = {image.tobytes() for image in faces.images[1::2]}
    has_votes = [image.astype(np.uint8).tobytes() in with_votes for image in images]
    assert weights[FERPLUS_HEAD].tolist() == has_votes


@pytest.mark.parametrize("changes", [Augmentation(), dataclasses.replace(NONE, shift=5)])
def test_each_epoch_changes_the_pictures_anew(changes: Augmentation) -> None:
    """One face a batch: the order cannot make the difference."""

    def begun(first_epoch: int) -> TrainingBatches:
        return TrainingBatches(
            bars(1, 1),
            heads=BOTH,
            batch_size=1,
            augmentation=changes,
            seed=1,
            first_epoch=first_epoch,
        )

    batches, seen = begun(0), []
    for epoch in range(4):
        images = batches[0][0]
        assert (images == batches[0][0]).all(), "but within an epoch it is the same"
        assert (images == begun(epoch)[0][0]).all(), "and a run that goes on sees it too"
        seen.append(images.tobytes())
        batches.on_epoch_end()
    assert len(set(seen)) == 4


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
    labels = np.array([0] * own + pool, np.int64)
    mixture = Mixture(own, labels, least, replay, balanced)
    drawn = mixture.draw(np.random.default_rng(seed))
    assert len(drawn) == len(mixture)
    shown = drawn[drawn < own]
    assert len(shown) >= max(own, least)
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


@pytest.mark.parametrize("seeds", [(1, 1), (1, 2)])
def test_the_draw_is_that_of_the_seed(seeds: tuple[int, int]) -> None:
    mixture = Mixture(4, np.arange(100) % 5, least=8, replay=2.0)
    first, second = (mixture.draw(np.random.default_rng(seed)).tolist() for seed in seeds)
    assert (first == second) is (seeds[0] == seeds[1])


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
