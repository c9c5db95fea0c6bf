"""Image files: unreadable, of mixed sizes, grey or coloured, with labels and without."""

from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from tests.training.samples import SIDE, random_faces, save_image, write_classes
from training.data.load import load, unlabelled


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty (0 bytes). Left out."),
        (b"notes", "is not an image that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "Left out."),
    ],
)
def test_an_unreadable_image_is_named_and_left_out(
    tmp_path: Path, content: bytes, message: str
) -> None:
    write_classes(tmp_path / "train", 2)
    write_classes(tmp_path / "val", 1)
    (tmp_path / "train" / "fear" / "bad one.png").write_bytes(content)
    dataset = load(tmp_path)
    assert {k: len(v) for k, v in dataset.splits.items()} == {"train": 14, "validation": 7}
    assert [p.place for p in dataset.problems] == ["train/fear/bad one.png"]
    assert message in dataset.problems[0].message


@pytest.mark.parametrize("side", [(SIDE, SIDE + 4), (SIDE + 4, SIDE + 4)])
def test_mixed_sizes_need_a_choice(tmp_path: Path, side: tuple[int, int]) -> None:
    write_classes(tmp_path / "train", 2)
    save_image(tmp_path / "train" / "sad" / "x.png", np.zeros(side, np.uint8))
    with pytest.raises(DataError, match=r"one size, but train/sad/x\.png is 20 × \d+ pixels, and"):
        load(tmp_path)
    dataset = load(tmp_path, size=24)
    assert dataset.split("train").images.shape[1:] == (24, 24, 1)


def test_scaling_keeps_proportions(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 2, classes=["happy", "sad"])
    write_classes(tmp_path / "val", 1, classes=["happy", "sad"])
    wide = np.zeros((20, 40), np.uint8)
    wide[:, 10:30] = 200  # the centre square
    save_image(tmp_path / "train" / "sad" / "999.png", wide)
    train = load(tmp_path, size=20).split("train")
    assert (train.images[-1] == 200).all()


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_colour(tmp_path: Path, channels: int | None) -> None:
    write_classes(tmp_path / "train", 1, classes=["happy", "sad"])
    write_classes(tmp_path / "val", 1, classes=["happy", "sad"])
    red = np.zeros((SIDE, SIDE, 3), np.uint8)
    red[..., 0] = 255
    save_image(tmp_path / "train" / "sad" / "red.png", red)
    train = load(tmp_path, channels=channels).split("train")
    assert train.images.shape == (3, SIDE, SIDE, channels or 3)
    grey = random_faces(2)[1]
    np.testing.assert_array_equal(train.images[1], np.repeat(grey[..., None], channels or 3, 2))
    expected = 76 if channels == 1 else [255, 0, 0]
    assert (train.images[2] == expected).all()


def test_a_grey_image_saved_as_rgb_is_grey(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for name, face in zip(("happy", "sad"), random_faces(2), strict=True):
            save_image(tmp_path / split / name / "a.png", np.repeat(face[..., None], 3, axis=2))
    assert load(tmp_path).split("train").images.shape == (2, SIDE, SIDE, 1)


def test_only_unreadable_images(tmp_path: Path) -> None:
    for name in ("happy", "sad"):
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "a.png").write_bytes(b"")
    with pytest.raises(
        DataError, match=r"no face that can be used; 2 problems\n  train/happy/a\.png"
    ):
        load(tmp_path)


def test_unlabelled_images(tmp_path: Path) -> None:
    faces = random_faces(3)
    for i, face in enumerate(faces):
        save_image(tmp_path / f"sub {i}" / "a.png", face)
    (tmp_path / "bad.png").write_bytes(b"")
    found = unlabelled(tmp_path)
    np.testing.assert_array_equal(found.images[..., 0], faces)
    assert found.origins.tolist() == ["sub 0/a.png", "sub 1/a.png", "sub 2/a.png"]
    assert [p.place for p in found.problems] == ["bad.png"]


def test_no_unlabelled_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no face that can be used; 0 problems"):
        unlabelled(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        unlabelled(tmp_path / "nowhere")
