from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars, data_set, write_classes
from training.adapt import own
from training.adapt.own import load_replay, own_images, pool

SPEC = ModelSpec.load(SHIPPED_MODEL)


def test_some_of_the_models_classes_under_other_names(tmp_path: Path) -> None:
    data, _ = own_images(write_classes(tmp_path, 20, ["Happiness", "sadness"]), SPEC)
    assert {name: len(faces) for name, faces in data.splits.items()} == {
        "train": 28, "validation": 4, "test": 8
    }  # fmt: skip
    train = data.split("train")
    assert train.class_names == SPEC.labels
    assert {n: c for n, c in train.counts().items() if c} == {"happy": 14, "sad": 14}
    assert train.images.shape[1:] == (48, 48, 1)
    assert train.votes is not None
    assert not train.votes.any()


def test_what_the_model_does_not_know_is_left_out(tmp_path: Path) -> None:
    folder = write_classes(tmp_path, 6, ["happy", "sad", "contempt", "bored"])
    data, left_out = own_images(folder, SPEC)
    assert left_out == {"contempt": 6, "bored": 6}
    assert sum(len(faces) for faces in data.splits.values()) == 12


def test_five_of_each_are_enough_to_hold_one_out(tmp_path: Path) -> None:
    data, _ = own_images(write_classes(tmp_path, 5, ["happy", "sad", "fear"]), SPEC)
    assert data.split("test").counts()["happy"] == 1
    assert data.split("validation").counts()["happy"] == 1
    assert data.split("train").counts()["happy"] == 3


@pytest.mark.parametrize(
    ("usage", "splits"),
    [
        (["Training"] * 30 + ["PublicTest"] * 10, {"train": 24, "validation": 10, "test": 6}),
        (["Training"] * 40, {"train": 28, "validation": 4, "test": 8}),
    ],
)
def test_what_is_not_held_out_yet_is_drawn(
    usage: list[str], splits: dict[str, int], tmp_path: Path
) -> None:
    faces = bars(40, 1)
    np.savez(
        tmp_path / "own.npz",
        image=faces.images[..., 0],
        label=np.where(np.arange(40) % 2, 3, 5),
        usage=usage,
        person=np.arange(40),
    )
    data, _ = own_images(tmp_path / "own.npz", SPEC)
    assert {name: len(faces) for name, faces in data.splits.items()} == splits


def test_without_training_images_it_says_so(tmp_path: Path) -> None:
    write_classes(tmp_path / "test", 6, ["happy", "sad"])
    with pytest.raises(DataError, match=r"has no training images of expressions .* only test"):
        own_images(tmp_path, SPEC)


@pytest.mark.parametrize(
    ("per_class", "classes", "message"),
    [
        (4, ["happy", "sad"], "has 4 happy, 4 sad"),
        (9, ["happy", "bored"], "has 9 happy, 9 bored"),
        (9, ["bored", "tired"], "expected at least 5 images of each of two expressions"),
    ],
)
def test_too_little(per_class: int, classes: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        own_images(write_classes(tmp_path, per_class, classes), SPEC)


def test_a_model_without_a_ferplus_head_gets_none(tmp_path: Path) -> None:
    plain = SPEC.model_copy(update={"heads": (SPEC.head("expression"),)})
    assert own_images(write_classes(tmp_path, 6), plain)[0].split("train").votes is None


def test_what_is_held_out_as_test_is_not_touched(tmp_path: Path) -> None:
    data = load_replay(write_classes(tmp_path, 20), SPEC)
    assert list(data.splits) == ["train", "validation"]


def test_other_classes_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the data set has happy, sad"):
        load_replay(write_classes(tmp_path, 20, ["happy", "sad"]), SPEC)


def test_the_pool_has_as_many_of_each_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "POOL_PER_CLASS", 5)
    drawn = pool(data_set("before", {"train": 200, "validation": 20}))
    assert set(drawn.counts().values()) == {5}
