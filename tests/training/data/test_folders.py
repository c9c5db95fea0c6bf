"""Folders of images: with and without splits, nested, and with all that goes wrong in them."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from tests.training.samples import random_faces, save_image, write_classes
from training.data.dataset import DataSet
from training.data.load import load, unlabelled


def sizes(dataset: DataSet) -> dict[str, int]:
    return {name: len(faces) for name, faces in dataset.splits.items()}


@pytest.mark.parametrize("around", [(), ("FER2013",), ("dataset", "FER2013", "archive")])
@pytest.mark.parametrize("validation", ["validation", "val", "Valid"])
def test_train_validation_test(tmp_path: Path, around: tuple[str, ...], validation: str) -> None:
    root = tmp_path.joinpath(*around)
    for seed, (split, n) in enumerate((("train", 3), (validation, 2), ("test", 1))):
        write_classes(root / split, n, seed=seed)
    dataset = load(tmp_path)
    assert sizes(dataset) == {"train": 21, "validation": 14, "test": 7}
    assert dataset.problems == ()
    test = dataset.split("test")
    assert test.class_names == FER2013_LABELS
    assert test.origins is not None
    for place, image, label in zip(test.origins, test.images, test.labels, strict=True):
        assert place == f"test/{FER2013_LABELS[label]}/000.png"
        expected = random_faces(7, seed=2)[label]
        np.testing.assert_array_equal(image[..., 0], expected)


def test_prefixes_in_the_test_folder_say_the_split(tmp_path: Path) -> None:
    faces = iter(random_faces(100))
    for name in ("happy", "sad"):
        for i in range(10):
            save_image(tmp_path / "train" / name / f"Training_{i}.png", next(faces))
        for i, usage in enumerate(["PublicTest", "PublicTest", "PrivateTest"]):
            save_image(tmp_path / "test" / name / f"{usage}_{i}.png", next(faces))
    dataset = load(tmp_path)
    assert sizes(dataset) == {"train": 20, "validation": 4, "test": 2}
    assert dataset.problems == ()


def test_validation_is_drawn_from_train_where_there_is_none(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 10)
    write_classes(tmp_path / "test", 2, seed=1)
    dataset = load(tmp_path)
    assert sizes(dataset) == {"train": 63, "validation": 7, "test": 14}
    assert [p.place for p in dataset.problems] == ["validation"]
    assert "7 of 70 training faces were drawn" in dataset.problems[0].message


def test_class_folders_without_splits(tmp_path: Path) -> None:
    write_classes(tmp_path, 20, classes=["zebra", "ape"])
    dataset = load(tmp_path)
    assert sizes(dataset) == {"train": 28, "validation": 4, "test": 8}
    assert dataset.split("train").class_names == ("ape", "zebra")
    assert {p.place for p in dataset.problems} == {"validation", "test"}


def test_aliases_case_and_folders_of_the_same_class(tmp_path: Path) -> None:
    for i, name in enumerate(["Anger", "HAPPINESS", "happy", "Suprise"]):
        for split in ("train", "val"):
            save_image(tmp_path / split / name / "a b.PNG", random_faces(1, seed=i)[0])
    train = load(tmp_path).split("train")
    assert train.counts() == {"angry": 1, "happy": 2, "surprise": 1}


def test_names_with_blanks_and_letters_beyond_ascii(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "überrascht")
    for split, name in (("train", "überrascht"), ("val", decomposed)):
        for name_ in (name, "sehr müde"):
            save_image(tmp_path / split / name_ / "bild nr 1 – ä.png", random_faces(1)[0])
    dataset = load(tmp_path)
    assert dataset.split("validation").counts() == {"sehr müde": 1, "überrascht": 1}


def test_folders_of_people_inside_the_class_folders(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for i, name in enumerate(["happy", "sad"]):
            save_image(tmp_path / split / name / "person 1" / "a.png", random_faces(2)[i])
    assert sizes(load(tmp_path)) == {"train": 2, "test": 2}


def test_litter_is_passed_over(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 2)
    write_classes(tmp_path / "val", 1)
    write_classes(tmp_path / "__MACOSX" / "train", 1)
    (tmp_path / "train" / "happy" / ".DS_Store").write_bytes(b"\0")
    (tmp_path / "train" / "happy" / "Thumbs.db").write_bytes(b"\0")
    (tmp_path / "readme.txt").write_text("about")
    dataset = load(tmp_path)
    assert sizes(dataset) == {"train": 14, "validation": 7}
    assert dataset.problems == ()


def test_gaps_are_named(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 2, classes=["happy", "sad", "fear"])
    write_classes(tmp_path / "val", 1, classes=["happy", "sad"])
    (tmp_path / "test" / "happy").mkdir(parents=True)
    save_image(tmp_path / "train" / "stray.png", random_faces(1)[0])
    problems = {p.place: p.message for p in load(tmp_path).problems}
    assert problems == {
        "train": "images outside the class folders were left out: 1.",
        "validation": "has no faces of fear.",
        "test": "expected images in class folders, found none.",
    }


def test_a_test_folder_without_labels_is_named_and_left_out(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 2)
    for i, face in enumerate(random_faces(3)):
        save_image(tmp_path / "test" / f"{i}.png", face)
    dataset = load(tmp_path)
    assert sizes(dataset) == {"train": 7, "validation": 7}
    messages = [p.message for p in dataset.problems if p.place == "test"]
    assert "images outside the class folders were left out: 3." in messages
    assert len(unlabelled(tmp_path / "test")) == 3


def test_without_train_the_rest_can_still_be_evaluated(tmp_path: Path) -> None:
    write_classes(tmp_path / "test", 2)
    dataset = load(tmp_path)
    assert sizes(dataset) == {"test": 14}
    assert "nothing can be trained" in str(dataset.problems[0])
    with pytest.raises(DataError, match="has no split 'train'; it has test"):
        dataset.split("train")


def test_some_classes(tmp_path: Path) -> None:
    write_classes(tmp_path, 20)
    (tmp_path / "fear" / "bad.png").write_bytes(b"")
    every = load(tmp_path)
    some = load(tmp_path, classes=["surprised", "ANGRY"])
    assert some.split("train").class_names == ("angry", "surprise")
    assert not any("bad.png" in p.place for p in some.problems)
    for split, faces in some.splits.items():
        names = np.array(every.split(split).class_names)[every.split(split).labels]
        whole = every.split(split).take(np.isin(names, ["angry", "surprise"]))
        assert faces.origins is not None
        assert whole.origins is not None
        assert faces.origins.tolist() == whole.origins.tolist()


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "at least two classes to tell apart, got none"),
        (["happy"], "at least two classes to tell apart, got happy"),
        (["happy", "joy"], "at least two classes to tell apart, got happy"),
        (["happy", "bored"], "no class bored here; the data set has angry, disgust, fear, happy"),
    ],
)
def test_classes_that_do_not_fit(tmp_path: Path, classes: list[str], message: str) -> None:
    write_classes(tmp_path / "train", 1)
    with pytest.raises(DataError, match=message):
        load(tmp_path, classes=classes)


def test_nothing_that_is_known(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("no data")
    with pytest.raises(DataError, match=r"holds no data set that is known here\. Expected one of"):
        load(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"neither a folder nor \.csv, \.npz or \.zip"):
        load(tmp_path / "notes.txt")


def test_folders_of_one_class(tmp_path: Path) -> None:
    write_classes(tmp_path / "faces", 2, ["happy"])
    for path in (tmp_path, tmp_path / "faces"):
        with pytest.raises(DataError, match=r"faces has images of only one class, happy"):
            load(path)


def test_several_data_sets(tmp_path: Path) -> None:
    write_classes(tmp_path / "one" / "train", 1)
    write_classes(tmp_path / "two" / "train", 1)
    with pytest.raises(DataError, match=r"holds several data sets.*one.*two.*path of one"):
        load(tmp_path)


def test_the_hash_follows_names_and_contents_alone(tmp_path: Path) -> None:
    for root in ("a", "b"):
        write_classes(tmp_path / root / "train", 2)
    first = load(tmp_path / "a").sha256
    assert load(tmp_path / "b").sha256 == first
    file = tmp_path / "b" / "train" / "sad" / "000.png"
    file.rename(file.with_name("other.png"))
    renamed = load(tmp_path / "b").sha256
    save_image(file.with_name("other.png"), random_faces(1, seed=9)[0])
    assert len({first, renamed, load(tmp_path / "b").sha256}) == 3
