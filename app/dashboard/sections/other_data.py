"""The sections about a model on data other than its own. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from app.common.head_text import head_name
from app.dashboard.elements import Command, Fact, Facts, Note, Part, Row, Section, Table
from app.dashboard.sections.labelled import (
    AS_ANSWERED,
    RESTRICTED,
    labelled_facts,
    labelled_tables,
    overlap_notes,
    ways,
)
from app.dashboard.sections.performance import ACCURACY, CALIBRATION, INTERVAL, MACRO_F1
from app.dashboard.text import percent, share_range
from fer.evaluation.metrics import wilson_interval
from fer.evaluation.other_data import OtherData, PhotoSearch, StatedFigures

TITLE = "On other data"

ABOUT = (
    "Measured on faces that it did not learn from. Other data often show other faces in other "
    "poses and light, and their labels were given by others."
)

FURTHER = "Below the splits stand faces of other origin, with what is known of them."

#: How a figure is told apart from others in one line of a table, by the ground truth.
_TRUTHS = {
    "label": "",
    "most_votes": ", by most FER+ votes",
    "majority": ", by more than half of all FER+ votes",
    "plurality": ", by most FER+ votes, seven classes",
}

_HOW = {"crops": "Faces cut out", "photos": "Whole photographs"}

_KINDS = {
    "test": "Test: held out from the data that it was trained on",
    "validation": "Validation: held out while it learnt; its settings were chosen on it",
    "other": "Other data",
}


def record_name(record: OtherData) -> str:
    """Return what was measured: data, split and ground truth."""
    split = f", {record.split}" if record.split else ""
    return f"{record.data}{split}{_TRUTHS[record.truth]}"


def record_faces(record: OtherData) -> str:
    """Return the same with what the images are, as it stands in the list of what was measured."""
    return f"{record_name(record)}{', photographs' if record.how == 'photos' else ''}"


def record_title(record: OtherData) -> str:
    """Return a name that no other record of a model has."""
    return f"{record_faces(record)}, {head_name(record.head)} head"


def other_data(
    records: Sequence[OtherData], command: str, earlier: Sequence[OtherData] = ()
) -> list[Part | Row]:
    """Return the tables of all records, or what to do where there is none.

    Args:
        records: those of the weights that run.
        command: command that adds a record.
        earlier: those of earlier weights with groups of people.
    """
    before = groups_tables(earlier, "Groups of people, measured with earlier weights")
    if not records:
        return [
            Note("Nothing was measured on other data yet. This command does, and is shown here:"),
            Command("Measure it on a labelled set of your own", command),
            *before,
        ]
    by_kind = {kind: [r for r in records if r.kind == kind] for kind in _KINDS}
    tables = [_figures(_KINDS[kind], some) for kind, some in by_kind.items() if some]
    return [Note(ABOUT), *tables, *groups_tables(records), *before, _origins([*records, *earlier])]


def groups_tables(records: Sequence[OtherData], title: str = "Groups of people") -> list[Table]:
    """Return a table of the groups of people that were measured apart, if any were."""
    rows = tuple(
        (
            record_name(record),
            head_name(record.head),
            f"{group.by}: {group.name}",
            f"{group.count:,}",
            f"{percent(group.right / group.count)} ({share_range(*group.interval)})",
        )
        for record in records
        for group in record.groups
    )
    about = (
        "Groups of a few people tell little: where two intervals overlap widely, the difference "
        f"may be chance. {INTERVAL}"
    )
    columns = ("Data", "Head", "Group", "Faces", "Right")
    return [Table(title, columns, rows, about, text_columns=("Head", "Group"))] if rows else []


def _figures(title: str, records: Sequence[OtherData]) -> Table:
    photos = any(record.search for record in records)
    restricted = any(record.restricted_accuracy is not None for record in records)
    columns = ["Data", "Head", "Images"]
    columns += ["Face found", "Right of all"] if photos else []
    columns += ["Accuracy", *([RESTRICTED] if restricted else []), "Macro-F1"]
    return Table(
        title,
        tuple(columns),
        tuple(_row(record, photos=photos, restricted=restricted) for record in records),
        f"{ACCURACY} {INTERVAL} "
        "Right of all: a photograph without a face that is found counts as wrong; accuracy is that "
        f"of the faces found. {RESTRICTED}: it may only answer with classes that the data have.",
        text_columns=("Head",),
    )


def _row(record: OtherData, *, photos: bool, restricted: bool) -> tuple[str, ...]:
    search, f1 = record.search, record.macro_f1
    found = (
        [f"{search.found:,}", share_of(search.accuracy, search.images)] if search else ["–", "–"]
    )
    return (
        record_name(record),
        head_name(record.head),
        f"{search.images if search else record.count:,}",
        *(found if photos else []),
        share_of(record.accuracy, record.count)
        if record.accuracy is not None
        else _recalls(record),
        *([share_of(record.restricted_accuracy, record.count)] if restricted else []),
        "–" if f1 is None else percent(f1),
    )


def _recalls(record: OtherData) -> str:
    """Return the recalls of single classes, where nothing was said of all faces."""
    figures = record.figures
    if not isinstance(figures, StatedFigures) or figures.classes_asked:
        return "–"
    said = [f"{c.label} {percent(c.recall)}" for c in figures.classes if c.recall is not None]
    return ", ".join(said) or "–"


def _origins(records: Sequence[OtherData]) -> Table:
    rows = {
        (
            record.data,
            f"{_HOW[record.how]}; {record.measured_by}; {_day(record)}. {record.note}".strip(),
        ): None
        for record in records
    }
    # Two columns, since a phone has no room for more where one is a sentence.
    return Table(
        "Who measured what",
        ("Data", "Images, by whom, when"),
        tuple(rows),
        text_columns=("Images, by whom, when",),
    )


def _day(record: OtherData) -> str:
    return record.created[:10].replace("-", "\N{NON-BREAKING HYPHEN}")


def record_parts(record: OtherData, way: str = AS_ANSWERED) -> list[Part | Row]:
    """Return what is known of one record.

    Args:
        record: the record.
        way: a key of `ways`, where its figures are complete.
    """
    figures = record.figures
    if isinstance(figures, StatedFigures):
        return _stated(record, figures)
    search = [search_facts(record.search)] if record.search else []
    return [
        *search,
        labelled_facts(figures, way),
        *overlap_notes(figures),
        *labelled_tables(figures, way),
    ]


def record_ways(record: OtherData) -> tuple[str, ...]:
    """Return the ways in which a record was measured and can be shown apart."""
    figures = record.figures
    return (AS_ANSWERED,) if isinstance(figures, StatedFigures) else tuple(ways(figures))


def sections(
    records: Sequence[OtherData], not_shown: str = "", earlier: Sequence[OtherData] = ()
) -> list[Section]:
    """Return all that is known of all records, for a file.

    Args:
        records: those of the weights that run.
        not_shown: why there are others, as a sentence.
        earlier: those of earlier weights with groups of people.
    """
    notes = [Note(not_shown)] if not_shown else []
    groups = groups_tables(earlier, "Groups of people, measured with earlier weights")
    first: list[Part | Row]
    first = [*other_data(records, "", earlier), *notes] if records else [*groups, *notes]
    found = [Section(TITLE, tuple(first))] if first else []
    for record in records:
        name = f"{TITLE}: {record_title(record)}"
        offered = record_ways(record)
        for way in offered:
            of = f", {way.lower()}" if len(offered) > 1 else ""
            found.append(Section(f"{name}{of}", tuple(record_parts(record, way))))
    return found


def _stated(record: OtherData, figures: StatedFigures) -> list[Part | Row]:
    """Return the figures that somebody else gave, and no others."""
    facts = []
    if (accuracy := figures.accuracy) is not None:
        note = _interval(accuracy, figures.count)
        facts.append(Fact("Accuracy", percent(accuracy), f"{ACCURACY} {INTERVAL}", note))
    if figures.macro_f1 is not None:
        facts.append(Fact("Macro-F1", percent(figures.macro_f1), MACRO_F1))
    if figures.calibration_error is not None:
        facts.append(Fact("Calibration error", percent(figures.calibration_error), CALIBRATION))
    if figures.answered is not None:
        right = figures.answered_accuracy
        note = "" if right is None else f"{percent(right)} right"
        facts.append(Fact("Answered", percent(figures.answered), "Not “uncertain”.", note))
    parts: list[Part | Row] = [search_facts(record.search)] if record.search else []
    parts += [Facts(tuple(facts))] if facts else []
    if figures.classes_asked:
        names = ", ".join(figures.classes_asked)
        parts.append(Note(f"Only these classes could be the answer: {names}."))
    if figures.classes:
        parts.append(_stated_classes(figures))
    parts.append(Note("Nothing else was said of this measurement, so there is no matrix."))
    return parts


def _stated_classes(figures: StatedFigures) -> Table:
    def text(share: float | None) -> str:
        return "–" if share is None else percent(share)

    return Table(
        "Each expression",
        ("Expression", "Recall", "F1"),
        tuple((c.label, text(c.recall), text(c.f1)) for c in figures.classes),
        "Recall: of all faces with this label, how many it finds. As rounded as it was said.",
    )


def search_facts(search: PhotoSearch) -> Facts:
    """Return how many faces were found, and the accuracy with the others as misses."""
    facts = [
        Fact(
            "Face found",
            percent(search.found / search.images),
            f"Found by {search.detector or 'the detector of this app'}.",
            f"{search.found:,} of {search.images:,}",
        )
    ]
    of_all = (("Right of all", search.accuracy), ("Of all, restricted", search.restricted_accuracy))
    facts += [
        Fact(
            name,
            percent(share),
            "Photographs without a face that is found count as wrong.",
            _interval(share, search.images),
        )
        for name, share in of_all
        if share is not None
    ]
    return Facts(tuple(facts))


def share_of(share: float | None, count: int) -> str:
    """Return a share of so many with its interval; a dash if it is not known."""
    return "–" if share is None else f"{percent(share)} ({_interval(share, count)})"


def _interval(share: float, count: int) -> str:
    return share_range(*wilson_interval(round(share * count), count))
