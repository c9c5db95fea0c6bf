"""Labelled photographs, read only when they are asked for; and ZIPs, some made to do harm."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError, ImageError
from fer.labels import FER2013_LABELS
from fer.records import file_sha256
from fer.types import Image
from tests.training.samples import pixels, png, random_faces, sizes, write_classes, write_csv
from training.data import load as loading
from training.data import photographs
from training.data.load import load, unpacked
from training.data.photographs import open_photographs

LABELS = ("happy", "sad")


def picture(shade: int = 90) -> Image:
    return np.full((40, 60, 3), shade, np.uint8)


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def unzipped(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


CONTENTS = {
    "photos/happy/a.png": png(picture(1)),
    "photos/happy/b.png": b"no picture",
    "photos/sad/c.png": png(picture(2)),
    "photos/sad/.hidden.png": png(picture(3)),
    "photos/contempt/d.png": png(picture(4)),
}


@pytest.fixture(params=["folder", "ZIP"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    archived = {**CONTENTS, "__MACOSX/photos/happy/._a.png": b""}
    if request.param == "ZIP":
        return zipped(tmp_path / "set.zip", archived)
    return unzipped(tmp_path / "set", archived)


def test_a_folder_and_a_zip_hold_the_same(data: Path) -> None:
    with open_photographs(data, LABELS) as opened:
        assert (opened.name, opened.split) == (data.name, "")
        assert opened.left_out == {"contempt": 1}
        assert [(p.origin, p.label) for p in opened.photographs] == [
            ("photos/happy/a.png", 0), ("photos/happy/b.png", 0), ("photos/sad/c.png", 1)
        ]  # fmt: skip
        first, broken, last = opened.photographs
        assert (first.read() == picture(1)).all()
        assert (last.read() == picture(2)).all()
        with pytest.raises(ImageError, match="not an image"):
            broken.read()


def test_only_the_split_is_measured_where_there_are_several(tmp_path: Path) -> None:
    files = {"test/happy/a.png": b"", "valid/sad/b.png": b"", "valid/happy/c.png": b""}
    unzipped(tmp_path, files)
    with open_photographs(tmp_path, LABELS) as opened:
        assert opened.split == "validation"
        assert [p.origin for p in opened.photographs] == ["valid/happy/c.png", "valid/sad/b.png"]
    with (
        pytest.raises(DataError, match="no split 'train'; it has test, validation"),
        open_photographs(tmp_path, LABELS, split="train"),
    ):
        pass


@pytest.mark.parametrize("inside", [False, True])
def test_a_table_is_loaded_as_for_training(tmp_path: Path, inside: bool) -> None:
    faces, usage = random_faces(3), ("Training", "PublicTest", "PublicTest")
    rows = [(y, pixels(f), u) for y, f, u in zip((0, 3, 4), faces, usage, strict=True)]
    file = write_csv(tmp_path / "fer2013.csv", ("emotion", "pixels", "Usage"), rows)
    with open_photographs(tmp_path if inside else file, FER2013_LABELS[1:4]) as opened:
        assert opened.left_out == {"sad": 1}
        (photograph,) = opened.photographs
        assert (photograph.label, opened.split) == (2, "validation")
        assert (photograph.read() == np.repeat(faces[1][..., None], 3, axis=2)).all()


def test_a_member_that_unpacks_to_too_much_or_is_damaged_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographs, "MAX_BYTES", 2**20)
    path = zipped(
        tmp_path / "set.zip", {"happy/a.png": png(picture()), "sad/a.png": bytes(3 * 2**20)}
    )
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    with open_photographs(path, LABELS) as opened:
        for photograph, message in zip(
            opened.photographs, ("cannot be unpacked", "larger than 1 MB"), strict=True
        ):
            with pytest.raises(ImageError, match=message):
                photograph.read()


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("missing", None, "does not exist"),
        ("missing.zip", None, "does not exist"),
        ("set", {"a.png": b""}, "got no folder"),
        ("set", {"holiday/a.png": b"", "work/a.png": b""}, "called happy, sad, got holiday, work"),
        ("set.zip", {"holiday/a.png": b""}, "got holiday"),
        ("no.zip", b"none", "cannot be read as a ZIP"),
    ],
)
def test_data_without_a_known_class_is_refused_with_what_is_expected(
    tmp_path: Path, name: str, files: dict[str, bytes] | bytes | None, message: str
) -> None:
    path = tmp_path / name
    if isinstance(files, bytes):
        path.write_bytes(files)
    elif files:
        (zipped if path.suffix else unzipped)(path, files)
    with pytest.raises(DataError, match=message), open_photographs(path, LABELS):
        pass


@pytest.mark.parametrize(
    ("limit", "kept"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (99, range(10))]
)
def test_some_are_spread_over_all(tmp_path: Path, limit: int, kept: Iterable[int]) -> None:
    write_classes(tmp_path, 5, LABELS)
    (tmp_path / "fer2013new.csv").write_text("Usage,Image name\n")  # votes are no data set
    with open_photographs(tmp_path, LABELS) as opened:
        assert opened.photographs[0].read().shape == (16, 16, 3), "grey images are read as RGB"
        some = opened.some(limit).photographs
        assert some == tuple(opened.photographs[i] for i in kept)
        with pytest.raises(DataError, match="at least 1 image, got 0"):
            opened.some(0)


def files_in(path: Path) -> list[str]:
    with unpacked(path) as folder:
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_zip_is_the_data_set_in_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no data set"):
        load(zipped(tmp_path / "empty.zip", {}))
    folder = write_classes(tmp_path / "faces", 12, ["happy", "sad"])
    files = {f"some/faces/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*.png")}
    litter = {"__MACOSX/happy/x.png": b"", "some/readme.md": b"text"}
    path = zipped(tmp_path / "data.zip", files | litter)
    data, same = load(path), load(folder)
    assert (data.name, data.sha256) == ("data.zip", file_sha256(path))
    assert sizes(data) == sizes(same)
    assert (data.split("test").images == same.split("test").images).all()
    with unpacked(path) as inside:
        assert inside.exists()
    assert not inside.exists()


def test_what_could_do_harm_is_refused_by_name(tmp_path: Path) -> None:
    path = zipped(tmp_path / "data.zip", {"happy/a.png": b"image", "../a.png": b"image"})
    with pytest.raises(DataError, match=r"'\.\./a\.png' in data\.zip was refused: .* leads out"):
        files_in(path)
    # A name that begins with a NUL costs no other file.
    path = zipped(tmp_path / "nul.zip", {"X0a.jpg": b"one", "happy/b.jpg": b"two"})
    path.write_bytes(path.read_bytes().replace(b"X0a.jpg", b"\x000a.jpg"))
    assert files_in(path) == ["happy/b.jpg"]


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MAX_ENTRIES", 3, None),
        ("MAX_ENTRIES", 2, "has 3 entries; at most 2"),
        ("MAX_BYTES", 4, "larger than"),
        ("MAX_TABLE_BYTES", 6, "larger than"),
        ("MAX_TOTAL_BYTES", 16, "larger than"),
    ],
)
def test_too_much(
    limit: str, value: int, message: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables may be larger than images."""
    files = {"happy/a.png": b"image", "sad/a.png": b"image", "a.csv": b"a table"}
    path = zipped(tmp_path / "data.zip", files)
    just = {"MAX_ENTRIES": 3, "MAX_BYTES": 5, "MAX_TABLE_BYTES": 7, "MAX_TOTAL_BYTES": 17}
    for name, most in (just | {limit: value}).items():
        monkeypatch.setattr(loading, name, most)
    if message is None:
        assert len(files_in(path)) == 3
        return
    with pytest.raises(DataError, match=message):
        files_in(path)


@pytest.mark.parametrize("damage", [b"no zip", b"PK\x05\x06", b"", None], ids=str)
def test_what_is_no_zip_or_damaged(damage: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("happy/a.png", b"image " * 1000)
    whole = path.read_bytes()
    path.write_bytes(whole[:45] + bytes(15) + whole[60:] if damage is None else damage)
    with pytest.raises(DataError, match=r"data\.zip cannot be unpacked"):
        files_in(path)
