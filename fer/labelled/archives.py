"""What is read of a ZIP, which anybody may have made: one set of rules for the app and trainings.

What an archive says about its own sizes is a hint only: bytes are counted while they are unpacked.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator

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
    """Yield a file's contents piece by piece; UnpackError for more bytes than are believed."""
    size = 0
    with archive.open(entry) as file:
        while part := file.read(_CHUNK):
            size += len(part)
            if size > most:
                raise UnpackError(too_large(most))
            if size > max(MB, RATIO * entry.compress_size):
                raise UnpackError(
                    f"was refused: it is compressed to less than 1/{RATIO} of its size, as no "
                    "photo is."
                )
            yield part


def too_large(most: int) -> str:
    """Return what is said of a file of more bytes."""
    return f"was refused: it is larger than {most // MB:,} MB."
