"""The sections about labelled faces of other origin, which may lack some of a head's classes.

The dashboard shows other data with them, and the page “Your data” what a visitor has labelled. No
Streamlit.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.models.head_text import head_name
from app.core.report.elements import Command, Fact, Facts, Note, Part, Table
from app.core.report.evaluation import (
    ACCURACY,
    AS_ANSWERED,
    CALIBRATION,
    INTERVAL,
    MACRO_F1,
    OF_ALL,
    RESTRICTED,
    _interval,
    labelled_facts,
    labelled_tables,
    overlap_notes,
    search_facts,
    share_of,
    ways,
)
from app.core.report.text import percent, share_range
from app.dashboard.models import OpenedModel
from fer.evaluation.other_data import OtherData, StatedFigures

ABOUT = (
    "Measured on faces that it did not learn from. Other data often show other faces in other "
    "poses and light, and their labels were given by others."
)

#: Command that adds a measurement on other data to a model.
_EVALUATE_COMMAND = "python -m training evaluate models/{} --data FOLDER --record"

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


def other_data(model: OpenedModel) -> list[Part]:
    """Return the tables of all measurements, those of earlier weights with groups included."""
    records, earlier = model.other_data, model.earlier
    by_kind = {kind: [r for r in records if r.kind == kind] for kind in _KINDS}
    tables = [_figures(_KINDS[kind], some) for kind, some in by_kind.items() if some]
    before = _groups(earlier, "Groups of people, measured with earlier weights")
    parts: list[Part] = [*before]
    if records:
        parts = [Note(ABOUT), *tables, *_groups(records), *before, _origins([*records, *earlier])]
    if model.not_shown:
        parts.append(Note(model.not_shown))
    if not records:
        parts.append(Note("Nothing was measured on other data yet."))
        command = _EVALUATE_COMMAND.format(model.name)
        parts.append(Command("Measure it on a labelled set of your own", command))
    return parts


def _groups(records: Sequence[OtherData], title: str = "Groups of people") -> list[Table]:
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
    columns += ["Face found", OF_ALL] if photos else []
    columns += ["Accuracy", *([RESTRICTED] if restricted else []), "Macro-F1"]
    return Table(
        title,
        tuple(columns),
        tuple(_row(record, photos=photos, restricted=restricted) for record in records),
        f"{ACCURACY} "
        f"{OF_ALL}: a photograph without a face that is found is wrong; accuracy is that "
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
    rows: dict[tuple[str, str], None] = {}
    for record in records:
        day = record.created[:10].replace("-", "\N{NON-BREAKING HYPHEN}")
        text = f"{_HOW[record.how]}; {record.measured_by}; {day}. {record.note}".strip()
        rows[record.data, text] = None
    # Two columns, since a phone has no room for more where one is a sentence.
    columns = ("Data", "Images, by whom, when")
    return Table("Who measured what", columns, tuple(rows), text_columns=columns[1:])


def record_parts(record: OtherData, way: str = AS_ANSWERED) -> list[Part]:
    """Return what is known of one record; of complete figures, by one of its `record_ways`."""
    figures = record.figures
    parts: list[Part] = [search_facts(record.search)] if record.search else []
    if isinstance(figures, StatedFigures):
        return [*parts, *_stated(figures)]
    facts, notes = labelled_facts(figures, way), overlap_notes(figures)
    return [*parts, facts, *notes, *labelled_tables(figures, way)]


def record_ways(record: OtherData) -> tuple[str, ...]:
    """Return the ways in which a record was measured and can be shown apart."""
    figures = record.figures
    return (AS_ANSWERED,) if isinstance(figures, StatedFigures) else tuple(ways(figures))


def _stated(figures: StatedFigures) -> list[Part]:
    """Return the figures that somebody else gave, and no others."""

    def text(share: float | None) -> str:
        return "–" if share is None else percent(share)

    right = figures.answered_accuracy
    said = "" if right is None else f"{percent(right)} right"
    of_all = "" if figures.accuracy is None else _interval(figures.accuracy, figures.count)
    shares = (
        ("Accuracy", figures.accuracy, ACCURACY, of_all),
        ("Macro-F1", figures.macro_f1, MACRO_F1, ""),
        ("Calibration error", figures.calibration_error, CALIBRATION, ""),
        ("Answered", figures.answered, "Not “uncertain”.", said),
    )
    facts = [
        Fact(name, percent(share), meaning, note)
        for name, share, meaning, note in shares
        if share is not None
    ]
    parts: list[Part] = [Facts(facts)] if facts else []
    if figures.classes_asked:
        names = ", ".join(figures.classes_asked)
        parts.append(Note(f"Only these classes could be the answer: {names}."))
    if figures.classes:
        rows = tuple((c.label, text(c.recall), text(c.f1)) for c in figures.classes)
        meaning = (
            "Recall: of all faces with this label, how many it finds. As rounded as it was said."
        )
        parts.append(Table("Each expression", ("Expression", "Recall", "F1"), rows, meaning))
    return [*parts, Note("Nothing else was said of this measurement, so there is no matrix.")]
