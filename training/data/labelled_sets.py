"""Sets of labelled faces as the app's page "Your data" writes them.

``crops/<class>/`` holds the faces, ``labels.csv`` says what photograph each of them is from.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from training.data.folders import folders_in
from training.data.raw import Source, strings

LABELS_TABLE = "labels.csv"
CROPS = "crops"

#: Columns of the table: the face's file below the folder, and its photograph.
_FILE, _PHOTO = "file", "photo"


def is_labelled_set(folder: Path) -> bool:
    """Return whether a folder holds such a set, with classes or without."""
    return (folder / LABELS_TABLE).is_file() and any(p.name == CROPS for p in folders_in(folder))


def with_photos(source: Source, table: Path) -> Source:
    """Add the photograph of each face; a face that the table does not name is one of its own."""
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = list(csv.DictReader(file))
    photos = {
        (row.get(_FILE) or "").removeprefix(f"{CROPS}/"): row.get(_PHOTO) or "" for row in rows
    }
    # A slash cannot be in a photograph's name, so no file is taken for one.
    known = [photos.get(origin) or f"/{origin}" for origin in source.origins.tolist()]
    return replace(source, photos=strings(known))
