"""ZIPs that visitors send: photographs, labelled sets with tables, and what is made of them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from app.core.photo import Photo, RefusedError, Upload
from app.core.uploads import files_of
from app.own_data.files import labelled_files_of
from fer.labelled.names import flat_name, natural_order, portable_name
from fer.labelled.table import LabelledFace, LabelRow, write_archive
from fer.labels import FER2013_LABELS
from tests.fuzz.mutations import (
    NASTY_TEXTS,
    Files,
    Rng,
    changed,
    changed_files,
    changed_zip,
    one,
    zipped,
)
from tests.fuzz.runner import Target, refused

_PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(200)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def seeds(folder: Path) -> list[Files]:
    """Return the files of archives: photographs, an archive in one, and a labelled set."""
    rows = [
        LabelRow(f"{i}.jpg", label, (1, 2, 30, 40), answer=label, confidence=0.5, model="m")
        for i, label in enumerate(FER2013_LABELS[:3])
    ]
    saved = io.BytesIO()
    faces = [LabelledFace(row, crop=lambda: _PHOTO) for row in rows]
    write_archive(saved, faces, {"0.jpg": lambda: _PHOTO})
    with zipfile.ZipFile(saved) as archive:
        labelled = {name: archive.read(name) for name in archive.namelist()}
    names = ("happy/1.png", "sad/2.jpg", "test/fear/3.heic", "__MACOSX/._x", "a/labels.csv")
    photos = dict.fromkeys(names, _PHOTO)
    return [photos, {"in.zip": zipped(photos), "1.jpg": _PHOTO}, labelled, labelled]


def change(rng: Rng, archives: list[Files]) -> list[Upload]:
    """Return some uploads: archives of changed files, changed archives, and other files."""
    uploads = []
    for _ in range(1 + int(rng.integers(3))):
        files = one(rng, archives)
        if rng.random() < 0.7:
            files = changed_files(rng, files)
        data = zipped(files, one(rng, _METHODS))
        match int(rng.integers(4)):
            case 0:
                data = changed_zip(rng, data)
            case 1:
                data = changed(rng, data)
            case 2:
                data = one(rng, [*files.values()])
        name = one(rng, ("a.zip", "A.CBZ", "labels.csv", "f/labels.csv", one(rng, NASTY_TEXTS)))
        uploads.append(Upload(name, data))
    return uploads


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
            with refused(RefusedError):
                photo.read()


ARCHIVES = Target("archives", seeds, change, run, memory=512 * 2**20)
