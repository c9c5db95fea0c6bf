"""Summarise the contents and faults of a data set, as a record and as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import DataSet, LabelledFaces, Problem

#: Most problems and contradictions in the text; the record has all of them.
_MAX_SHOWN = 10


@dataclass(frozen=True)
class Contradiction:
    """Identical images whose labels differ: ``split/origin`` and label of each copy."""

    places: tuple[str, ...]
    labels: tuple[str, ...]

    def __str__(self) -> str:
        first = dict(zip(reversed(self.labels), reversed(self.places), strict=True))
        shown = "; ".join(f"{label} {place}" for label, place in sorted(first.items()))
        return f"{len(self.places)} copies: {shown}"


@dataclass(frozen=True)
class DataSummary:
    """Counts and faults of a data set, most of them per split.

    Attributes:
        with_votes: number of faces with FER+ votes.
        duplicates_within: number of images that repeat an earlier one of their split.
        duplicates_across: number of images of the second split of each pair that are also in the
            first.
        contradictions: groups of identical images with different labels, over all splits.
        problems: data that the reader could not use, and splits that were drawn.
    """

    name: str
    sha256: str
    size: int
    channels: int
    counts: dict[str, dict[str, int]]
    with_votes: dict[str, int]
    blank: dict[str, int]
    duplicates_within: dict[str, int]
    duplicates_across: dict[str, int]
    contradictions: tuple[Contradiction, ...]
    problems: tuple[Problem, ...]

    def text(self) -> str:
        """Return a table of the counts and one line per kind of fault, for a terminal."""
        names = list(next(iter(self.counts.values())))
        width = max(map(len, [*names, "class", "total"]))
        colours = "grey" if self.channels == 1 else "RGB"
        totals = (f"{sum(count.values()):10,}" for count in self.counts.values())
        lines = [
            f"{self.name}: {self.size} × {self.size} pixels, {colours}, SHA-256 {self.sha256[:12]}",
            "",
            "  ".join(["class".ljust(width), *(split.rjust(10) for split in self.counts)]),
            *(
                "  ".join([name.ljust(width), *(f"{c[name]:10,}" for c in self.counts.values())])
                for name in names
            ),
            "  ".join(["total".ljust(width), *totals]),
            "",
        ]
        for title, count in (
            ("with FER+ votes", self.with_votes),
            ("blank images", self.blank),
            ("repeats within a split", self.duplicates_within),
            ("of the second also in the first", self.duplicates_across),
        ):
            parts = ", ".join(f"{name} {n:,}" for name, n in count.items() if n)
            lines.append(f"{title}: {parts or 'none'}")
        for title, found in (
            ("identical images with different labels", self.contradictions),
            ("problems", self.problems),
        ):
            lines += _counted(title, found, "--json shows all")
        return "\n".join(lines)


def problems_text(problems: Sequence[Problem]) -> str:
    """Return the number of problems and the first ones, as lines for a terminal."""
    return "\n".join(_counted("problems", problems, "`python -m training data` shows all"))


def _counted(title: str, found: Sequence[object], rest: str) -> list[str]:
    lines = [f"{title}: {len(found):,}" if found else f"{title}: none"]
    lines += [f"  {one}" for one in found[:_MAX_SHOWN]]
    if len(found) > _MAX_SHOWN:
        lines.append(f"  and {len(found) - _MAX_SHOWN:,} more ({rest})")
    return lines


def summarise(dataset: DataSet) -> DataSummary:
    """Count faces and faults; every image is hashed once."""
    splits = dataset.splits
    digests = {name: faces.digests() for name, faces in splits.items()}
    first = next(iter(splits.values()))
    return DataSummary(
        name=dataset.name,
        sha256=dataset.sha256,
        size=first.images.shape[1],
        channels=first.images.shape[3],
        counts={name: faces.counts() for name, faces in splits.items()},
        with_votes={
            name: 0 if faces.votes is None else int(faces.votes.any(axis=1).sum())
            for name, faces in splits.items()
        },
        blank={name: int(faces.blank().sum()) for name, faces in splits.items()},
        duplicates_within={name: len(d) - len(np.unique(d)) for name, d in digests.items()},
        duplicates_across={
            f"{a}, {b}": int(np.isin(digests[b], digests[a]).sum())
            for a, b in combinations(splits, 2)
        },
        contradictions=_contradictions(splits, digests),
        problems=dataset.problems,
    )


def _contradictions(
    splits: dict[str, LabelledFaces], digests: dict[str, NDArray[np.str_]]
) -> tuple[Contradiction, ...]:
    copies: dict[str, list[tuple[str, str]]] = {}
    for name, faces in splits.items():
        labels = faces.names.tolist()
        for digest, label, place in zip(digests[name].tolist(), labels, faces.places, strict=True):
            copies.setdefault(digest, []).append((f"{name}/{place}", label))
    return tuple(
        Contradiction(tuple(place for place, _ in group), tuple(label for _, label in group))
        for group in copies.values()
        if len({label for _, label in group}) > 1
    )
