"""Drawn faces: the same for the same seed, read back by the reader, and learnable."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from training.commands.data_sets import DEMO_DATA as COMMAND
from training.data.load import load
from training.demo.dataset import demo_face, write_demo_data
from training.demo.parameters import EXPRESSIONS


def test_every_expression_of_fer2013_can_be_drawn() -> None:
    assert set(EXPRESSIONS) == set(FER2013_LABELS)


@pytest.mark.parametrize("expression", FER2013_LABELS)
@pytest.mark.parametrize(("size", "colour"), [(16, False), (48, False), (48, True), (150, True)])
def test_a_face(expression: str, size: int, colour: bool) -> None:
    faces = [
        demo_face(expression, np.random.default_rng(seed), size=size, colour=colour)
        for seed in (1, 1, 2)
    ]
    assert faces[0].shape == (size, size, 3 if colour else 1)
    assert faces[0].dtype == np.uint8
    assert faces[0].std() > 10
    assert (faces[0] == faces[1]).all()
    assert (faces[0] != faces[2]).any()


def test_the_written_set_is_read_back_without_problems(tmp_path: Path) -> None:
    counts = write_demo_data(tmp_path / "demo", per_class=5)
    assert counts == {"train": 35, "validation": 7, "test": 7}
    dataset = load(tmp_path / "demo")
    assert dataset.problems == ()
    assert {name: len(faces) for name, faces in dataset.splits.items()} == counts
    train = dataset.split("train")
    assert train.images.shape == (35, 48, 48, 1)
    assert train.class_names == FER2013_LABELS
    digests = np.concatenate([faces.digests() for faces in dataset.splits.values()])
    assert len(set(digests)) == 49


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


def test_colours_arrive_as_drawn(tmp_path: Path) -> None:
    write_demo_data(tmp_path / "demo", per_class=8, colour=True, size=64, classes=["sad", "happy"])
    train = load(tmp_path / "demo").split("train")
    assert train.images.shape == (16, 64, 64, 3)
    centre = train.images[:, 24:40, 24:40].mean(axis=(0, 1, 2))
    assert centre[0] > centre[1] > centre[2]  # skin: most red, least blue


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_class": 0}, "at least 1 face per class"),
        ({"size": 8}, "16 pixels, got 200 and 8"),
        ({"classes": ["bored", "sad"]}, "no class bored here"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        write_demo_data(tmp_path / "demo", **options)
    assert not (tmp_path / "demo").exists()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(DataError, match="is not an empty folder"):
        write_demo_data(tmp_path, per_class=1)
    with pytest.raises(DataError, match="is not an empty folder"):
        write_demo_data(tmp_path / "mine.txt", per_class=1)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.full
def test_expressions_can_be_learnt_from_the_pixels() -> None:
    """Ridge regression on pixels, chance 14 %: were labels or drawing wrong, it would show."""
    rng = np.random.default_rng(0)
    labels = np.arange(700) % 7
    images = np.stack([demo_face(FER2013_LABELS[y], rng) for y in labels]).reshape(700, -1) / 255
    train, test = images[:560], images[560:]
    mean = train.mean(axis=0)
    gram = (train - mean) @ (train - mean).T
    weights = (train - mean).T @ np.linalg.solve(gram + 30 * np.eye(560), np.eye(7)[labels[:560]])
    accuracy = (((test - mean) @ weights).argmax(axis=1) == labels[560:]).mean()
    assert accuracy > 0.6


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    COMMAND.add_arguments(parser)
    arguments = ["--out", str(tmp_path / "a b"), "--per-class", "2", "--classes", "happy", "anger"]
    assert COMMAND.run(parser.parse_args(arguments)) == 0
    assert "4 train, 2 validation, 2 test faces" in capsys.readouterr().out
    assert load(tmp_path / "a b").split("test").counts() == {"angry": 1, "happy": 1}
