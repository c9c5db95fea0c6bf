"""From what a visitor uploads to the files of a collection. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from app.collection.archive import (
    Candidate,
    PhotoArchive,
    RefusedError,
    not_a_photo,
)
from fer.labelled.names import Kind, kind_of, natural_order, shown_name

_OTHER_ARCHIVE = "is an archive of a kind that is not read. Make a ZIP of it, or unpack it."


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
