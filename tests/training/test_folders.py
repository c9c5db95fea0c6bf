"""Folders of images: with and without splits, nested, and with all that goes wrong in them."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.errors import DataError
from fer.labelled.table import LabelledFace, LabelRow, write_archive
from fer.labels import FER2013_LABELS
from tests.training.samples import SIDE, png, random_faces, save_image, sizes, write_classes
from training.data.load import load, unlabelled


@pytest.mark.parametrize("around", [(), ("FER2013",), ("dataset", "FER2013", "archive")])
@pytest.mark.parametrize("validation", ["validation", "val", "Valid"])
def test_train_validation_test(tmp_path: Path, around: tuple[str, ...], validation: str) -> None:
    root = tmp_path.joinpath(*around)
    for seed, (split, n) in enumerate((("train", 3), (validation, 2), ("test", 1))):
        write_classes(root / split, n, seed=seed)
    data = load(tmp_path)
    assert sizes(data) == {"train": 21, "validation": 14, "test": 7}
    assert (data.problems, data.class_names) == ((), FER2013_LABELS)
    test = data.split("test")
    for place, image, label in zip(test.places, test.images, test.labels, strict=True):
        assert place == f"test/{FER2013_LABELS[label]}/000.png"
        np.testing.assert_array_equal(image[..., 0], random_faces(7, seed=2)[label])
    with pytest.raises(DataError, match="has no split 'holiday'; it has train, validation, test"):
        data.split("holiday")


def test_prefixes_in_the_test_folder_say_the_split(tmp_path: Path) -> None:
    faces = iter(random_faces(100))
    for name in ("happy", "sad"):
        for i in range(10):
            save_image(tmp_path / "train" / name / f"Training_{i}.png", next(faces))
        for i, usage in enumerate(["PublicTest", "PublicTest", "PrivateTest"]):
            save_image(tmp_path / "test" / name / f"{usage}_{i}.png", next(faces))
    data = load(tmp_path)
    assert (sizes(data), data.problems) == ({"train": 20, "validation": 4, "test": 2}, ())


def test_aliases_case_and_folders_of_the_same_class(tmp_path: Path) -> None:
    for i, name in enumerate(["Anger", "HAPPINESS", "happy", "Suprise"]):
        for split in ("train", "val"):
            # Folders of people may stand in those of the classes.
            save_image(tmp_path / split / name / "person 1" / "a b.PNG", random_faces(1, seed=i)[0])
    train = load(tmp_path).split("train")
    assert train.counts() == {"angry": 1, "happy": 2, "surprise": 1}


def test_names_with_blanks_and_letters_beyond_ascii(tmp_path: Path) -> None:
    for split, form in (("train", "NFC"), ("val", "NFD")):
        for name in (unicodedata.normalize(form, "überrascht"), "sehr müde"):
            save_image(tmp_path / split / name / "bild nr 1 – ä.png", random_faces(1)[0])
    counts = load(tmp_path).split("validation").counts()
    assert counts == {"sehr müde": 1, "überrascht": 1}


def test_litter_is_passed_over(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 2)
    write_classes(tmp_path / "val", 1)
    write_classes(tmp_path / "__MACOSX" / "train", 1)
    for name in (".DS_Store", "Thumbs.db"):
        (tmp_path / "train" / "happy" / name).write_bytes(b"\0")
    (tmp_path / "readme.txt").write_text("about")
    data = load(tmp_path)
    assert (sizes(data), data.problems) == ({"train": 14, "validation": 7}, ())


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


def test_without_train_the_rest_can_still_be_evaluated(tmp_path: Path) -> None:
    write_classes(tmp_path / "test", 2)
    data = load(tmp_path)
    assert sizes(data) == {"test": 14}
    assert "nothing can be trained" in str(data.problems[0])
    with pytest.raises(DataError, match="has no split 'train'; it has test"):
        data.split("train")


def test_some_classes_are_split_as_all_are(tmp_path: Path) -> None:
    write_classes(tmp_path, 20)
    (tmp_path / "fear" / "bad.png").write_bytes(b"")
    every, some = load(tmp_path), load(tmp_path, classes=["surprised", "ANGRY"])
    assert some.class_names == ("angry", "surprise")
    assert not any("bad.png" in p.place for p in some.problems)
    for split, faces in some.splits.items():
        whole = every.split(split)
        assert faces.places == whole.take(np.isin(whole.names, ["angry", "surprise"])).places


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "at least two classes to tell apart, got none"),
        (["happy", "joy"], "at least two classes to tell apart, got happy"),
        (["happy", "bored"], "no class bored here; the data set has angry, disgust, fear, happy"),
    ],
)
def test_classes_that_do_not_fit(tmp_path: Path, classes: list[str], message: str) -> None:
    write_classes(tmp_path / "train", 1)
    with pytest.raises(DataError, match=message):
        load(tmp_path, classes=classes)


def test_nothing_that_is_known_or_too_much(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("no data")
    with pytest.raises(DataError, match=r"holds no data set that is known here\. Expected one of"):
        load(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"neither a folder nor \.csv, \.tsv, \.npz, \.zip or"):
        load(tmp_path / "notes.txt")
    write_classes(tmp_path / "faces", 2, ["happy"])
    for path in (tmp_path, tmp_path / "faces"):
        with pytest.raises(DataError, match=r"faces has images of only one class, happy"):
            load(path)
    for name in ("one", "two"):
        write_classes(tmp_path / name / "train", 1)
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
    data = load(tmp_path)
    assert sizes(data) == {"train": 14, "validation": 7}
    assert [p.place for p in data.problems] == ["train/fear/bad one.png"]
    assert message in data.problems[0].message
    for path in (tmp_path / "train").rglob("*.png"):
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"can be used; 15 problems\n  angry/000\.png"):
        load(tmp_path / "train")


@pytest.mark.parametrize("side", [(SIDE, SIDE + 4), (SIDE + 4, SIDE + 4)])
def test_images_of_several_sizes_are_scaled_to_one(tmp_path: Path, side: tuple[int, int]) -> None:
    """In whichever order they come."""
    for name in ("angry", "neutral"):
        folder = tmp_path / name
        write_classes(folder / "train", 2)
        save_image(folder / "train" / name / "000.png", np.full(side, 90, np.uint8))
        data = load(folder)
        (found,) = [problem for problem in data.problems if problem.place == "size"]
        assert f"{side[1]} × {side[0]}" in found.message
        same = load(folder, size=48)
        for split, faces in data.splits.items():
            np.testing.assert_array_equal(faces.images, same.split(split).images)
        assert load(folder, size=24).split("train").images.shape[1:] == (24, 24, 1)


def test_names_of_classes_are_listed_as_understood(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 2, ["smile", "Sad", "cry", "üzgün"])
    write_classes(tmp_path / "val", 1, ["smile", "sad", "cry", "üzgün"])
    read, kept = (problem.message for problem in load(tmp_path).problems)
    assert read == "read smile as happy."
    assert kept.startswith("kept as classes of their own, since they are no expression known here")
    assert "known here: cry, üzgün. Rename them" in kept
    assert load(tmp_path, classes=["happy", "sad"]).problems[0].message == read


def test_class_folders_called_by_numbers_are_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", 2, ["0", "1", "happy", "sad"])
    write_classes(tmp_path / "val", 1, ["0", "1", "happy", "sad"])
    with pytest.raises(
        DataError, match=r"called 0, 1\. .* Rename the folders, for example to angry"
    ):
        load(tmp_path)
    assert load(tmp_path, classes=["happy", "sad"]).class_names == ("happy", "sad")


def test_tiff_images_are_read(tmp_path: Path) -> None:
    """As in JAFFE."""
    faces = random_faces(4)
    for number, face in enumerate(faces):
        file = tmp_path / "train" / ("happy", "sad")[number % 2] / f"KA.{number}.tiff"
        file.parent.mkdir(parents=True, exist_ok=True)
        PillowImage.fromarray(face).save(file)
    found = load(tmp_path).all_faces()
    assert sorted(image.tobytes() for image in found.images) == sorted(f.tobytes() for f in faces)


def test_the_centre_square_is_what_is_scaled(tmp_path: Path) -> None:
    wide = np.zeros((20, 40), np.uint8)
    wide[:, 10:30] = 200
    save_image(tmp_path / "wide.png", wide)
    assert (unlabelled(tmp_path, size=20).images == 200).all()
    found = unlabelled(tmp_path)
    assert (found.images.shape, found.problems[0].place) == ((1, 48, 48, 1), "size")


@pytest.mark.parametrize("channels", [None, 1, 3])
def test_colour(tmp_path: Path, channels: int | None) -> None:
    write_classes(tmp_path / "train", 1, classes=["happy", "sad"])
    red = np.zeros((SIDE, SIDE, 3), np.uint8)
    red[..., 0] = 255
    save_image(tmp_path / "train" / "sad" / "red.png", red)
    faces = unlabelled(tmp_path / "train", channels=channels)
    assert faces.images.shape == (3, SIDE, SIDE, channels or 3)
    grey = random_faces(2)[1]
    np.testing.assert_array_equal(faces.images[1], np.repeat(grey[..., None], channels or 3, 2))
    assert (faces.images[2] == (76 if channels == 1 else [255, 0, 0])).all()


def test_unlabelled_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no face that can be used; 0 problems"):
        unlabelled(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        unlabelled(tmp_path / "nowhere")
    faces = random_faces(3)
    for i, face in enumerate(faces):
        # Saved as RGB, a grey image is grey.
        image = np.repeat(face[..., None], 3, axis=2) if i else face
        save_image(tmp_path / f"sub {i}" / "a.png", image)
    (tmp_path / "bad.png").write_bytes(b"")
    found = unlabelled(tmp_path)
    np.testing.assert_array_equal(found.images, faces[..., None])
    assert found.places == ["sub 0/a.png", "sub 1/a.png", "sub 2/a.png"]
    assert [p.place for p in found.problems] == ["bad.png"]


def write_set(path: Path, faces: list[tuple[str, str]]) -> Path:
    """Write what the page "Your data" does: faces, given as expression and photograph."""
    numbers: dict[str, int] = {}
    labelled = []
    pictures = [png(face) for face in random_faces(len(faces))]
    for (expression, photo), picture in zip(faces, pictures, strict=True):
        numbers[photo] = numbers.get(photo, 0) + 1
        row = LabelRow(photo, expression)
        labelled.append(LabelledFace(row, numbers[photo], lambda picture=picture: picture))
    with path.open("wb") as file:
        write_archive(file, labelled, {photo: lambda: pictures[0] for _, photo in faces})
    return path


def test_faces_of_one_photograph_are_in_one_split(tmp_path: Path) -> None:
    faces = [(e, f"party {n}.jpg") for n in range(10) for e in ("happy", "sad", "happy")]
    data = load(write_set(tmp_path / "data.zip", faces))
    photos = {
        name: {place.split("/")[1].split("-face")[0] for place in split.places}
        for name, split in data.splits.items()
    }
    assert set(photos) == {"train", "validation", "test"}
    assert sum(map(len, photos.values())) == 10
    assert len(photos["test"]) >= 2
    assert all(f.counts()["happy"] == 2 * f.counts()["sad"] for f in data.splits.values())
    assert data.class_names == ("happy", "sad"), "the originals are no class"


def test_without_a_table_that_can_be_read_photographs_are_not_known(tmp_path: Path) -> None:
    write_classes(tmp_path / "crops", 6, ["happy", "sad"])
    (tmp_path / "labels.csv").write_text("some,other,table\n1,2,3\n")
    data = load(tmp_path)
    assert any("not known which faces are from one photograph" in str(p) for p in data.problems)
    assert set(data.splits) == {"train", "validation", "test"}
