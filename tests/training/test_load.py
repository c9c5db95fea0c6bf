"""Arrays of faces, how they are split, and the commands about data sets."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from tests.training.samples import Ran, random_faces, sizes, write_classes
from training.data.dataset import DataSet, LabelledFaces, Problem, choose, concatenated, joined
from training.data.layouts import fit_images
from training.data.load import by_group, clean, load, stratified, vote_distribution
from training.data.summary import Contradiction, summarise
from training.demo_faces import demo_face, write_demo_data


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
    by_domain = {split: both.split_by_domain(split) for split in ("validation", "test")}
    counts = {split: [(n, len(f)) for n, f in one.items()] for split, one in by_domain.items()}
    assert counts == {
        "validation": [("validation", 3), ("validation, press", 2)],
        "test": [("test", 2)],
    }
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


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("angry", [95.8, 97.0, 112.0, 134.2, 150.5]),
        ("disgust", [96.2, 99.2, 110.8, 126.7, 151.1]),
        ("fear", [92.5, 101.4, 111.6, 133.7, 148.9]),
        ("happy", [94.0, 102.5, 111.4, 133.7, 152.1]),
        ("sad", [93.9, 100.5, 112.1, 130.4, 150.9]),
        ("surprise", [92.9, 102.0, 111.6, 126.9, 145.9]),
    ],
)
def test_a_face_is_drawn_as_ever(expression: str, rows: list[float]) -> None:
    """Brightness from the brows down to the chin; golden outputs rest on these faces."""
    face = demo_face(expression, np.random.default_rng(3))
    assert face.reshape(8, 6, 48).mean((1, 2))[2:7] == pytest.approx(rows, abs=0.3)


def test_the_command_writes_what_is_read_back_without_problems(tmp_path: Path, ran: Ran) -> None:
    said, _ = ran("demo-data", "--out", tmp_path / "a b", "--per-class", 5)
    assert "35 train, 7 validation, 7 test faces" in said
    data = load(tmp_path / "a b")
    assert (data.problems, sizes(data)) == ((), {"train": 35, "validation": 7, "test": 7})
    train = data.split("train")
    assert (train.images.shape, train.class_names) == ((35, 48, 48, 1), FER2013_LABELS)
    assert len(set(data.all_faces().digests())) == 49


def test_a_smaller_set_holds_the_same_faces(tmp_path: Path) -> None:
    write_demo_data(tmp_path / "large", per_class=6, seed=4)
    write_demo_data(tmp_path / "small", per_class=2, seed=4, classes=["sadness", "happy"])
    write_demo_data(tmp_path / "other", per_class=2, seed=5, classes=["sadness", "happy"])
    small = sorted(p.relative_to(tmp_path / "small") for p in (tmp_path / "small").rglob("*.png"))
    assert len(small) == 8
    for file in small:
        content = (tmp_path / "small" / file).read_bytes()
        assert content == (tmp_path / "large" / file).read_bytes()
        assert content != (tmp_path / "other" / file).read_bytes()


def test_colours_arrive_as_drawn_and_negatives_are_the_other_way_round(tmp_path: Path) -> None:
    known = {"per_class": 8, "colour": True, "size": 64, "classes": ["sad", "happy"]}
    write_demo_data(tmp_path / "demo", **known)
    write_demo_data(tmp_path / "negative", **known, negative=True)
    train = load(tmp_path / "demo").split("train")
    centre = train.images[:, 24:40, 24:40].mean(axis=(0, 1, 2))
    assert centre[0] > centre[1] > centre[2]  # skin: most red, least blue
    assert (load(tmp_path / "negative").split("train").images == 255 - train.images).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_class": 0}, "at least 1 face per class"),
        ({"size": 15}, "16 pixels, got 200 and 15"),
        ({"classes": ["bored", "sad"]}, "no class bored here"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        write_demo_data(tmp_path / "demo", **options)
    (tmp_path / "mine.txt").write_text("precious")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(DataError, match="is not an empty folder"):
            write_demo_data(place, per_class=1)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


NAMES = ("happy", "sad")


def faces(*contents: int, labels: list[int], votes: np.ndarray | None = None) -> LabelledFaces:
    """Images by number: equal numbers are equal images; a negative one is blank."""
    pool = random_faces(10)
    images = np.array([pool[c] if c >= 0 else np.full_like(pool[0], -c) for c in contents])
    return LabelledFaces(images.reshape(-1, 16, 16, 1), np.array(labels, int), NAMES, votes)


def dataset(*problems: Problem, **splits: LabelledFaces) -> DataSet:
    return DataSet("faces", "ab" * 32, splits, problems)


def test_repeats_blanks_and_contradictions() -> None:
    votes = np.zeros((6, 10), np.uint8)
    votes[:4, 0] = 1
    summary = summarise(
        dataset(
            train=faces(0, 0, 0, 1, 2, -9, labels=[0, 0, 1, 1, 1, 0], votes=votes),
            validation=faces(3, 3, labels=[0, 0]),
            test=faces(1, 2, 3, labels=[0, 1, 0]),
        )
    )
    assert summary.with_votes == {"train": 4, "validation": 0, "test": 0}
    assert summary.blank == {"train": 1, "validation": 0, "test": 0}
    assert summary.duplicates_within == {"train": 2, "validation": 1, "test": 0}
    assert summary.duplicates_across == {
        "train, validation": 0,
        "train, test": 2,
        "validation, test": 1,
    }
    assert summary.contradictions == (
        Contradiction(("train/0", "train/1", "train/2"), ("happy", "happy", "sad")),
        Contradiction(("train/3", "test/0"), ("sad", "happy")),
    )
    assert "3 copies: happy train/0; sad train/2" in summary.text()
    assert summary.text().startswith("faces: 16 × 16 pixels, grey, SHA-256 abababababab\n")
    assert summary.text().endswith("\nproblems: none")
    assert "with FER+ votes: train 4\nblank images: train 1\n" in summary.text()


def test_the_text_is_cut_where_the_record_is_not() -> None:
    problems = [Problem(f"file {i}", "is bad") for i in range(25)]
    summary = summarise(dataset(*problems, train=faces(0, labels=[0])))
    assert "problems: 25\n  file 0: is bad\n" in summary.text()
    assert "file 10" not in summary.text()
    assert summary.text().endswith("  and 15 more (--json shows all)")
    record = json.loads(json.dumps(dataclasses.asdict(summary)))
    assert record["problems"][24] == {"place": "file 24", "message": "is bad"}


def test_the_command_summarises_what_is_chosen(tmp_path: Path, ran: Ran) -> None:
    write_classes(tmp_path / "train", 4)
    write_classes(tmp_path / "val", 1, seed=1)
    command = ["data", "--data", tmp_path, "--classes", "sad", "joy", "--size", 20, "--channels", 3]
    record = json.loads(ran(*command, "--json")[0])
    assert record["counts"]["train"] == {"happy": 4, "sad": 4}
    assert (record["size"], record["channels"]) == (20, 3)
    printed, _ = ran(*command)
    assert "20 × 20 pixels, RGB" in printed
    rows = [line.split() for line in printed.splitlines()]
    assert ["class", "train", "validation"] in rows
    assert ["total", "8", "2"] in rows
    assert printed.endswith(f'train --preset small --data "{tmp_path}" --out models/mine\n')


@pytest.mark.parametrize(
    "error", [None, OSError("no route to host"), RuntimeError("403 Forbidden"), ImportError]
)
def test_fer2013_is_fetched_or_it_is_said_how(
    error: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ran: Ran
) -> None:
    """With a stand-in for kagglehub: no network."""

    def fetch(handle: str) -> str:
        assert handle == "msambare/fer2013"
        if error:
            raise error
        return str(tmp_path)

    package = None if error is ImportError else SimpleNamespace(dataset_download=fetch)
    monkeypatch.setitem(sys.modules, "kagglehub", package)
    out, err = ran("download", status=1 if error else 0)
    if not error:
        assert f'python -m training data --data "{tmp_path}"' in out
        return
    assert "By hand: sign in at https://www.kaggle.com/datasets/msambare/fer2013" in err
    if error is ImportError:
        assert "pip install kagglehub" in err
    else:
        assert f"{type(error).__name__}: {error}" in err
        assert "kaggle.json" in err
