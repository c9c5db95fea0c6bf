"""Drawn faces: the same for the same seed, read back by the reader, and learnable."""

from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from tests.training.samples import sizes
from training.__main__ import main
from training.data.load import load
from training.demo.dataset import demo_face, write_demo_data


@pytest.mark.parametrize("expression", FER2013_LABELS)
@pytest.mark.parametrize(("size", "colour"), [(16, False), (48, False), (150, True)])
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


def test_the_command_writes_what_is_read_back_without_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo-data", "--out", str(tmp_path / "a b"), "--per-class", "5"]) == 0
    assert "35 train, 7 validation, 7 test faces" in capsys.readouterr().out
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
