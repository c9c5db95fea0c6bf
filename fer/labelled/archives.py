"""Read archives that anybody may have made: one set of rules for the app and trainings.

What an archive says about its own sizes is a hint only: bytes are counted while they are unpacked.
"""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fer.labelled.names import leads_out

MB = 2**20

#: Unpacked size per packed size up to which a file is taken for what it says it is. It is judged
#: from a megabyte on: a small drawing may be compressed a thousandfold.
RATIO = 100

#: Bytes that are unpacked at a time.
_CHUNK = 2**16

#: What is unpacked. Python unpacks the other methods without a limit: 4 kB can become gigabytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: Names of others that are in use.
_METHOD_NAMES = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}

_ENCRYPTED = 0x1 | 0x40  # usual and strong encryption
_UNIX = 3  # the system whose file modes `external_attr` has


class UnpackError(ValueError):
    """A file of an archive is not unpacked. Its message is to follow the file's name."""


def is_folder(entry: zipfile.ZipInfo) -> bool:
    """Return whether an entry is a folder; `ZipInfo.is_dir` fails on an empty name in Python 3.11.

    A name that begins with a NUL is empty.
    """
    return entry.filename.endswith("/")


def refusal(entry: zipfile.ZipInfo, name: str) -> str:
    """Return why a file of this name is not unpacked, to follow the name; "" if it can be tried."""
    mode = stat.S_IFMT(entry.external_attr >> 16)
    if leads_out(name):
        return "was refused: its path leads out of the archive."
    if stat.S_ISLNK(mode):
        return "was refused: it is a link to another file."
    if mode and not is_folder(entry) and not stat.S_ISREG(mode) and entry.create_system == _UNIX:
        return "was refused: it is not a usual file."
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted. Make an archive without a password."
    if entry.compress_type not in _METHODS:
        method = _METHOD_NAMES.get(entry.compress_type, f"method {entry.compress_type}")
        return f"is compressed in a way that is not read ({method}). Use the usual one, deflate."
    return ""


def contents(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """Yield a file's contents piece by piece; UnpackError for too many or too well packed bytes."""
    size = 0
    with archive.open(entry) as file:
        for part in _pieces(file, most):
            size += len(part)
            if size > max(MB, RATIO * entry.compress_size):
                raise UnpackError(
                    f"was refused: it is compressed to less than 1/{RATIO} of its size, as no "
                    "photo is."
                )
            yield part


def _pieces(file: IO[bytes], most: int) -> Iterator[bytes]:
    """Yield the bytes of an unpacked file piece by piece; UnpackError beyond `most`."""
    size = 0
    while part := file.read(_CHUNK):
        size += len(part)
        if size > most:
            raise UnpackError(too_large(most))
        yield part


class _BoundedGzip(gzip.GzipFile):
    """The unpacked bytes of a gzip file, with UnpackError beyond a limit.

    A single read is limited too: `tarfile` reads an extended header at once, whatever its size.
    """

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(path, "rb")
        self._most = most

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position from the beginning; going forward unpacks what lies between."""
        if offset > self._most:
            raise UnpackError(too_large(self._most))
        return super().seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, at most a megabyte."""
        if size is None or not 0 <= size <= MB:
            raise UnpackError("was refused: it has a header of more than 1 MB.")
        data = super().read(size)
        if self.tell() > self._most:
            raise UnpackError(too_large(self._most))
        return data


@contextmanager
def open_tar(path: Path, most: int) -> Iterator[tarfile.TarFile]:
    """Open a ``.tar.gz`` of which at most `most` bytes are unpacked, those between files too.

    Fewer are unpacked if the file is small, see `RATIO`. Reading beyond raises UnpackError.
    """
    most = min(most, max(MB, RATIO * path.stat().st_size))
    with _BoundedGzip(path, most) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        yield archive


def tar_refusal(entry: tarfile.TarInfo) -> str:
    """Return why an entry is not unpacked, to follow its name; "" if it can be tried."""
    if leads_out(entry.name):
        return "was refused: its path leads out of the archive."
    if entry.issym() or entry.islnk():
        return "was refused: it is a link to another file."
    if entry.issparse() or not (entry.isreg() or entry.isdir()):
        return "was refused: it is not a usual file."
    return ""


def tar_contents(archive: tarfile.TarFile, entry: tarfile.TarInfo, most: int) -> Iterator[bytes]:
    """Yield the contents of a usual file piece by piece; UnpackError beyond `most` bytes."""
    file = archive.extractfile(entry)
    assert file is not None
    yield from _pieces(file, most)


def too_large(most: int) -> str:
    """Return what is said of a file of more bytes."""
    return f"was refused: it is larger than {most // MB:,} MB."
