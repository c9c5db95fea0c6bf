"""Unpack a ZIP with a data set, which anybody may have made, into a folder of its own."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from fer.errors import DataError, failures_as
from fer.images import MAX_BYTES, SUFFIXES
from fer.labelled.archives import MB, UnpackError, contents, is_folder, refusal
from fer.labelled.names import is_system

#: Tables and archives of arrays, which are larger than images.
_TABLES = ("csv", "npz")


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
        if reason := refusal(entry, entry.filename):
            raise DataError(f"{entry.filename!r} in {name} {reason}")
        inner = PureWindowsPath(entry.filename)  # which knows both kinds of slashes
        suffix = inner.suffix.lower().lstrip(".")
        if is_folder(entry) or is_system(entry.filename) or suffix not in (*SUFFIXES, *_TABLES):
            continue
        most = limits.table_bytes if suffix in _TABLES else limits.image_bytes
        target = folder.joinpath(*inner.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("wb") as out:
                for part in contents(archive, entry, min(most, limits.total_bytes - total)):
                    out.write(part)
        except UnpackError as error:
            raise DataError(f"{entry.filename!r} in {name} {error}") from error
        total += target.stat().st_size
