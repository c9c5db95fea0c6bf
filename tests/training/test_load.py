"""Arrays of faces, what is dropped from them, and how faces without a split get one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from tests.training.samples import random_faces, sizes, write_classes
from training.data.dataset import DataSet, LabelledFaces, choose, concatenated, joined
from training.data.layouts import fit_images
from training.data.load import by_group, clean, load, stratified, vote_distribution


def some_faces(n: int, seed: int = 0, votes: np.ndarray | None = None) -> LabelledFaces:
    images = random_faces(n, seed)[..., None]
    return LabelledFaces(images, np.arange(n) % 7, FER2013_LABELS, votes)


def test_clean_drops_each_face_for_its_first_reason() -> None:
    votes = np.zeros((6, 10), np.uint8)
    votes[:, 0], votes[1, 9], votes[2, 9] = 4, 6, 4  # a half is no majority
    train = some_faces(6, votes=votes)
    train.images[0], train.images[4] = 128, 128
    train.images[4, :8] += 2  # a deviation of one grey level is not blank
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
    assert weights.tolist() == [weight]
    assert vote_distribution(np.zeros((0, 10), np.uint8))[0].shape == (0, 8)


@pytest.mark.parametrize(
    ("name", "message"),
    [("uncertain", "is what the app says|which is what the app says"), ("a*b", "'a.b'; expected")],
)
def test_a_class_needs_a_name_of_its_own(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        choose(["happy", name], None)
    with pytest.raises(DataError, match="got none; the data set has none"):
        choose([], None)


@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    seed=st.integers(0, 2**32),
    share=st.floats(0.01, 0.9),
)
def test_a_stratified_draw(counts: list[int], seed: int, share: float) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    names = tuple("abcde"[: len(counts)])
    chosen = stratified(labels, names, seed, share)
    assert (chosen == stratified(labels, names, seed, share)).all()
    for label, count in enumerate(counts):
        drawn = int(chosen[labels == label].sum())
        assert (drawn == 0) if count < 2 else (1 <= drawn < count)
        assert abs(drawn - share * count) <= 1


@given(
    faces=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=60),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_a_draw_by_photo(faces: list[tuple[int, int]], seed: int) -> None:
    labels = np.array([label for label, _ in faces], np.int64)
    photos = np.array([f"{photo}.jpg" for _, photo in faces], np.str_)
    chosen = by_group(labels, photos, seed, 0.1, least=4)
    assert chosen.shape == labels.shape
    for photo in set(photos.tolist()):
        assert len(set(chosen[photos == photo].tolist())) == 1
    for label in set(labels.tolist()):
        assert not chosen[labels == label].all()


@pytest.mark.parametrize(
    ("per_class", "held_out"), [(3, (1, 1)), (10, (2, 1)), (20, (4, 2)), (60, (6, 5))]
)
def test_of_each_class_a_tenth_is_drawn_and_of_a_small_one_a_fifth_for_test(
    per_class: int, held_out: tuple[int, int], tmp_path: Path
) -> None:
    data = load(write_classes(tmp_path, per_class, classes=["zebra", "ape"]))
    test, validation = held_out
    assert sizes(data) == {
        "train": 2 * (per_class - test - validation), "validation": 2 * validation, "test": 2 * test
    }  # fmt: skip
    assert data.class_names == ("ape", "zebra")
    assert not data.names_splits
    said = {p.place: p.message for p in data.problems}
    assert f"{2 * test} of {2 * per_class} training faces were drawn" in said["test"]
    assert "split seed 0" in said["validation"]
    other = load(tmp_path, seed=1)
    assert sizes(other) == sizes(data)
    assert other.split("train").places != data.split("train").places


def test_validation_is_drawn_from_train_where_there_is_none(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 10)
    write_classes(tmp_path / "test", 2, seed=1)
    data = load(tmp_path)
    assert sizes(data) == {"train": 63, "validation": 7, "test": 14}
    assert [p.place for p in data.problems] == ["validation"]
    assert data.names_splits


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


def test_a_form_that_no_face_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="size of at least 16 pixels, got 15"):
        load(tmp_path, size=15)
    with pytest.raises(DataError, match=r"1 channel \(grey\) or 3"):
        load(tmp_path, channels=2)


def test_several_data_sets_are_one_whose_faces_know_their_domain() -> None:
    votes = [np.ones((n, 10), np.uint8) for n in (9, 3, 2)]
    parts = zip(("train", "validation", "test"), votes, strict=True)
    first = DataSet("a.npz", "1", {n: some_faces(len(v), 1, v) for n, v in parts})
    second = DataSet("b.npz", "2", {"train": some_faces(5, 2), "validation": some_faces(2, 3)})
    both = joined({"posed": first, "press": second})
    assert (both.name, both.sources) == ("a.npz + b.npz", {"posed": "1", "press": "2"})
    assert both.sha256 not in ("1", "2")
    found = {
        split: {name: len(part) for name, part in faces.by_domain().items()}
        for split, faces in both.splits.items()
    }
    assert found == {
        "train": {"posed": 9, "press": 5},
        "validation": {"posed": 3, "press": 2},
        "test": {"posed": 2},
    }
    held_out = {"validation": 3, "validation, press": 2, "test": 2}
    assert {name: len(faces) for name, faces in both.held_out().items()} == held_out
    known = both.split("train").votes
    assert known is not None
    assert known.sum(axis=1).tolist() == [10] * 9 + [0] * 5  # nobody voted on the others
    assert joined({"posed": first}) is first, "one data set is no domain"
    assert list(first.split("train").by_domain()) == [""]
    assert concatenated([first.split("train")]) is first.split("train")


def test_data_sets_of_other_classes_are_not_joined() -> None:
    two = LabelledFaces(random_faces(2)[..., None], np.arange(2), ("happy", "sad"))
    sets = {"a": DataSet("a.npz", "", {"train": some_faces(3)})}
    with pytest.raises(DataError, match=r"expected data sets of the same classes; a.npz has angry"):
        joined(sets | {"b": DataSet("b.npz", "", {"train": two})})
