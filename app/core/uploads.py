"""From what a visitor uploads to the files in it, with their limits. Does not use Streamlit.

Anybody may have made a ZIP. Nothing is unpacked to a disk, and one photograph at a time to memory.
What an archive says about its own sizes is a hint only: bytes are counted while they are unpacked.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath

from fer.errors import FerError, failures_as
from fer.images import MAX_BYTES
from fer.labelled.names import Kind, kind_of, leads_out, natural_order, shown_name

MB = 2**20

#: Bytes that are unpacked at a time.
_CHUNK = 2**16

#: Bytes from which on a file is judged by how strongly it is compressed. A small drawing may be
#: compressed a thousandfold.
_RATIO_FROM = MB

#: What is read. Python unpacks the other methods without a limit: 4 kB can become gigabytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: Names of others that are in use.
_METHOD_NAMES = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}

_ENCRYPTED = 0x1 | 0x40  # usual and strong encryption
_UTF8 = 0x800
_UNIX = 3  # the system whose file modes `external_attr` has

_OTHER_ARCHIVE = "is an archive of a kind that is not read. Make a ZIP of it, or unpack it."


class RefusedError(FerError):
    """A file is not read. Its message is the end of a sentence that starts with the file's name."""


@dataclass(frozen=True)
class ArchiveLimits:
    """What is read of an archive at most.

    Attributes:
        entries: files and folders in it, whatever they are.
        directory_bytes: size of its table of contents, which is read at once.
        file_bytes: unpacked size of a file.
        total_bytes: unpacked size of all files.
        ratio: unpacked size per compressed size.
    """

    entries: int = 20_000
    directory_bytes: int = 4 * MB
    file_bytes: int = MAX_BYTES
    total_bytes: int = 4096 * MB
    ratio: int = 100


_USUAL = ArchiveLimits()


@dataclass(frozen=True)
class Candidate:
    """A file of a collection, which may be a photograph.

    Attributes:
        name: for the page and for exports.
        reason: why it is not read, as the end of a sentence that starts with its name; empty if
            that can be tried.
        read: returns its contents; may raise `RefusedError`.
    """

    name: str
    reason: str = ""
    read: Callable[[], bytes] = field(default=bytes, repr=False)


@dataclass(frozen=True)
class Upload:
    """A file as the browser sent it.

    Attributes:
        name: its name, or its path in the folder that was chosen.
        data: its contents.
    """

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Files:
    """The files of a collection before they are read.

    Attributes:
        title: name of the folder or archive.
        candidates: the files, sorted by name.
        system: number of system files that were left out beside them.
        bytes: size of what was uploaded.
    """

    title: str
    candidates: tuple[Candidate, ...]
    system: int = 0
    bytes: int = 0

    @property
    def photos(self) -> int:
        """Number of files that may be photographs."""
        return sum(not candidate.reason for candidate in self.candidates)


class PhotoArchive:
    """The files in a ZIP.

    Args:
        data: the ZIP.
        limits: what is read at most.

    Raises:
        RefusedError: it cannot be read at all.
    """

    def __init__(self, data: bytes, limits: ArchiveLimits = _USUAL) -> None:
        self._limits = limits
        self._unpacked = 0
        opening = _Opening(data, limits.directory_bytes)

        def failure(error: Exception) -> RefusedError:
            if isinstance(error, UnicodeDecodeError):
                what = "it holds a name that is not in the encoding it claims to be in"
                return RefusedError(f"was refused: {what}.")
            return RefusedError("is not a ZIP archive that can be read, or its end is missing.")

        with failures_as(failure):
            self._zip = zipfile.ZipFile(opening)
        opening.opened = True
        if len(self._zip.infolist()) > limits.entries:
            raise RefusedError(
                f"was refused: it holds {len(self._zip.infolist()):,} files; at most "
                f"{limits.entries:,} are looked at."
            )

    def candidates(self) -> tuple[list[Candidate], int]:
        """Return all its files in their order, and how many system files there are beside them."""
        found, system = [], 0
        for info in self._zip.infolist():
            name = _decoded(info)
            # `ZipInfo.is_dir` of Python 3.11 fails on an empty name: one that begins with a NUL.
            if info.filename.endswith("/") and not leads_out(name):
                continue
            if kind_of(name) is Kind.SYSTEM and not leads_out(name):
                system += 1
                continue
            reason = _refusal(info, name, self._limits)
            found.append(Candidate(shown_name(name), reason, partial(self._read, info)))
        return found, system

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        parts, size = [], 0
        damaged = RefusedError("is damaged in the archive and cannot be read.")
        with failures_as(lambda _: damaged), self._zip.open(info) as file:
            while part := file.read(_CHUNK):
                size += len(part)
                self._unpacked += len(part)
                self._check(info, size)
                parts.append(part)
        return b"".join(parts)

    def _check(self, info: zipfile.ZipInfo, size: int) -> None:
        """Raise if a file of which so many bytes were unpacked goes beyond a limit."""
        if size > self._limits.file_bytes:
            raise RefusedError(_too_large(self._limits))
        if size > _RATIO_FROM and size > self._limits.ratio * max(1, info.compress_size):
            raise RefusedError(
                f"was refused: it is compressed to less than 1/{self._limits.ratio} of its size, "
                "as no photo is."
            )
        if self._unpacked > self._limits.total_bytes:
            raise RefusedError(
                f"was not read: the archive unpacks to more than {self._limits.total_bytes // MB:,}"
                " MB."
            )


