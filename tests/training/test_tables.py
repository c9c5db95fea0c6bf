"""FER2013 as CSV and as .npz, and FER+ beside it: joined by row, or not at all."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from fer.records import file_sha256
from tests.training.samples import (
    VOTE_COLUMNS,
    VOTE_OF_LABEL,
    pixels,
    random_faces,
    save_image,
    sizes,
    write_csv,
    write_votes,
)
from training.data.dataset import DataSet
from training.data.load import load, load_domains, unlabelled

HEADER = ["emotion", "pixels", "Usage"]
USAGES = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
LABELS = [0, 1, 2, 3, 4, 5, 6, 0, 6, 3]
FACES = random_faces(10)
ROWS = [(y, pixels(f), u) for y, f, u in zip(LABELS, FACES, USAGES, strict=True)]


@pytest.mark.parametrize(
    ("name", "header", "order"),
    [
        ("fer2013.csv", HEADER, (0, 1, 2)),
        ("icml_face_data.csv", ["emotion", " Usage", " pixels"], (0, 2, 1)),
        ("fer2013.csv", ["\ufeffEmotion", "PIXELS ", "usage"], (0, 1, 2)),
    ],
)
def test_a_table_with_usages(tmp_path: Path, name: str, header: list, order: tuple) -> None:
    file = write_csv(tmp_path / name, header, [[row[i] for i in order] for row in ROWS])
    data = load(tmp_path)
    for split, part in (("train", slice(6)), ("validation", slice(6, 8)), ("test", slice(8, 10))):
        faces = data.split(split)
        np.testing.assert_array_equal(faces.images[..., 0], FACES[part])
        np.testing.assert_array_equal(faces.labels, LABELS[part])
    assert data.class_names == FER2013_LABELS
    assert data.split("validation").places == [f"{name}, line {n}" for n in (8, 9)]
    assert data.sha256 == file_sha256(file)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((), None),
        (("Happiness", pixels(FACES[2]), "Training"), None),
        ((3, "", "Training"), "expected 256 pixels (16 × 16), got 0; row left out."),
        ((3, pixels(FACES[2])[:-4], "Training"), "expected 256 pixels (16 × 16), got 255"),
        ((3, pixels(FACES[2]) + " 7", "Training"), "expected 256 pixels (16 × 16), got 257"),
        ((3, pixels(random_faces(1, side=20)[0]), "Training"), "got 400"),
        ((-1, pixels(FACES[2]), "Training"), "an emotion from 0 to 6, or its name, got '-1'"),
        (("", pixels(FACES[2]), "Training"), "an emotion from 0 to 6, or its name, got ''"),
        (("cry", pixels(FACES[2]), "Training"), "an emotion from 0 to 6, or its name, got 'cry'"),
        ((3, "x" + pixels(FACES[2]), "Training"), "not whole numbers with blanks between"),
        ((3, pixels(FACES[2])[:-3] + " 1.5", "Training"), "not whole numbers"),
        ((3, " ".join(["256", *["9"] * 255]), "Training"), "from 0 to 255, got 9 to 256"),
        ((3, " ".join(["-1", *["9"] * 255]), "Training"), "from 0 to 255, got -1 to 9"),
        ((3, pixels(FACES[2]), "Holdout"), "expected a usage of Training, PublicTest, Private"),
        ((3, pixels(FACES[2])), "expected 3 columns, got 2"),
    ],
)
def test_a_wrong_row_is_named_and_left_out(tmp_path: Path, row: tuple, message: str | None) -> None:
    good = [(3, pixels(FACES[0]), "Training"), (4, pixels(FACES[1]), "PublicTest")]
    data = load(write_csv(tmp_path / "fer2013.csv", HEADER, [*good, row]))
    found = [p for p in data.problems if "line" in p.place]
    if message is None:
        assert (data.split("train").counts()["happy"], found) == (1 + bool(row), [])
        return
    assert sum(sizes(data).values()) == 2
    assert [p.place for p in found] == ["fer2013.csv, line 4"]
    assert message in str(found[0])


def test_a_wrong_first_row_does_not_condemn_the_others(tmp_path: Path) -> None:
    rows = [(0, "1 2 3", "Training"), *((y, pixels(FACES[y]), "Training") for y in range(5))]
    data = load(write_csv(tmp_path / "fer2013.csv", HEADER, rows))
    assert sum(sizes(data).values()) == 5
    assert "expected 2,304 pixels (48 × 48), got 3" in str(data.problems[0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no header"),
        (b"emotion,pixels,Usage\r\n", "has no face that can be used; 0 problems"),
        (b"emotion,pixels\r\nx,1 2 3\r\n", "line 2: expected an emotion from 0 to 6"),
        (b"sepal,petal\r\n1,2\r\n", "has no column emotion and no column pixels; it has sepal"),
        (b"emotion,Usage\r\n1,Training\r\n", "has no column pixels; it has emotion, usage"),
        (b"pixels\r\n1 2 3\r\n", "can be predicted on, not trained on"),
        (",".join(VOTE_COLUMNS).encode(), "holds FER+ votes, not faces"),
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


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t")])
def test_other_delimiters_of_excel(name: str, delimiter: str, tmp_path: Path) -> None:
    text = "\n".join(delimiter.join(map(str, row)) for row in (HEADER, *ROWS))
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    for place in (tmp_path, tmp_path / name):
        assert sizes(load(place)) == {"train": 6, "validation": 2, "test": 2}


@pytest.mark.parametrize("usages", [("train", "val", "test"), ("Train", " VALIDATION", "Test ")])
def test_plain_names_of_splits(usages: tuple[str, ...], tmp_path: Path) -> None:
    rows = [
        (y, pixels(f), usages[i % 3]) for i, (y, f) in enumerate(zip(LABELS, FACES, strict=True))
    ]
    write_csv(tmp_path / "faces.csv", HEADER, rows)
    np.savez(tmp_path / "faces.npz", **FIELDS | {"usage": np.array([row[2] for row in rows])})
    for name in ("faces.csv", "faces.npz"):
        assert sizes(load(tmp_path / name)) == {"train": 4, "validation": 3, "test": 3}


def test_labels_of_another_numbering_are_refused(tmp_path: Path) -> None:
    """Numbered from 1, fear would be learnt as happy, and the neutral faces left out."""
    rows = [(y + 1, pixels(f), u) for y, f, u in zip(LABELS, FACES, USAGES, strict=True)]
    with pytest.raises(DataError, match=r"line 8: .* from 0 to 6, got 7\. .*\(0 angry, 1 disgust"):
        load(write_csv(tmp_path / "faces.csv", HEADER, rows))


def test_a_tar_gz_with_a_table_as_kaggle_has_it(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "fer2013.csv", HEADER, ROWS)
    (tmp_path / "README").write_text("about")
    packed = tmp_path / "fer2013.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for name in ("README", "fer2013.csv"):
            archive.add(tmp_path / name, f"fer2013/{name}")
    data, same = load(packed), load(table)
    assert (data.name, data.sha256) == ("fer2013.tar.gz", file_sha256(packed))
    for split, faces in same.splits.items():
        np.testing.assert_array_equal(data.split(split).images, faces.images)


def test_a_tar_gz_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "fer2013.tar.gz"
    for content in (
        b"",
        b"no archive",
        gzip.compress(b"no archive"),
        gzip.compress(bytes(9999))[:30],
    ):
        packed.write_bytes(content)
        with pytest.raises(DataError):
            load(packed)
    link = tarfile.TarInfo("fer2013.csv")
    link.type = tarfile.SYMTYPE
    packed.write_bytes(gzip.compress(link.tobuf() + bytes(1024)))
    with pytest.raises(
        DataError, match=r"'fer2013.csv' in fer2013.tar.gz was refused: it is a link"
    ):
        load(packed)


def test_names_of_emotions_are_listed_as_understood(tmp_path: Path) -> None:
    names = ["smile", "Sad", "sad", "anger"]
    rows = [(y, pixels(f), "Training") for y, f in zip(names, FACES, strict=False)]
    data = load(write_csv(tmp_path / "faces.csv", HEADER, rows))
    assert str(data.problems[0]) == "class names: read anger as angry, smile as happy."


def test_train_with_labels_beside_test_without(tmp_path: Path) -> None:
    labels = np.repeat(np.arange(7), 20)
    faces = random_faces(len(labels))
    rows = [(y, pixels(f)) for y, f in zip(labels, faces, strict=True)]
    write_csv(tmp_path / "train.csv", ["emotion", "pixels"], rows)
    test = write_csv(tmp_path / "test.csv", ["pixels"], [[pixels(faces[0])], ["1 2 3"]])
    data = load(tmp_path)
    assert set(data.splits) == {"train", "validation"}
    assert data.split("validation").counts() == dict.fromkeys(FER2013_LABELS, 2)
    assert any("14 of 140 training faces were drawn" in str(p) for p in data.problems)
    found = unlabelled(test, size=32, channels=3)
    assert found.images.shape == (1, 32, 32, 3)
    assert (found.places, [p.place for p in found.problems]) == (
        ["test.csv, line 2"], ["test.csv, line 3"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "read"),
    [
        (["mine.csv"], {"mine.csv"}),
        (["mine.csv", "copy.csv"], {"copy.csv"}),
        (["copy.csv", "val.csv", "train.csv"], {"train.csv", "val.csv"}),
        (["copy.csv", "train.csv", "whole.csv"], {"whole.csv"}),
    ],
    ids=["a lone one", "the first by name", "those named after splits", "the one with all splits"],
)
def test_of_several_tables_those_that_belong_together_are_read(
    tmp_path: Path, tables: list[str], read: set[str]
) -> None:
    rows = [(i % 7, pixels(face), "Training") for i, face in enumerate(random_faces(14))]
    for name in tables:
        columns = 3 if name == "whole.csv" else 2
        write_csv(tmp_path / name, HEADER[:columns], [row[:columns] for row in rows])
    data = load(tmp_path)
    places = [place for faces in data.splits.values() for place in faces.places]
    assert {place.split(",")[0] for place in places} == read
    assert len(places) == 14 * len(read)
    assert "val.csv" not in read or sizes(data) == {"train": 14, "validation": 14}


def test_a_table_scaled_coloured_and_cut_to_some_classes(tmp_path: Path) -> None:
    write_csv(tmp_path / "fer2013.csv", HEADER, ROWS)
    train = load(tmp_path, size=30, channels=3, classes=["sadness", "Happy", "angry"]).split(
        "train"
    )
    assert train.images.shape == (3, 30, 30, 3)
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
    data = load(tmp_path)
    assert data.name == tmp_path.name
    validation = data.split("validation")
    np.testing.assert_array_equal(validation.images[..., 0], FACES[6:8])
    np.testing.assert_array_equal(validation.votes, FIELDS["votes"][6:8])
    assert validation.labels.dtype == np.int64


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
        ({"usage": np.array(["extra"] * 10)}, "unknown usage ['extra']; expected a usage of Train"),
        ({"label": np.arange(1, 11)}, "faces.npz: expected a label from 0 to 6, got 7"),
        ({"label": np.array([object()] * 10)}, "cannot be read as an .npz archive"),
    ],
)
def test_an_archive_of_another_kind(tmp_path: Path, change: dict, message: str) -> None:
    fields = {k: v for k, v in (FIELDS | change).items() if v is not None}
    np.savez(tmp_path / "faces.npz", **fields)
    with pytest.raises(DataError) as caught:
        load(tmp_path / "faces.npz")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("megabytes", "message"),
    [(64, "lacks image, label"), (65, "unpacks to 65 MB, more than 100 times its size")],
)
def test_a_small_archive_that_unpacks_to_much_is_not_unpacked(
    megabytes: int, message: str, tmp_path: Path
) -> None:
    array = io.BytesIO()
    np.save(array, np.zeros(megabytes * 2**20 - 128, np.uint8))
    with zipfile.ZipFile(tmp_path / "faces.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", array.getvalue())
    with pytest.raises(DataError, match=message):
        load(tmp_path / "faces.npz")


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
    np.savez(tmp_path / "faces.npz", **FIELDS | {"label": np.array([*LABELS[:8], -2, -1])})
    data = load(tmp_path / "faces.npz")
    assert "test" not in data.splits
    wrong = [p for p in data.problems if "index" in p.place]
    assert [p.message.split("got ")[1] for p in wrong] == ["-2; left out.", "-1; left out."]
    assert [p.place for p in wrong] == [f"faces.npz, index {i}" for i in (8, 9)]


def test_a_damaged_archive(tmp_path: Path) -> None:
    file, label = tmp_path / "faces.npz", io.BytesIO()
    np.savez(file, image=FACES)
    np.save(label, FIELDS["label"])
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("label.npy", label.getvalue().replace(b"(10,)", b"((((,"))
    for content in (file.read_bytes(), b"", b"PK\x03\x04 and then nothing", b"plain text"):
        file.write_bytes(content)
        with pytest.raises(DataError, match=r"cannot be read as an \.npz archive"):
            load(file)


MANY = np.tile(np.arange(7), 6)
MANY_FACES = random_faces(len(MANY))


def write_table(folder: Path, wrong: int = -1) -> Path:
    """Write faces in the order of fer2013.csv, of which one may have a wrong label."""
    rows = [
        (-1 if i == wrong else y, pixels(f), "PublicTest" if i >= 35 else "Training")
        for i, (y, f) in enumerate(zip(MANY, MANY_FACES, strict=True))
    ]
    write_csv(folder / "fer2013.csv", HEADER, rows)
    return folder


def write_folder(folder: Path, name: str) -> None:
    for row, (label, face) in enumerate(zip(MANY, MANY_FACES, strict=True)):
        save_image(folder / "train" / FER2013_LABELS[label] / name.format(row=row), face)


def assert_votes_follow_labels(data: DataSet) -> None:
    for faces in data.splits.values():
        assert faces.votes is not None
        assert faces.votes.dtype == np.uint8
        assert faces.votes.argmax(axis=1).tolist() == [VOTE_OF_LABEL[y] for y in faces.labels]
        assert (faces.votes.sum(axis=1) == 10).all()


@pytest.mark.parametrize("beside", [".", ".."])
def test_votes_for_a_table(tmp_path: Path, beside: str) -> None:
    alone = load(write_table(tmp_path / "data"))
    assert alone.split("train").votes is None
    write_votes((tmp_path / "data" / beside).resolve() / "fer2013new.csv", MANY)
    data = load(tmp_path / "data")
    assert_votes_follow_labels(data)
    assert data.sha256 != alone.sha256
    assert_votes_follow_labels(load(tmp_path / "data" / "fer2013.csv"))


@pytest.mark.parametrize("name", ["Training_{row}.png", "fer{row:07d}.png"])
def test_votes_for_images_by_their_number(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path, name)
    write_votes(tmp_path / "fer2013new.csv", MANY)
    assert_votes_follow_labels(load(tmp_path))
    save_image(tmp_path / "train" / "happy" / "mine.png", random_faces(1, seed=8)[0])
    votes = np.concatenate([faces.votes for faces in load(tmp_path).splits.values()])
    assert (votes.sum(axis=1) == 0).sum() == 1, "an image without a number has none"


NAMES = [f"fer{i:07d}.png" for i in range(len(MANY))]


@pytest.mark.parametrize(
    ("labels", "names", "wrong"),
    [
        (MANY, ["" if i % 3 else name for i, name in enumerate(NAMES)], -1),
        (MANY[::-1], NAMES[::-1], -1),
        (MANY, NAMES, 3),
    ],
    ids=["without a name, by position", "with a name, in any order", "after a wrong row"],
)
def test_votes_go_to_the_faces_of_their_rows(
    labels: np.ndarray, names: list[str], wrong: int, tmp_path: Path
) -> None:
    write_table(tmp_path, wrong)
    write_votes(tmp_path / "fer2013new.csv", labels, names)
    assert_votes_follow_labels(load(tmp_path))


def test_only_train_csv_is_in_the_order_of_fer2013(tmp_path: Path) -> None:
    for name, part in (("test", slice(21)), ("train", slice(21, 42)), ("val", slice(7))):
        rows = [(y, pixels(f)) for y, f in zip(MANY[part], MANY_FACES[part], strict=True)]
        write_csv(tmp_path / f"{name}.csv", ["emotion", "pixels"], rows)
    write_votes(tmp_path / "fer2013new.csv", MANY)
    totals = {n: set(f.votes.sum(axis=1).tolist()) for n, f in load(tmp_path).splits.items()}
    assert totals == {"train": {10}, "validation": {0}, "test": {0}}


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("{row}.png", MANY, "expected file names such as Training_12.png"),
        ("Training_10{row}.png", MANY, "are not rows of fer2013.csv"),
        ("Training_{row}.png", (MANY + 1) % 7, "agree with only 0% of the labels"),
        ("Training_{row}.png", None, "is no FER+ table: it lacks"),
    ],
)
def test_votes_that_may_belong_to_other_faces_are_not_used(
    tmp_path: Path, name: str, labels: np.ndarray | None, message: str
) -> None:
    write_folder(tmp_path, name)
    votes = tmp_path / "fer2013new.csv"
    write_csv(votes, ["a", "b"], [[1, 2]]) if labels is None else write_votes(votes, labels)
    data = load(tmp_path)
    assert data.split("train").votes is None
    assert message in next(p.message for p in data.problems if p.place == "fer2013new.csv")


@pytest.mark.parametrize("wrong", ["many", -1, 256])
def test_a_wrong_row_of_votes_is_named(wrong: object, tmp_path: Path) -> None:
    write_table(tmp_path)
    good = [0, 0, 0, 0, 9, 0, 0, 0, 0, 1]
    rows = [["Training", NAMES[0], *good], ["Training", "", *good[:9], wrong]]
    header = ["Usage", "Image name", *VOTE_COLUMNS]
    write_csv(tmp_path / "fer2013new.csv", header, [*rows, *[rows[0]] * 40])
    assert "fer2013new.csv, line 3" in [p.place for p in load(tmp_path).problems]
