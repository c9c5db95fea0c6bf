"""What there is in the files that a visitor drops: photographs, labels by folder, a table.

Does not use Streamlit.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from app.core.text import counted
from app.core.uploads import Candidate, Files, RefusedError, Upload, files_of, limited
from fer.errors import DataError
from fer.labelled.folders import labelled_files
from fer.labelled.table import CROPS, FILE_NAME, ORIGINALS, SKIPPED, LabelRow, read_table
from fer.text import one_of


@dataclass(frozen=True)
class LabelledFiles(Files):
    """What a visitor has dropped, before any photograph is opened; tables are no candidates.

    Attributes:
        labels: what the folders say, by name of the file.
        cut_outs: names of files that are cut-out faces whatever their size.
        rows: the labels of tables.
        notes: what was left out, in sentences.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    cut_outs: frozenset[str] = frozenset()
    rows: tuple[LabelRow, ...] = ()
    notes: tuple[str, ...] = ()


def labelled_files_of(
    uploads: Sequence[Upload], most: int, expressions: Sequence[str], *, by_hand: bool = False
) -> LabelledFiles:
    """Return what there is in what was uploaded.

    Args:
        uploads: photographs, ZIP archives, tables.
        most: number of photographs that are read.
        expressions: names that a label may have.
        by_hand: whether folders say nothing, because the visitor labels.
    """
    files = files_of(uploads, sys.maxsize)
    tables = [one for one in files.candidates if one.name.lower().endswith(".csv")]
    rows, candidates, notes = list[LabelRow](), list[Candidate](), list[str]()
    for table in tables:
        try:
            rows += read_table(table.read())
        except (DataError, RefusedError) as error:
            candidates.append(Candidate(table.name, str(error)))
    notes += _unknown([row.expression for row in rows], [*expressions, SKIPPED], "label", "called")
    photos, cut_outs = _of_own_archive([c for c in files.candidates if c not in tables], tables)
    labels: dict[str, str] = {}
    if not by_hand:
        names = [one.name for one in photos if not one.reason]
        found = {file.name: file.class_name for file in labelled_files(names, expressions)}
        notes += _unknown([*found.values()], expressions, "photo", "in folders called")
        labels = {name: label for name, label in found.items() if label in expressions}
        photos = [one for one in photos if found.get(one.name, "") in ("", *expressions)]
    candidates += limited(photos, most)
    return LabelledFiles(
        files.title,
        tuple(candidates),
        files.system,
        files.bytes,
        labels,
        cut_outs,
        tuple(rows),
        tuple(notes),
    )


def _of_own_archive(
    photos: Sequence[Candidate], tables: Sequence[Candidate]
) -> tuple[list[Candidate], frozenset[str]]:
    """Return the photographs of a set that this page has saved, and which are cut-out faces.

    Such a set has every face twice. The originals say more; without them, the crops must do.
    """
    for table in tables:
        path = PurePosixPath(table.name)
        if path.name != FILE_NAME:
            continue
        prefix = "" if str(path.parent) == "." else f"{path.parent}/"
        originals, crops = f"{prefix}{ORIGINALS}/", f"{prefix}{CROPS}/"
        if any(one.name.startswith(originals) for one in photos):
            kept = [one for one in photos if not one.name.startswith(crops)]
            return [_without(one, originals) for one in kept], frozenset()
        inside = [_without(one, crops) for one in photos]
        return inside, frozenset(n.name for n, o in zip(inside, photos, strict=True) if n != o)
    return [*photos], frozenset()


def _without(one: Candidate, folder: str) -> Candidate:
    return replace(one, name=one.name.removeprefix(folder))


def _unknown(names: Sequence[str], known: Sequence[str], noun: str, called: str) -> list[str]:
    """Return a sentence on labels that no model here knows; none if there are none."""
    unknown = Counter(name for name in names if name not in known)
    if not unknown:
        return []
    which = one_of([f"“{name}” ({count:,})" for name, count in unknown.most_common(6)])
    more = ", among others" if len(unknown) > 6 else ""
    count = counted(unknown.total(), noun)
    return [f"{count} {called} {which}{more} left out: no model here knows such an expression."]
