"""ZIPs as data sets, from usual ones to those that somebody made to do harm."""

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fer.errors import DataError
from fer.records import file_sha256
from tests.training.samples import random_faces, write_classes
from training.data import load
from training.data.archives import Limits, is_zip, unpacked

Zip = Callable[..., Path]


@pytest.fixture
def zipped(tmp_path: Path) -> Zip:
    def make(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
        path = tmp_path / "data.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    return make


def files_below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_an_empty_zip_has_no_data(zipped: Zip) -> None:
    with unpacked(zipped({})) as folder:
        assert files_below(folder) == []
    with pytest.raises(DataError, match="holds no data set"):
        load.load(zipped({}))


def test_a_zip_is_the_data_set_in_it(tmp_path: Path, zipped: Zip) -> None:
    folder = write_classes(tmp_path / "faces", 12, ["happy", "sad"])
    files = {f"some/faces/{n}": (folder / n).read_bytes() for n in files_below(folder)}
    path = zipped(files | {"__MACOSX/happy/x.png": b"", "some/readme.md": b"text"})
    data, same = load.load(path), load.load(folder)
    assert is_zip(path)
    assert (data.name, data.sha256) == ("data.zip", file_sha256(path))
    assert {n: f.counts() for n, f in data.splits.items()} == {
        n: f.counts() for n, f in same.splits.items()
    }
    assert (data.split("test").images == same.split("test").images).all()


def test_an_archive_of_arrays_in_a_zip(tmp_path: Path, zipped: Zip) -> None:
    out = io.BytesIO()
    np.savez(out, image=random_faces(4), label=[0, 1, 0, 1], usage=["Training", "PublicTest"] * 2)
    data = load.load(zipped({"fer2013.npz": out.getvalue()}))
    assert {name: len(faces) for name, faces in data.splits.items()} == {
        "train": 2, "validation": 2
    }  # fmt: skip


def test_a_name_that_begins_with_a_nul_costs_no_other_file(zipped: Zip) -> None:
    path = zipped({"X0a.jpg": b"one", "happy/b.jpg": b"two"})
    path.write_bytes(path.read_bytes().replace(b"X0a.jpg", b"\x000a.jpg"))
    with unpacked(path) as folder:
        assert files_below(folder) == ["happy/b.jpg"]


def test_whatever_the_library_raises_is_the_project_s_own_error(
    zipped: Zip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("of a version to come")

    monkeypatch.setattr("zipfile.ZipExtFile.read", fail)
    with pytest.raises(DataError, match="cannot be unpacked"), unpacked(zipped({"a.png": b"1"})):
        pass


def test_the_folder_is_gone_afterwards(zipped: Zip) -> None:
    with unpacked(zipped({"happy/a.png": b"image"})) as folder:
        assert files_below(folder) == ["happy/a.png"]
    assert not folder.exists()


@pytest.mark.parametrize(
    "name", ["../a.png", "happy/../../a.png", "/etc/a.png", "..\\a.png", "C:\\a.png", "\\a.png"]
)
def test_a_path_that_leads_out(name: str, zipped: Zip) -> None:
    with pytest.raises(DataError, match="leads out"), unpacked(zipped({name: b"image"})):
        pass


def test_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "data.zip", zipfile.ZipInfo("happy/a.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="is a link"), unpacked(path):
        pass


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(entries=1), "has 2 entries; at most 1"),
        (Limits(image_bytes=3), "unpacks to more than"),
        (Limits(image_bytes=4), "unpacks to more than"),
        (Limits(total_bytes=9), "unpacks to more than"),
    ],
)
def test_too_much(limits: Limits, message: str, zipped: Zip) -> None:
    path = zipped({"happy/a.png": b"image", "sad/a.png": b"image"})
    with pytest.raises(DataError, match=message), unpacked(path, limits):
        pass
    with unpacked(path, Limits(entries=2, image_bytes=5, total_bytes=10)) as folder:
        assert len(files_below(folder)) == 2


def test_tables_may_be_larger_than_images(zipped: Zip) -> None:
    with unpacked(zipped({"a.csv": b"table"}), Limits(image_bytes=1, table_bytes=5)) as folder:
        assert files_below(folder) == ["a.csv"]
    path = zipped({"a.csv": b"table"})
    with pytest.raises(DataError, match="unpacks"), unpacked(path, Limits(table_bytes=4)):
        pass


def test_the_limits_are_those_that_a_machine_is_laid_out_for() -> None:
    assert Limits() == Limits(200_000, 64 * 2**20, 1024 * 2**20, 4096 * 2**20)


@pytest.mark.parametrize(("zeros", "refused"), [(1_550_000, False), (1_800_000, True)])
def test_a_file_is_unpacked_to_at_most_a_hundred_times_its_size(
    zipped: Zip, zeros: int, refused: bool
) -> None:
    path = zipped({"a.png": random.Random(2).randbytes(15_000) + bytes(zeros)})
    if refused:
        with pytest.raises(DataError, match="100 times what it takes"), unpacked(path):
            pass
        return
    with unpacked(path) as folder:
        assert files_below(folder) == ["a.png"]


def test_a_bomb(zipped: Zip) -> None:
    path = zipped({"happy/a.png": bytes(2**25)})
    with pytest.raises(DataError, match="as no photo does"), unpacked(path):
        pass


@pytest.mark.parametrize("damage", [b"no zip", b"PK\x05\x06", b""])
def test_what_is_no_zip(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    path.write_bytes(damage)
    with pytest.raises(DataError, match=r"data\.zip cannot be unpacked"), unpacked(path):
        pass


def test_a_damaged_member(zipped: Zip) -> None:
    path = zipped({"happy/a.png": b"image " * 1000})
    data = bytearray(path.read_bytes())
    data[45:60] = bytes(15)
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="cannot be unpacked"), unpacked(path):
        pass


def test_another_way_of_packing(zipped: Zip) -> None:
    path = zipped({"happy/a.png": b"image"}, zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="Use the usual one, deflate"), unpacked(path):
        pass


def test_a_password(zipped: Zip) -> None:
    path = zipped({"happy/a.png": b"image"})
    data = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + flags] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match="without a password"), unpacked(path):
        pass
