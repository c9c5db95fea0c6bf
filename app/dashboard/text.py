"""Figures of a report as text. No streamlit in here."""

from __future__ import annotations

from dataclasses import dataclass

from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Layer, Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD

#: The order of splits; others follow.
SPLITS = ("test", "validation", "train")

SPLITS_EXPLAINED = (
    "Train is what the network learnt from. On validation (of FER2013: PublicTest) settings, "
    "temperatures and thresholds were chosen; on test (PrivateTest) nothing is."
)

WITHOUT_DUPLICATES = "without duplicates"

#: What the heads are called beside figures.
_HEADS = {EXPRESSION_HEAD: "FER2013", FERPLUS_HEAD: "FER+"}


def written(report: Report) -> str:
    """Return when a report was made, to the minute, in UTC."""
    return f"{report.created[:16].replace('T', ' ')} UTC"


def part_note(report: Report) -> str:
    """Return the note beside figures of the training, so that a part is not taken for all."""
    return "last part" if report.initial_model else ""


def time_meaning(report: Report) -> str:
    """Return what the training time is the time of."""
    part = "Of the last part: it began with a trained model. " if report.initial_model else ""
    return f"{part}On {report.machine}."


@dataclass(frozen=True)
class Measured:
    """One evaluation of a report: of a split, with or without images that also stand in train."""

    split: str
    duplicates: bool
    evaluation: Evaluation

    @property
    def name(self) -> str:
        """``validation`` or ``validation, without duplicates``."""
        return self.split if self.duplicates else f"{self.split}, {WITHOUT_DUPLICATES}"


def measured(report: Report) -> tuple[Measured, ...]:
    """Return all evaluations of whole splits, each followed by the one without duplicates."""
    found = []
    for split in sorted(report.evaluations, key=_split_order):
        found.append(Measured(split, True, report.evaluations[split]))
        if split in report.without_duplicates:
            found.append(Measured(split, False, report.without_duplicates[split]))
    return tuple(found)


def ordered_splits(report: Report) -> list[str]:
    """Return the splits of the data set in the order of learning: train, validation, test."""
    learning = SPLITS[::-1]
    counts = report.data.class_counts
    return [s for s in learning if s in counts] + sorted(set(counts) - set(learning))


def head_name(head: str) -> str:
    """Return what a head is called beside figures."""
    return _HEADS.get(head, head)


def percent(share: float) -> str:
    """Return ``66.5%``."""
    return f"{share:.1%}"


def interval(evaluation: Evaluation) -> str:
    """Return the 95 % interval of the accuracy, ``65.0–68.1%``."""
    return share_range(evaluation.accuracy_low, evaluation.accuracy_high)


def share_range(low: float, high: float) -> str:
    """Return ``65.0–68.1%``."""
    return f"{100 * low:.1f}–{percent(high)}"


def points(difference: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    rounded = round(100 * difference, 1)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else "±"
    return f"{sign}{abs(rounded):.1f}"


def size(count: int) -> str:
    """Return a number of bytes as ``6.3 MB``."""
    if count < 1000:
        return f"{count} B"
    if count < 999_950:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB"


def many(count: int) -> str:
    """Return a large number in short: ``1.57 M``, ``48.2 k``, ``917``."""
    if count < 1000:
        return str(count)
    if count < 999_950:
        return f"{count / 1e3:.1f} k"
    return f"{count / 1e6:.2f} M"


def duration(seconds: float) -> str:
    """Return ``41 s``, ``31 min 45 s`` or ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def short_hash(digest: str) -> str:
    """Return the first digits of a hash, enough to tell files apart."""
    return f"{digest[:16]}…"


def shape(dimensions: tuple[int, ...]) -> str:
    """Return ``24 × 24 × 48``."""
    return " × ".join(map(str, dimensions))


def layer_settings(layer: Layer) -> list[str]:
    """Return what tells a layer from others of its kind: ``["3×3", "stride 2"]``, but its width."""
    settings = []
    if layer.kernel:
        settings.append("×".join(map(str, layer.kernel)))
    if layer.stride > 1:
        settings.append(f"stride {layer.stride}")
    if layer.rate is not None:
        settings.append(f"rate {layer.rate:g}")
    if layer.activation:
        settings.append(layer.activation)
    return settings


def cell_sentences(evaluation: Evaluation, truth: str, answer: str) -> tuple[str, str]:
    """Say what a cell of the confusion matrix means, by row and by column."""
    names = [c.label for c in evaluation.classes]
    row, column = names.index(truth), names.index(answer)
    count = evaluation.confusion[row][column]
    labelled = sum(evaluation.confusion[row])
    called = sum(r[column] for r in evaluation.confusion)
    return (
        f"Of {_faces(labelled)} labelled {truth}, {_part(count, labelled)} called {answer}.",
        f"Of {_faces(called)} that it called {answer}, {_part(count, called)} labelled {truth}.",
    )


def largest_confusion(evaluation: Evaluation) -> tuple[str, str] | None:
    """Return the most frequent mistake as truth and answer; None if there is none."""
    names = [c.label for c in evaluation.classes]
    count, truth, answer = max(
        (count, names[r], names[c])
        for r, row in enumerate(evaluation.confusion)
        for c, count in enumerate(row)
        if r != c or len(names) == 1
    )
    return (truth, answer) if count and truth != answer else None


def _part(count: int, whole: int) -> str:
    was = "was" if count == 1 else "were"
    return f"{count:,} ({count / whole:.0%}) {was}" if whole else f"{count} {was}"


def _faces(count: int) -> str:
    return f"{count:,} {'face' if count == 1 else 'faces'}"


def _split_order(split: str) -> tuple[int, str]:
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS), split)
