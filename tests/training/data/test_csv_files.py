"""FER2013 as CSV and as .npz."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from fer.records import file_sha256
from tests.training.samples import SIDE, pixels, random_faces, write_csv, write_votes
from training.data.load import load, load_domains, unlabelled

USAGES = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
LABELS = [0, 1, 2, 3, 4, 5, 6, 0, 6, 3]
FACES = random_faces(10)


@pytest.mark.parametrize(
    ("name", "header", "order"),
    [
        ("fer2013.csv", ["emotion", "pixels", "Usage"], (0, 1, 2)),
        ("icml_face_data.csv", ["emotion", " Usage", " pixels"], (0, 2, 1)),
        ("fer2013.csv", ["\ufeffEmotion", "PIXELS ", "usage"], (0, 1, 2)),
    ],
)
def test_a_table_with_usages(tmp_path: Path, name: str, header: list, order: tuple) -> None:
    rows = [(y, pixels(f), u) for y, f, u in zip(LABELS, FACES, USAGES, strict=True)]
    file = write_csv(tmp_path / name, header, [[row[i] for i in order] for row in rows])
    dataset = load(tmp_path)
    assert {k: len(v) for k, v in dataset.splits.items()} == {
        "train": 6,
        "validation": 2,
        "test": 2,
    }
    for split, part in (("train", slice(6)), ("validation", slice(6, 8)), ("test", slice(8, 10))):
        faces = dataset.split(split)
        np.testing.assert_array_equal(faces.images[..., 0], FACES[part])
        np.testing.assert_array_equal(faces.labels, LABELS[part])
    assert dataset.split("train").class_names == FER2013_LABELS
    assert dataset.split("validation").origins is not None
    assert dataset.split("validation").origins.tolist() == [f"{name}, line {n}" for n in (8, 9)]
    assert dataset.sha256 == file_sha256(file)


def table(folder: Path, *rows: tuple[object, ...], header: str = "emotion,pixels,Usage") -> Path:
    """A table whose lines 2 and 3 are good, with more rows below."""
    good = [(3, pixels(FACES[0]), "Training"), (4, pixels(FACES[1]), "PublicTest")]
    return write_csv(folder / "fer2013.csv", header.split(","), [*good, *rows])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((), None),
        ((3, "", "Training"), "expected 256 pixels (16 × 16), got 0; row left out."),
        ((3, pixels(FACES[2])[:-4], "Training"), "expected 256 pixels (16 × 16), got 255"),
        ((3, pixels(FACES[2]) + " 7", "Training"), "expected 256 pixels (16 × 16), got 257"),
        ((3, pixels(random_faces(1, side=20)[0]), "Training"), "got 400"),
        ((9, pixels(FACES[2]), "Training"), "expected an emotion from 0 to 6, got '9'"),
        ((-1, pixels(FACES[2]), "Training"), "expected an emotion from 0 to 6, got '-1'"),
        (("", pixels(FACES[2]), "Training"), "expected an emotion from 0 to 6, got ''"),
        ((3, "x" + pixels(FACES[2]), "Training"), "not whole numbers with blanks between"),
        ((3, pixels(FACES[2])[:-3] + " 1.5", "Training"), "not whole numbers"),
        ((3, pixels(FACES[2].astype(int) + 200), "Training"), "expected pixels from 0 to 255, got"),
        ((3, pixels(FACES[2].astype(int) - 9), "Training"), "expected pixels from 0 to 255, got -"),
        ((3, pixels(FACES[2]), "Holdout"), "expected a usage of Training, PublicTest, Private"),
        ((3, pixels(FACES[2])), "expected 3 columns, got 2"),
    ],
)
def test_a_wrong_row_is_named_and_left_out(tmp_path: Path, row: tuple, message: str | None) -> None:
    dataset = load(table(tmp_path, row))
    assert sum(map(len, dataset.splits.values())) == 2
    rows = [p for p in dataset.problems if "line" in p.place]
    if message is None:
        assert rows == []
    else:
        assert [p.place for p in rows] == ["fer2013.csv, line 4"]
        assert message in str(rows[0])


def test_a_wrong_first_row_does_not_condemn_the_others(tmp_path: Path) -> None:
    rows = [(0, "1 2 3", "Training"), *((y, pixels(FACES[y]), "Training") for y in range(5))]
    dataset = load(write_csv(tmp_path / "fer2013.csv", ["emotion", "pixels", "Usage"], rows))
    assert sum(map(len, dataset.splits.values())) == 5
    assert "expected 2,304 pixels (48 × 48), got 3" in str(dataset.problems[0])


def test_names_for_labels(tmp_path: Path) -> None:
    dataset = load(table(tmp_path, ("Happiness", pixels(FACES[2]), "Training")))
    assert dataset.split("train").counts()["happy"] == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no header"),
        (b"emotion,pixels,Usage\r\n", "has no face that can be used; 0 problems"),
        (b"emotion,pixels\r\n9,1 2 3\r\n", "line 2: expected an emotion from 0 to 6, got '9'"),
        (b"sepal,petal\r\n1,2\r\n", "has no column emotion and no column pixels; it has sepal"),
        (b"emotion,Usage\r\n1,Training\r\n", "has no column pixels; it has emotion, usage"),
        (b"pixels\r\n1 2 3\r\n", "can be predicted on, not trained on"),
        (b"\x89PNG\xff\xfe", "cannot be read as CSV text"),
        (b"emotion,pixels\r\n1," + b"1 " * 70_000, "field larger than field limit"),
    ],
)
def test_a_table_of_another_kind(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "fer2013.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"fer2013\.csv") as caught:
        load(file)
    assert message in str(caught.value)


def test_votes_alone_are_no_faces(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds FER\+ votes, not faces"):
        load(write_votes(tmp_path / "fer2013new.csv", [1, 2]))


def test_train_with_labels_beside_test_without(tmp_path: Path) -> None:
    labels = np.repeat(np.arange(7), 20)
    faces = random_faces(len(labels))
    rows = [(y, pixels(f)) for y, f in zip(labels, faces, strict=True)]
    write_csv(tmp_path / "train.csv", ["emotion", "pixels"], rows)
    write_csv(tmp_path / "test.csv", ["pixels"], [[pixels(f)] for f in faces[:3]])
    dataset = load(tmp_path)
    assert set(dataset.splits) == {"train", "validation"}
    assert dataset.split("validation").counts() == dict.fromkeys(FER2013_LABELS, 2)
    assert any("14 of 140 training faces were drawn" in str(p) for p in dataset.problems)
    np.testing.assert_array_equal(unlabelled(tmp_path / "test.csv").images[..., 0], faces[:3])


def test_tables_named_after_their_splits(tmp_path: Path) -> None:
    for split, faces in (("train", FACES[:6]), ("val", FACES[6:8]), ("test", FACES[8:])):
        rows = [(y % 7, pixels(f)) for y, f in enumerate(faces)]
        write_csv(tmp_path / f"{split}.csv", ["emotion", "pixels"], rows)
    counts = {name: len(faces) for name, faces in load(tmp_path).splits.items()}
    assert counts == {"train": 6, "validation": 2, "test": 2}


def test_a_table_scaled_coloured_and_cut_to_some_classes(tmp_path: Path) -> None:
    rows = [(y, pixels(f), u) for y, f, u in zip(LABELS, FACES, USAGES, strict=True)]
    write_csv(tmp_path / "fer2013.csv", ["emotion", "pixels", "Usage"], rows)
    dataset = load(tmp_path, size=30, channels=3, classes=["sadness", "Happy", "angry"])
    train = dataset.split("train")
    assert train.images.shape == (3, 30, 30, 3)
    assert train.class_names == ("angry", "happy", "sad")
    assert train.counts() == {"angry": 1, "happy": 1, "sad": 1}
    assert (train.images[..., :1] == train.images).all()


FIELDS = {
    "image": FACES,
    "label": np.array(LABELS, np.uint8),
    "usage": np.array(USAGES),
    "votes": np.eye(10, dtype=np.uint8),
}


def test_an_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "faces.npz", **FIELDS)
    dataset = load(tmp_path)
    assert dataset.name == tmp_path.name
    validation = dataset.split("validation")
    np.testing.assert_array_equal(validation.images[..., 0], FACES[6:8])
    np.testing.assert_array_equal(validation.votes, FIELDS["votes"][6:8])
    assert validation.labels.dtype == np.int64


def test_an_archive_that_names_no_splits_gets_drawn_ones(tmp_path: Path) -> None:
    images = random_faces(40)
    np.savez(tmp_path / "faces.npz", image=images, label=np.arange(40) % 2)
    dataset = load(tmp_path / "faces.npz")
    assert {name: len(faces) for name, faces in dataset.splits.items()} == {
        "train": 28, "validation": 4, "test": 8
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": None}, "lacks image; it has label, usage, votes"),
        ({"image": FACES.astype(np.float32)}, "image (10, 16, 16) float32"),
        ({"image": FACES[:, :8]}, "image (10, 8, 16)"),
        ({"image": FACES[:9]}, "image (9, 16, 16)"),
        ({"image": np.uint8(3)}, "image ()"),
        ({"label": np.array(["a"] * 10)}, "label (10,)"),
        ({"votes": np.zeros((10, 8), np.uint8)}, "votes (10, 8)"),
        ({"votes": np.full((10, 10), np.nan)}, "votes (10, 10)"),
        ({"votes": np.full((10, 10), -1)}, "votes (10, 10)"),
        ({"votes": np.full((10, 10), 256)}, "votes (10, 10)"),
        ({"votes": np.full((10, 10), "many")}, "votes (10, 10)"),
        ({"row": np.array(["first"] * 10)}, "row (10,)"),
        ({"usage": np.array([["Training"]] * 10)}, "usage (10, 1)"),
        ({"usage": np.array(["train"] * 10)}, "unknown usage ['train']; expected Training"),
        ({"label": np.array([object()] * 10)}, "cannot be read as an .npz archive"),
    ],
)
def test_an_archive_of_another_kind(tmp_path: Path, change: dict, message: str) -> None:
    fields = {k: v for k, v in (FIELDS | change).items() if v is not None}
    np.savez(tmp_path / "faces.npz", **fields)
    with pytest.raises(DataError) as caught:
        load(tmp_path / "faces.npz")
    assert message in str(caught.value)


def test_a_small_archive_that_unpacks_to_much_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "faces.npz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.npy", bytes(65 * 2**20))
    with pytest.raises(DataError, match="unpacks to 65 MB, more than 100 times its size"):
        load(file)


def test_people_stay_in_one_split(tmp_path: Path) -> None:
    file = tmp_path / "faces.npz"
    np.savez(file, **FIELDS, person=np.arange(10))
    assert len(load(file).split("train")) == 6
    np.savez(file, **FIELDS, person=np.array([7, *range(6), *range(7, 10)]))
    with pytest.raises(DataError, match=r"1 people or photographs in several splits, such as '7'"):
        load(file)


def test_domains_are_called_by_name_or_after_their_file(tmp_path: Path) -> None:
    for name in ("one", "two", "a=b"):
        np.savez(tmp_path / f"{name}.npz", **FIELDS)
    one, two, odd = (str(tmp_path / f"{name}.npz") for name in ("one", "two", "a=b"))
    assert load_domains([one]).sources == {}
    assert list(load_domains([one, f"press={two}", odd]).sources) == ["one", "press", "a=b"]
    with pytest.raises(DataError, match="expected a name for each domain, got one, one"):
        load_domains([one, f"one={two}"])


def test_an_archive_with_a_wrong_label(tmp_path: Path) -> None:
    label = FIELDS["label"].copy()
    label[9] = 200
    np.savez(tmp_path / "faces.npz", **FIELDS | {"label": label})
    dataset = load(tmp_path / "faces.npz")
    assert len(dataset.split("test")) == 1
    assert any(p.place == "faces.npz, index 9" and "got 200" in p.message for p in dataset.problems)


def test_an_archive_with_a_broken_header(tmp_path: Path) -> None:
    file = tmp_path / "faces.npz"
    np.savez(file, **{name: array for name, array in FIELDS.items() if name != "label"})
    label = io.BytesIO()
    np.save(label, FIELDS["label"])
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("label.npy", label.getvalue().replace(b"(10,)", b"((((,"))
    with pytest.raises(DataError, match=r"cannot be read as an \.npz archive"):
        load(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"plain text"])
def test_a_damaged_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "faces.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read as an \.npz archive"):
        load(tmp_path / "faces.npz")


def test_unlabelled_pixels_are_scaled(tmp_path: Path) -> None:
    rows = [[pixels(FACES[0])], ["1 2 3"]]
    faces = unlabelled(write_csv(tmp_path / "test.csv", ["pixels"], rows), size=48, channels=3)
    assert faces.images.shape == (len(faces), 48, 48, 3) == (1, 48, 48, 3)
    assert faces.origins.tolist() == ["test.csv, line 2"]
    assert [p.place for p in faces.problems] == ["test.csv, line 3"]


def test_a_side_below_the_smallest_face_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="size of at least 16 pixels, got 8"):
        load(tmp_path, size=8)
    with pytest.raises(DataError, match=r"1 channel \(grey\) or 3"):
        load(tmp_path, channels=2)
    assert SIDE == 16
