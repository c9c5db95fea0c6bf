"""Sets of labelled faces as the app's page "Your data" writes them, see `fer.labelled.table`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fer.errors import DataError
from fer.labelled.table import CROPS, FILE_NAME, read_table
from training.data.folders import folders_in
from training.data.raw import Problem, Source, strings


def is_labelled_set(folder: Path) -> bool:
    """Return whether a folder holds such a set, with classes or without."""
    return (folder / FILE_NAME).is_file() and any(p.name == CROPS for p in folders_in(folder))


def with_photos(source: Source, table: Path) -> Source:
    """Add the photograph of each face; a face that the table does not name is one of its own.

    Args:
        source: faces, whose origins are relative to the folder of crops.
        table: the table beside that folder.
    """
    try:
        rows = read_table(table.read_bytes())
    except DataError as error:
        message = f"{error} So it is not known which faces are from one photograph."
        return replace(source, problems=(*source.problems, Problem(table.name, message)))
    photos = {row.file.removeprefix(f"{CROPS}/"): row.photo for row in rows if row.file}
    # No photograph there has a slash in its name, so no face is taken for one.
    known = [photos.get(origin, f"/{origin}") for origin in source.origins.tolist()]
    return replace(source, groups=strings(known))