class _Opening(io.BytesIO):
    """A ZIP, whose table of contents must not be longer than it may be.

    `zipfile` reads the table at once and makes an object for each entry, however many there are.
    """

    opened = False

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not self.opened and len(data) > self._most:
            raise RefusedError("was refused: its table of contents is too long.")
        return data


def _refusal(info: zipfile.ZipInfo, name: str, limits: ArchiveLimits) -> str:
    """Return why a file is not read; "" if that can be tried."""
    mode = stat.S_IFMT(info.external_attr >> 16)
    if leads_out(name):
        return "was refused: its path leads out of the archive."
    if stat.S_ISLNK(mode):
        return "was refused: it is a link to another file."
    if mode and not stat.S_ISREG(mode) and info.create_system == _UNIX:
        return "was refused: it is not a usual file."
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted. Make an archive without a password."
    if reason := not_a_photo(name, "is an archive within the archive. Unpack it first."):
        return reason
    if info.compress_type not in _METHODS:
        method = _METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
        return f"is compressed in a way that is not read ({method}). Use the usual one, deflate."
    return _too_large(limits) if info.file_size > limits.file_bytes else ""


def not_a_photo(name: str, archive: str) -> str:
    """Return why a file is not read by its name; "" if it may be a photograph.

    Args:
        name: of the file.
        archive: what is said of an archive.
    """
    match kind_of(name):
        case Kind.PHOTO:
            return ""
        case Kind.ARCHIVE:
            return archive
    return "was left out: by its name, it is no photo in a format that is read."


def _too_large(limits: ArchiveLimits) -> str:
    return f"was refused: it is larger than {limits.file_bytes // MB} MB."


def _decoded(info: zipfile.ZipInfo) -> str:
    """Return a name, also where it is UTF-8 without saying so, as older programs wrote it."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def files_of(uploads: Sequence[Upload], most: int) -> Files:
    """Return the files of a collection: those uploaded, and those in ZIP archives among them.

    Args:
        uploads: what was uploaded.
        most: number of photographs that are read; the others get this as their reason.
    """
    candidates, system, title = list[Candidate](), 0, _title(uploads)
    for upload in _inside(uploads):
        found, left_out = _files_in(upload, prefix=len(uploads) > 1)
        candidates += found
        system += left_out
    candidates.sort(key=lambda candidate: natural_order(candidate.name))
    size = sum(len(upload.data) for upload in uploads)
    return Files(title, tuple(limited(candidates, most)), system, size)


def _files_in(upload: Upload, *, prefix: bool) -> tuple[list[Candidate], int]:
    if is_zip(upload.name):
        return _unpacked(upload, prefix=prefix)
    if kind_of(upload.name) is Kind.SYSTEM:
        return [], 1
    reason = not_a_photo(upload.name, _OTHER_ARCHIVE)
    return [Candidate(shown_name(upload.name), reason, lambda: upload.data)], 0


def _unpacked(upload: Upload, *, prefix: bool) -> tuple[list[Candidate], int]:
    name = shown_name(upload.name)
    try:
        found, system = PhotoArchive(upload.data).candidates()
    except RefusedError as error:
        return [Candidate(name, str(error))], 0
    if prefix:
        stem = PurePosixPath(name).stem
        found = [replace(one, name=shown_name(f"{stem}/{one.name}")) for one in found]
    return found, system


def is_zip(name: str) -> bool:
    """Return whether a file is taken as an archive."""
    return name.lower().endswith((".zip", ".cbz"))


def limited(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """Return the candidates with a reason for each photograph beyond the first `most`."""
    limited, photos = [], 0
    for candidate in candidates:
        photos += not candidate.reason
        too_many = not candidate.reason and photos > most
        limited.append(Candidate(candidate.name, _too_many(most)) if too_many else candidate)
    return limited


def _too_many(most: int) -> str:
    return f"was not read: this server reads {most:,} photos of a collection."


def _inside(uploads: Sequence[Upload]) -> list[Upload]:
    """Return the uploads with their paths inside the folder that was chosen."""
    if _folder(uploads):
        return [replace(upload, name=upload.name.split("/", 1)[1]) for upload in uploads]
    return [*uploads]


def _folder(uploads: Sequence[Upload]) -> str:
    """Return the name of the folder that all uploads are in; "" if there is none."""
    folders = {upload.name.split("/", 1)[0] if "/" in upload.name else "" for upload in uploads}
    return folders.pop() if len(folders) == 1 else ""


def _title(uploads: Sequence[Upload]) -> str:
    if folder := _folder(uploads):
        return shown_name(folder)
    return shown_name(uploads[0].name) if len(uploads) == 1 else f"{len(uploads):,} files"
