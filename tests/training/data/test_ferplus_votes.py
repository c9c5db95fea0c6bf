"""FER+ beside the faces: joined by row, or not at all."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.samples import (
    VOTE_COLUMNS,
    VOTE_OF_LABEL,
    pixels,
    random_faces,
    save_image,
    write_csv,
    write_votes,
)
from training.data.dataset import DataSet
from training.data.load import NOT_A_FACE, load

LABELS = np.tile(np.arange(7), 6)
FACES = random_faces(len(LABELS))


def write_table(folder: Path) -> None:
    rows = [
        (y, pixels(f), "PublicTest" if i >= 35 else "Training")
        for i, (y, f) in enumerate(zip(LABELS, FACES, strict=True))
    ]
    write_csv(folder / "fer2013.csv", ["emotion", "pixels", "Usage"], rows)


def write_folder(folder: Path, name: str = "Training_{row}.png") -> None:
    for row, (label, face) in enumerate(zip(LABELS, FACES, strict=True)):
        class_name = ["anger", "disgust", "fear", "happy", "sad", "surprise", "neutral"][label]
        save_image(folder / "train" / class_name / name.format(row=row), face)


def assert_votes_follow_labels(dataset: DataSet) -> None:
    for faces in dataset.splits.values():
        assert faces.votes is not None
        assert faces.votes.dtype == np.uint8
        assert faces.votes.argmax(axis=1).tolist() == [VOTE_OF_LABEL[y] for y in faces.labels]
        assert (faces.votes.sum(axis=1) == 10).all()


def test_without_the_table_there_are_no_votes(tmp_path: Path) -> None:
    write_table(tmp_path)
    assert load(tmp_path).split("train").votes is None


@pytest.mark.parametrize("beside", [".", ".."])
def test_votes_for_a_table(tmp_path: Path, beside: str) -> None:
    write_table(tmp_path / "data")
    alone = load(tmp_path / "data").sha256
    write_votes((tmp_path / "data" / beside).resolve() / "fer2013new.csv", LABELS)
    dataset = load(tmp_path / "data")
    assert_votes_follow_labels(dataset)
    assert dataset.sha256 != alone
    assert_votes_follow_labels(load(tmp_path / "data" / "fer2013.csv"))


@pytest.mark.parametrize("name", ["Training_{row}.png", "fer{row:07d}.png"])
def test_votes_for_images_by_their_number(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path, name)
    write_votes(tmp_path / "fer2013new.csv", LABELS)
    assert_votes_follow_labels(load(tmp_path))


def test_rows_without_a_name_count_by_their_position(tmp_path: Path) -> None:
    write_table(tmp_path)
    names = ["" if i % 3 else f"fer{i:07d}.png" for i in range(len(LABELS))]
    write_votes(tmp_path / "fer2013new.csv", LABELS, names)
    assert_votes_follow_labels(load(tmp_path))


def test_rows_with_a_name_may_come_in_any_order(tmp_path: Path) -> None:
    write_table(tmp_path)
    names = [f"fer{i:07d}.png" for i in range(len(LABELS))]
    write_votes(tmp_path / "fer2013new.csv", LABELS[::-1], names[::-1])
    assert_votes_follow_labels(load(tmp_path))


def test_only_train_csv_is_in_the_order_of_fer2013(tmp_path: Path) -> None:
    for name, part in (("test", slice(21)), ("train", slice(21, 42)), ("val", slice(7))):
        rows = [(y, pixels(f)) for y, f in zip(LABELS[part], FACES[part], strict=True)]
        write_csv(tmp_path / f"{name}.csv", ["emotion", "pixels"], rows)
    write_votes(tmp_path / "fer2013new.csv", LABELS)
    totals = {}
    for name, faces in load(tmp_path).splits.items():
        assert faces.votes is not None
        totals[name] = set(faces.votes.sum(axis=1).tolist())
    assert totals == {"train": {10}, "validation": {0}, "test": {0}}


def test_a_wrong_row_before_does_not_shift_the_votes(tmp_path: Path) -> None:
    rows = [(y, pixels(f), "Training") for y, f in zip(LABELS, FACES, strict=True)]
    rows[3] = (9, *rows[3][1:])
    write_csv(tmp_path / "fer2013.csv", ["emotion", "pixels", "Usage"], rows)
    write_votes(tmp_path / "fer2013new.csv", LABELS)
    assert_votes_follow_labels(load(tmp_path))


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("{row}.png", LABELS, "expected file names such as Training_12.png"),
        ("Training_10{row}.png", LABELS, "are not rows of fer2013.csv"),
        ("Training_{row}.png", (LABELS + 1) % 7, "agree with only 0% of the labels"),
    ],
)
def test_votes_that_may_belong_to_other_faces_are_not_used(
    tmp_path: Path, name: str, labels: np.ndarray, message: str
) -> None:
    write_folder(tmp_path, name)
    write_votes(tmp_path / "fer2013new.csv", labels)
    dataset = load(tmp_path)
    assert dataset.split("train").votes is None
    assert message in next(p.message for p in dataset.problems if p.place == "fer2013new.csv")


def test_images_without_a_number_have_no_votes(tmp_path: Path) -> None:
    write_folder(tmp_path)
    save_image(tmp_path / "train" / "happy" / "mine.png", random_faces(1, seed=8)[0])
    write_votes(tmp_path / "fer2013new.csv", LABELS)
    votes = np.concatenate([faces.votes for faces in load(tmp_path).splits.values()])
    assert (votes.sum(axis=1) == 0).sum() == 1


def test_a_wrong_row_of_votes_is_named(tmp_path: Path) -> None:
    write_table(tmp_path)
    good = [0, 0, 0, 0, 9, 0, 0, 0, 0, 1]
    rows = [["Training", "fer0000000.png", *good], ["Training", "", *good[:9], "many"]]
    header = ["Usage", "Image name", *VOTE_COLUMNS]
    write_csv(tmp_path / "fer2013new.csv", header, [*rows, *[rows[0]] * 40])
    dataset = load(tmp_path)
    assert "fer2013new.csv, line 3" in [p.place for p in dataset.problems]


def test_a_table_of_votes_of_another_kind_is_not_used(tmp_path: Path) -> None:
    write_table(tmp_path)
    write_csv(tmp_path / "fer2013new.csv", ["a", "b"], [[1, 2]])
    dataset = load(tmp_path)
    assert dataset.split("train").votes is None
    assert "not used" in next(p.message for p in dataset.problems if p.place == "fer2013new.csv")
    assert VOTE_COLUMNS[NOT_A_FACE] == "NF"
