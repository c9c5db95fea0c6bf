"""The section about what teaching a model changed. Does not use Streamlit."""

from __future__ import annotations

from app.common.head_text import head_name
from app.dashboard.elements import Note, Section, Table
from app.dashboard.text import duration, interval, percent, percentage_points
from fer.evaluation.report import CALIBRATIONS, Adaptation, Change

_MEANING = (
    "Before: the initial model. After: this one. Both answered the same faces, none of which this "
    "one has learnt from. Where the intervals overlap widely, the difference may be chance."
)


def adaptation(taught: Adaptation) -> Section:
    """Return the section with before and after, on one's own faces and on those of before."""
    return Section(
        "What teaching changed",
        (Note(summary(taught)), changes_table(taught), Note(circumstances(taught))),
    )


def summary(taught: Adaptation) -> str:
    """Return in a sentence what was gained and what it cost."""
    gained = taught.own_changes[0]
    sentence = (
        f"On {_faces(gained.after.count)} of {taught.own.name} that it has not learnt from, "
        f"{taught.initial_model} was right about {percent(gained.before.accuracy)}, and it is now "
        f"right about {percent(gained.after.accuracy)} ({percentage_points(gained.gained)} points)."
    )
    if not taught.replay_changes:
        return (
            f"{sentence} What it forgot is not known: nothing that {taught.initial_model} learnt "
            "from was at hand."
        )
    cost = taught.replay_changes[0]
    return (
        f"{sentence} On {_faces(cost.after.count)} of {cost.data}, {cost.split}, it went from "
        f"{percent(cost.before.accuracy)} to {percent(cost.after.accuracy)} "
        f"({percentage_points(cost.gained)} points)."
    )


def changes_table(taught: Adaptation) -> Table:
    """Return before and after as a table, a row for each head and data set."""
    rows = [_row(change) for change in (*taught.own_changes, *taught.replay_changes)]
    return Table(
        "Before and after",
        (
            *("Measured on", "Head", "Faces", "Before", "After", "Difference", "95% interval now"),
            *("Calibration error", "Answered", "Of these right"),
        ),
        tuple(rows),
        _MEANING,
        text_columns=("Head",),
    )


def circumstances(taught: Adaptation) -> str:
    """Return what was learnt, replayed and left out, as sentences."""
    sentences = [
        f"It learnt from {_faces(taught.own.learnt)} of {taught.own.name} in "
        f"{duration(taught.seconds)}."
    ]
    if taught.replay:
        before = f", which {taught.initial_model} had learnt from"
        sentences.append(
            f"{taught.replay.per_epoch:,} faces of {taught.replay.name}"
            f"{before if taught.replay.of_initial_model else ''} were replayed in each epoch, so "
            "that it forgets less."
        )
    if taught.own.left_out:
        names = ", ".join(f"{count:,} {name}" for name, count in taught.own.left_out.items())
        sentences.append(f"Left out, since it does not know these expressions: {names}.")
    return " ".join([*sentences, CALIBRATIONS[taught.calibration]])


def _row(change: Change) -> tuple[str, ...]:
    given = ["–", "–"]  # in older reports
    if (old := change.given_before) and (new := change.given_after):
        shares = ((old.answered, new.answered), (old.right, new.right))
        given = [" → ".join(map(percent, pair)) for pair in shares]
    return (
        f"{change.data}, {change.split}",
        head_name(change.head),
        f"{change.after.count:,}",
        percent(change.before.accuracy),
        percent(change.after.accuracy),
        percentage_points(change.gained),
        interval(change.after),
        f"{percent(change.before.calibration_error)} → {percent(change.after.calibration_error)}",
        *given,
    )


def _faces(count: int) -> str:
    return f"{count:,} {'face' if count == 1 else 'faces'}"
