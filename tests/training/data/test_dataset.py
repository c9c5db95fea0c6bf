"""Arrays of faces, what is dropped from them, and how faces without a split get one."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.errors import DataError
from fer.labels import FER2013_LABELS, FERPLUS_LABELS
from tests.samples import ROOT
from tests.training.samples import random_faces
from training.data.dataset import DataSet, LabelledFaces, choose, concatenated, joined
from training.data.folders import FaceStack, fit_images
from training.data.load import clean, stratified, vote_distribution


def some_faces(n: int, seed: int = 0, votes: np.ndarray | None = None) -> LabelledFaces:
    images = random_faces(n, seed)[..., None]
    return LabelledFaces(images, np.arange(n) % 7, FER2013_LABELS, votes)


@pytest.mark.parametrize("n", [0, 1, 9, 5000])
def test_every_question_has_an_answer_for_any_number(n: int) -> None:
    faces = some_faces(n)
    assert len(faces) == sum(faces.counts().values()) == n
    assert len(set(faces.digests())) == n
    assert faces.blank().tolist() == [False] * n
    assert len(faces.take(np.zeros(n, bool))) == 0
    kept, dropped = clean(faces, some_faces(0))
    assert len(kept) == n
    assert dropped == {"blank": 0, "not a face": 0, "also held out": 0}


def test_images_and_labels_must_match() -> None:
    with pytest.raises(ValueError, match=r"expected images \(n, size, size, channels\)"):
        LabelledFaces(np.zeros((2, 48, 48, 1), np.uint8), np.zeros(3, np.int64), FER2013_LABELS)
    with pytest.raises(ValueError, match=r"got \(2, 48, 48\)"):
        LabelledFaces(np.zeros((2, 48, 48), np.uint8), np.zeros(2, np.int64), FER2013_LABELS)


def test_clean_drops_each_face_for_its_first_reason() -> None:
    votes = np.zeros((6, 10), np.uint8)
    votes[:, 0], votes[1, 9], votes[2, 9] = 4, 6, 4
    train = some_faces(6, votes=votes)
    train.images[0] = 128
    held_out = train.take(np.array([0, 1, 3]))
    kept, dropped = clean(train, held_out)
    assert dropped == {"blank": 1, "not a face": 1, "also held out": 1}
    np.testing.assert_array_equal(kept.images, train.images[[2, 4, 5]])
    np.testing.assert_array_equal(kept.labels, [2, 4, 5])
    assert kept.votes is not None
    assert len(kept.votes) == 3


@pytest.mark.parametrize(
    ("held_out", "new"),
    [([], []), ([6, 7], [True, True]), ([0, 6, 5], [False, True, False]), ([2], [False])],
    ids=["no faces", "none in train", "some in train", "all in train"],
)
def test_a_face_is_new_if_train_does_not_hold_it(held_out: list[int], new: list[bool]) -> None:
    faces = some_faces(8)
    # A copy with another label is the same picture.
    validation = faces.take(np.array(held_out, np.int64))
    validation.labels[:] = 3
    splits = {"train": faces.take(slice(6)), "validation": validation}
    assert DataSet("d", "", splits).new_among(splits["validation"]).tolist() == new


def test_places_follow_their_faces() -> None:
    faces = some_faces(4)
    placed = LabelledFaces(*vars(faces).values()).take(np.array([1]))
    assert placed.origins is None
    named = LabelledFaces(
        faces.images, faces.labels, faces.class_names, origins=np.array(list("abcd"))
    )
    chosen = named.take(np.array([3, 0])).origins
    assert chosen is not None
    assert chosen.tolist() == ["d", "a"]


@pytest.mark.parametrize(
    ("votes", "shares", "weight"),
    [
        ([0] * 10, [0.0] * 8, 0),
        ([0, 0, 0, 0, 0, 0, 0, 0, 4, 6], [0.0] * 8, 0),
        ([5, 3, 0, 0, 0, 0, 0, 0, 1, 1], [0.625, 0.375, *[0.0] * 6], 1),
    ],
)
def test_vote_distribution(votes: list[int], shares: list[float], weight: int) -> None:
    found, weights = vote_distribution(np.array([votes], np.uint8))
    np.testing.assert_allclose(found, [shares])
    assert found.shape == (1, len(FERPLUS_LABELS))
    assert weights.tolist() == [weight]


def test_no_votes_at_all() -> None:
    shares, weights = vote_distribution(np.zeros((0, 10), np.uint8))
    assert (shares.shape, weights.shape) == ((0, 8), (0,))


def test_choosing_nothing_from_nothing() -> None:
    with pytest.raises(DataError, match="got none; the data set has none"):
        choose([], None)


counts_per_class = st.lists(st.integers(0, 60), min_size=1, max_size=5)


@given(counts=counts_per_class, seed=st.integers(0, 2**32), share=st.floats(0.01, 0.9))
def test_a_stratified_draw(counts: list[int], seed: int, share: float) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    names = tuple("abcde"[: len(counts)])
    chosen = stratified(labels, names, seed, share)
    assert chosen.shape == labels.shape
    assert (chosen == stratified(labels, names, seed, share)).all()
    for label, count in enumerate(counts):
        drawn = int(chosen[labels == label].sum())
        assert (drawn == 0) if count < 2 else (1 <= drawn < count)
        assert abs(drawn - share * count) <= 1


def test_another_seed_draws_others() -> None:
    labels = np.zeros(200, np.int64)
    first, second = (stratified(labels, ("a",), seed, 0.1) for seed in (0, 1))
    assert first.sum() == second.sum() == 20
    assert (first & second).sum() < 15


@given(
    n=st.integers(0, 3),
    side=st.integers(16, 40),
    size=st.integers(16, 64),
    channels=st.sampled_from([1, 3]),
    wanted=st.sampled_from([1, 3]),
)
def test_an_even_grey_survives_any_fitting(
    n: int, side: int, size: int, channels: int, wanted: int
) -> None:
    images = np.full((n, side, side, channels), 77, np.uint8)
    fitted = fit_images(images, size, wanted)
    assert fitted.shape == (n, size, size, wanted)
    assert (fitted == 77).all()


def test_a_stack_that_stays_empty() -> None:
    assert FaceStack(0, None, None).array().shape == (0, 48, 48, 1)
    assert FaceStack(5, 20, 3).array().shape == (0, 20, 20, 3)


def test_reading_data_does_not_load_keras() -> None:
    heavy = "{'tensorflow', 'keras'}"
    code = f"import training.commands.data_sets, sys; print({heavy} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def data_set(name: str, sizes: dict[str, int], votes: bool = False) -> DataSet:
    splits = {}
    for seed, (split, size) in enumerate(sizes.items()):
        table = np.ones((size, 10), np.uint8) if votes else None
        splits[split] = some_faces(size, seed, table)
    return DataSet(name, f"hash of {name}", splits)


def test_several_data_sets_are_one_whose_faces_know_their_domain() -> None:
    first = data_set("a.npz", {"train": 9, "validation": 3, "test": 2}, votes=True)
    second = data_set("b.npz", {"train": 5, "validation": 2})
    both = joined({"posed": first, "press": second})
    assert both.name == "a.npz + b.npz"
    assert both.sha256 not in (first.sha256, second.sha256)
    assert both.sources == {"posed": first.sha256, "press": second.sha256}
    sizes = {
        split: {name: len(part) for name, part in faces.by_domain().items()}
        for split, faces in both.splits.items()
    }
    assert sizes == {
        "train": {"posed": 9, "press": 5},
        "validation": {"posed": 3, "press": 2},
        "test": {"posed": 2},
    }
    votes = both.split("train").votes
    assert votes is not None
    assert votes.sum(axis=1).tolist() == [10] * 9 + [0] * 5  # nobody voted on the others


def test_one_data_set_is_no_domain() -> None:
    alone = data_set("a.npz", {"train": 3})
    assert joined({"posed": alone}) is alone
    assert list(alone.split("train").by_domain()) == [""]
    assert concatenated([alone.split("train")]) is alone.split("train")


def test_data_sets_of_other_classes_are_not_joined() -> None:
    images = random_faces(2)[..., None]
    two = LabelledFaces(images, np.arange(2), ("happy", "sad"))
    with pytest.raises(DataError, match=r"expected data sets of the same classes; a.npz has angry"):
        joined({"a": data_set("a.npz", {"train": 3}), "b": DataSet("b.npz", "", {"train": two})})
