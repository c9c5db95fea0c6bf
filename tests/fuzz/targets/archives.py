"""ZIPs that visitors send: photographs, labelled sets with tables, and what is made of them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from app.core.photo import Photo, RefusedError, Upload
from app.core.uploads import files_of
from app.own_data.dropped import labelled_files_of
from fer.labelled.names import flat_name, natural_order, portable_name
from fer.labelled.table import LabelledFace, LabelRow, write_archive
from fer.labels import FER2013_LABELS
from tests.fuzz.mutations import NASTY_TEXTS, Rng, changed, one, some_bytes
from tests.fuzz.target import Target, assert_says

_PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(200)
_DATE = (2026, 1, 1, 0, 0, 0)

#: Beginnings of a local header, an entry of the table of contents, and the end of it; with the
#: places of their numbers.
_HEADERS = {b"PK\3\4": range(4, 30, 2), b"PK\1\2": range(4, 46, 2), b"PK\5\6": range(4, 22, 2)}


def seeds(folder: Path) -> list[bytes]:
    """Return archives of photographs, and what the page "Your data" saves."""
    rows = [
        LabelRow(f"{i}.jpg", label, (1, 2, 30, 40), answer=label, confidence=0.5, model="m")
        for i, label in enumerate(FER2013_LABELS[:3])
    ]
    saved = io.BytesIO()
    faces = [LabelledFace(row, crop=lambda: _PHOTO) for row in rows]
    write_archive(saved, faces, {"0.jpg": lambda: _PHOTO})
    names = ("happy/1.png", "sad/2.jpg", "test/fear/3.heic", "__MACOSX/._x", "labels.csv")
    stored, packed = (
        made([(name, _PHOTO) for name in names], method) for method in (0, zipfile.ZIP_DEFLATED)
    )
    return [stored, packed, made([("in.zip", stored)], 0), made([], 0), saved.getvalue()]


def made(entries: list[tuple[str, bytes]], method: int) -> bytes:
    """Return a ZIP with these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


def change(rng: Rng, archives: list[bytes]) -> list[Upload]:
    """Return some uploads: changed archives, among them some with hostile names, and files."""
    uploads = []
    for _ in range(1 + int(rng.integers(3))):
        data = one(rng, archives)
        match int(rng.integers(4)):
            case 0:
                data = hostile(rng)
            case 1:
                data = with_numbers(rng, data)
            case 2:
                data = changed(rng, data, archives)
        name = one(rng, ("a.zip", "A.CBZ", "labels.csv", "f/labels.csv", one(rng, NASTY_TEXTS)))
        uploads.append(Upload(name, data))
    return uploads


def hostile(rng: Rng) -> bytes:
    """Return a ZIP of files with names and contents of any kind."""
    endings = ("", ".jpg", ".zip", ".csv", "/", "/x.png", "/labels.csv", "/crops/happy/x.png")
    entries: list[tuple[str, bytes]] = []
    for _ in range(int(rng.integers(6))):
        name = one(rng, (*NASTY_TEXTS, "happy", "crops", "originals"))
        name = (name + one(rng, endings))[:60_000].encode("utf-8", "replace").decode()
        entries.append((name.replace("\0", "") or "x", one(rng, (table(rng), some_bytes(rng)))))
    return made(entries, one(rng, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def table(rng: Rng) -> bytes:
    """Return a table of labels, or nearly one."""
    columns = ["photo", "expression", "left", "top", "right", "bottom", "confidence", "file"]
    lines = [",".join(columns[: 2 + int(rng.integers(7))])]
    for _ in range(int(rng.integers(5))):
        cells = [one(rng, (*NASTY_TEXTS, "happy", "1.jpg", "0.5")) for _ in columns]
        lines.append(",".join(cells[: 1 + int(rng.integers(8))]))
    return one(rng, ("\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogatepass")


def with_numbers(rng: Rng, data: bytes) -> bytes:
    """Change numbers in the headers of a ZIP, such as sizes, methods and flags."""
    out = bytearray(data)
    for _ in range(1 + int(rng.integers(4))):
        mark, places = one(rng, [*_HEADERS.items()])
        found = [at for at in range(len(out) - 4) if out[at : at + 4] == mark]
        if found:
            at = one(rng, found) + one(rng, places)
            value = one(rng, (0, 1, 8, 9, 12, 14, 0x41, 0x800, 0x7FFF, 0xFFFF))
            if at + 2 <= len(out):
                struct.pack_into("<H", out, at, value)
    return bytes(out)


def run(uploads: list[Upload], folder: Path) -> None:
    _read(files_of(uploads).photos)
    for by_hand in (False, True):
        taken = labelled_files_of(uploads, FER2013_LABELS, by_hand=by_hand)
        _read(taken.photos)
        assert {photo.label for photo in taken.photos} <= {"", *FER2013_LABELS}


def _read(photos: Sequence[Photo]) -> None:
    for photo in photos:
        assert 0 < len(photo.name) <= 160
        assert photo.name.isprintable() or not photo.name.isascii()
        natural_order(photo.name)
        for safe in (portable_name(photo.name), flat_name(photo.name)):
            assert safe
            assert not safe.startswith("/")
            assert ".." not in safe.split("/")
        if not photo.error:
            try:
                photo.read()
            except RefusedError as error:
                assert_says(error)


ARCHIVES = Target("archives", seeds, change, run, memory=512 * 2**20)
