"""What a batch holds: pictures that change with every epoch, and how much each face counts."""

import dataclasses

import numpy as np
import pytest

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.training.samples import bars
from training.fit.batches import TrainingBatches, targets_and_weights
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
