"""ZIPs as data sets, from usual ones to those that somebody made to do harm."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fer.errors import DataError
from fer.records import file_sha256
from tests.training.samples import sizes, write_classes
from training.data.archives import Limits, unpacked
from training.data.load import load

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


def files_in(path: Path, limits: Limits | None = None) -> list[str]:
    with unpacked(path, *[limits] if limits else []) as folder:
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_an_empty_zip_has_no_data(zipped: Zip) -> None:
    assert files_in(zipped({})) == []
    with pytest.raises(DataError, match="holds no data set"):
        load(zipped({}))


def test_a_zip_is_the_data_set_in_it_and_leaves_nothing_behind(tmp_path: Path, zipped: Zip) -> None:
    folder = write_classes(tmp_path / "faces", 12, ["happy", "sad"])
    files = {f"some/faces/{p.relative_to(folder)}": p.read_bytes() for p in folder.rglob("*.png")}
    path = zipped(files | {"__MACOSX/happy/x.png": b"", "some/readme.md": b"text"})
    data, same = load(path), load(folder)
    assert (data.name, data.sha256) == ("data.zip", file_sha256(path))
    assert sizes(data) == sizes(same)
    assert (data.split("test").images == same.split("test").images).all()
    with unpacked(path) as inside:
        assert inside.exists()
    assert not inside.exists()


def test_a_name_that_begins_with_a_nul_costs_no_other_file(zipped: Zip) -> None:
    path = zipped({"X0a.jpg": b"one", "happy/b.jpg": b"two"})
    path.write_bytes(path.read_bytes().replace(b"X0a.jpg", b"\x000a.jpg"))
    assert files_in(path) == ["happy/b.jpg"]


def test_what_could_do_harm_is_refused_by_name(zipped: Zip) -> None:
    with pytest.raises(DataError, match=r"'\.\./a\.png' in data\.zip was refused: .* leads out"):
        files_in(zipped({"happy/a.png": b"image", "../a.png": b"image"}))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, None),
        ({"entries": 2}, "has 3 entries; at most 2"),
        ({"image_bytes": 4}, "larger than"),
        ({"table_bytes": 6}, "larger than"),
        ({"total_bytes": 16}, "larger than"),
    ],
)
def test_too_much(limits: dict[str, int], message: str | None, zipped: Zip) -> None:
    """Tables may be larger than images."""
    path = zipped({"happy/a.png": b"image", "sad/a.png": b"image", "a.csv": b"a table"})
    just = {"entries": 3, "image_bytes": 5, "table_bytes": 7, "total_bytes": 17}
    if message is None:
        assert len(files_in(path, Limits(**just))) == 3
        return
    with pytest.raises(DataError, match=message):
        files_in(path, Limits(**just | limits))


def test_the_limits_are_those_that_a_machine_is_laid_out_for() -> None:
    assert Limits() == Limits(200_000, 64 * 2**20, 1024 * 2**20, 4096 * 2**20)


@pytest.mark.parametrize("damage", [b"no zip", b"PK\x05\x06", b"", None], ids=str)
def test_what_is_no_zip_or_damaged(damage: bytes | None, zipped: Zip) -> None:
    path = zipped({"happy/a.png": b"image " * 1000})
    whole = path.read_bytes()
    path.write_bytes(whole[:45] + bytes(15) + whole[60:] if damage is None else damage)
    with pytest.raises(DataError, match=r"data\.zip cannot be unpacked"):
        files_in(path)
