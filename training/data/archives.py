"""Unpack a ZIP with a data set, which anybody may have made, into a folder of its own."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from fer.errors import DataError, failures_as
from fer.images import MAX_BYTES, SUFFIXES
from training.data.layouts import is_visible

MB = 2**20

#: Unpacked size per packed size up to which a file is taken for what it says it is.
_RATIO = 100

#: Tables and archives of arrays, which are larger than images.
_TABLES = ("csv", "npz")

#: What is unpacked. Python unpacks the other methods without a limit: 4 kB can become gigabytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_ENCRYPTED = 0x1 | 0x40  # usual and strong encryption


@dataclass(frozen=True)
class Limits:
    """What is unpacked at most.

    Attributes:
        entries: files and folders, whatever they are.
        image_bytes: size of an image.
        table_bytes: size of a table or an archive of arrays.
        total_bytes: size of all files.
    """

    entries: int = 200_000
    image_bytes: int = MAX_BYTES
    table_bytes: int = 1024 * MB
    total_bytes: int = 4096 * MB


_USUAL = Limits()


def is_zip(path: Path) -> bool:
    """Return whether a path is a file that is called a ZIP."""
    return path.suffix.lower() == ".zip" and path.is_file()


@contextmanager
def unpacked(path: Path, limits: Limits = _USUAL) -> Iterator[Path]:
    """Unpack the images and tables of a ZIP; the folder is gone after the ``with`` block.

    Bytes are counted while they are unpacked, whatever the ZIP says about its sizes.

    Raises:
        DataError: it is no ZIP, damaged, encrypted or too large, or has a path that leads out.
    """
    with tempfile.TemporaryDirectory(prefix="fer-data-") as folder:
        with (
            failures_as(lambda error: DataError(f"{path.name} cannot be unpacked: {error}.")),
            zipfile.ZipFile(path) as archive,
        ):
            _unpack(archive, Path(folder), path.name, limits)
        yield Path(folder)


def _unpack(archive: zipfile.ZipFile, folder: Path, name: str, limits: Limits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise DataError(
            f"{name} has {len(entries):,} entries; at most {limits.entries:,} are read."
        )
    total = 0
    for entry in entries:
        inner = PureWindowsPath(entry.filename)  # which knows both kinds of slashes
        if inner.anchor or ".." in inner.parts:
            raise DataError(f"{name} was refused: the path {entry.filename!r} leads out of it.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(f"{name} was refused: {entry.filename!r} is a link to another file.")
        if entry.flag_bits & _ENCRYPTED:
            raise DataError(f"{name} is encrypted. Make one without a password.")
        if entry.compress_type not in _METHODS:
            raise DataError(
                f"{name} is compressed in a way that is not read. Use the usual one, deflate."
            )
        suffix = inner.suffix.lower().lstrip(".")
        visible = all(is_visible(PureWindowsPath(part)) for part in inner.parts)
        # `ZipInfo.is_dir` of Python 3.11 fails on an empty name: one that begins with a NUL.
        is_dir = entry.filename.endswith("/")
        if is_dir or not visible or suffix not in (*SUFFIXES, *_TABLES):
            continue
        most = limits.table_bytes if suffix in _TABLES else limits.image_bytes
        target = folder.joinpath(*inner.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        total += _copy(archive, entry, target, min(most, limits.total_bytes - total))


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> int:
    """Unpack a file of at most so many bytes, and return how many it has."""
    size = 0
    with archive.open(entry) as source, target.open("wb") as out:
        while part := source.read(MB):
            size += len(part)
            if size > most or size > max(MB, _RATIO * entry.compress_size):
                raise DataError(
                    f"{entry.filename} was refused: it unpacks to more than {most // MB:,} MB, or "
                    f"to {_RATIO} times what it takes in the ZIP, as no photo does."
                )
            out.write(part)
    return size
