"""From what a visitor uploads to the files in it, with their limits. Does not use Streamlit.

Anybody may have made a ZIP. Nothing is unpacked to a disk, and one photograph at a time to memory.
What an archive says about its own sizes is a hint only: bytes are counted while they are unpacked.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from app.core.budget import MB
from app.core.photo import Photo, RefusedError, Upload, digest
from fer.errors import failures_as
from fer.images import MAX_BYTES
from fer.labelled.archives import UnpackError, contents, is_folder, refusal, too_large
from fer.labelled.names import Kind, kind_of, leads_out, natural_order, shown_name

#: What is read of an archive at most: files and folders in it, whatever they are; bytes of its
#: table of contents, which is read at once; unpacked bytes of a file, and of all files.
ENTRIES, DIRECTORY_BYTES, FILE_BYTES, TOTAL_BYTES = 20_000, 4 * MB, MAX_BYTES, 4096 * MB


@dataclass(frozen=True)
class UploadLimits:
    """What a visitor may upload: number of photographs that are read, and bytes of all files.

    Up to `always` photographs are read even where free memory is short.
    """

    photos: int
    bytes: int
    always: int = 0


@dataclass(frozen=True)
class Files:
    """What there is in what was uploaded, before it is read.

    The photos are sorted by name; those that are not read have an error. `system` is the number of
    system files that were left out beside them.
    """

    title: str
    photos: tuple[Photo, ...]
    system: int = 0


class PhotoArchive:
    """The files in a ZIP.

    Raises:
        RefusedError: it cannot be read at all.
    """

    def __init__(self, data: bytes) -> None:
        #: Bytes that were unpacked of each file; one may be read again.
        self._unpacked: dict[int, int] = {}
        self._total = 0
        opening = _Opening(data)

        def failure(error: Exception) -> RefusedError:
            if isinstance(error, UnicodeDecodeError):
                what = "it holds a name that is not in the encoding it claims to be in"
                return RefusedError(f"was refused: {what}.")
            return RefusedError("is not a ZIP archive that can be read, or its end is missing.")

        with failures_as(failure):
            self._zip = zipfile.ZipFile(opening)
        opening.opened = True
        if len(self._zip.infolist()) > ENTRIES:
            raise RefusedError(
                f"was refused: it holds {len(self._zip.infolist()):,} files; at most "
                f"{ENTRIES:,} are looked at."
            )

    def photos(self) -> tuple[list[Photo], int]:
        """Return all its files in their order, and how many system files there are beside them."""
        found, system = [], 0
        for info in self._zip.infolist():
            name = _decoded(info)
            if is_folder(info) and not leads_out(name):
                continue
            if kind_of(name) is Kind.SYSTEM and not leads_out(name):
                system += 1
                continue
            reason = refusal(info, name) or not_a_photo(
                name, "is an archive within the archive. Unpack it first."
            )
            if not reason and info.file_size > FILE_BYTES:
                reason = too_large(FILE_BYTES)
            found.append(Photo(shown_name(name), reason, read=partial(self._read, info)))
        return found, system

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        parts, size = [], 0

        def failure(error: Exception) -> RefusedError:
            if isinstance(error, UnpackError):
                return RefusedError(str(error))
            return RefusedError("is damaged in the archive and cannot be read.")

        with failures_as(failure):
            for part in contents(self._zip, info, FILE_BYTES):
                size += len(part)
                self._total += max(0, size - self._unpacked.get(id(info), 0))
                self._unpacked[id(info)] = max(size, self._unpacked.get(id(info), 0))
                if self._total > TOTAL_BYTES:
                    most = f"{TOTAL_BYTES // MB:,} MB"
                    raise RefusedError(f"was not read: the archive unpacks to more than {most}.")
                parts.append(part)
        return b"".join(parts)


class _Opening(io.BytesIO):
    """A ZIP, whose table of contents must not be longer than it may be.

    `zipfile` reads the table at once and makes an object for each entry, however many there are.
    """

    opened = False

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not self.opened and len(data) > DIRECTORY_BYTES:
            raise RefusedError("was refused: its table of contents is too long.")
        return data


def not_a_photo(name: str, archive: str) -> str:
    """Return why a file is not read by its name, `archive` of one; "" if it may be a photo."""
    match kind_of(name):
        case Kind.PHOTO:
            return ""
        case Kind.ARCHIVE:
            return archive
    return "was left out: by its name, it is no photo in a format that is read."


def _decoded(info: zipfile.ZipInfo) -> str:
    """Return a name, also where it is UTF-8 without saying so, as older programs wrote it."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def files_of(uploads: Sequence[Upload]) -> Files:
    """Return what was uploaded, and what is in ZIP archives among it."""
    photos, system, folder = list[Photo](), 0, _folder(uploads)
    for upload in uploads:
        name = upload.name.split("/", 1)[1] if folder else upload.name
        found, left_out = _files_in(upload, name, several=len(uploads) > 1)
        photos += found
        system += left_out
    photos.sort(key=lambda photo: natural_order(photo.name))
    one = folder or (uploads[0].name if len(uploads) == 1 else "")
    title = shown_name(one) if one else f"{len(uploads):,} files"
    return Files(title, tuple(photos), system)


def _files_in(upload: Upload, name: str, *, several: bool) -> tuple[list[Photo], int]:
    if is_zip(name):
        try:
            found, system = PhotoArchive(upload.data).photos()
        except RefusedError as error:
            return [Photo(shown_name(name), str(error))], 0
        folder = f"{PurePosixPath(shown_name(name)).stem}/" if several else ""
        named = (replace(p, name=shown_name(f"{folder}{p.name}"), upload=upload) for p in found)
        return [*named], system
    if kind_of(name) is Kind.SYSTEM:
        return [], 1
    other = "is an archive of a kind that is not read. Make a ZIP of it, or unpack it."
    reason = not_a_photo(name, other)
    return [Photo(shown_name(name), reason, upload=upload, read=lambda: upload.data)], 0


def is_zip(name: str) -> bool:
    """Return whether a file is taken as an archive."""
    return name.lower().endswith((".zip", ".cbz"))


def with_origins(photos: Sequence[Photo]) -> list[Photo]:
    """Return photographs with what identifies the files that they came in."""
    uploads = {id(photo.upload): photo.upload for photo in photos if photo.upload is not None}
    contents = {key: digest(upload.data) for key, upload in uploads.items()}
    found = []
    for photo in photos:
        upload = photo.upload
        if upload is not None:
            name = photo.name if is_zip(upload.name) else ""
            photo = replace(photo, origin=(upload.name, contents[id(upload)], name))
        found.append(photo)
    return found


def limited(photos: Sequence[Photo], left: int, most: int) -> list[Photo]:
    """Return files with an error for each photograph beyond what is left of the most."""
    limited, count = [], 0
    for photo in photos:
        count += not photo.error
        if not photo.error and count > left:
            error = f"was not read: this server reads {most:,} photos of a visitor."
            photo = Photo(photo.name, error)
        limited.append(photo)
    return limited


def _folder(uploads: Sequence[Upload]) -> str:
    """Return the name of the folder that all uploads are in; "" if there is none."""
    folders = {upload.name.split("/", 1)[0] if "/" in upload.name else "" for upload in uploads}
    return folders.pop() if len(folders) == 1 else ""
