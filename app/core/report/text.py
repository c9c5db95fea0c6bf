"""Formatting of a report's figures as text. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.models.head_text import NAMES, head_name
from fer.evaluation.measurements import Selective
from fer.evaluation.metrics import SIGNIFICANT, Evaluation, p_values
from fer.evaluation.report import ALL_DOMAINS, Change, EarlierTraining, Layer, Report
from fer.labels import EXPRESSION_HEAD

#: Display order of splits; any others follow.
SPLITS = ("test", "validation", "train")

SPLITS_EXPLAINED = (
    "It learnt from train. Settings were chosen on validation (of FER2013: PublicTest), so expect "
    "a little less on new faces. Nothing was chosen on test (of FER2013: PrivateTest)."
)

WITHOUT_DUPLICATES = "without duplicates"


def creation_time(report: Report) -> str:
    """Return the creation time of a report, to the minute, in UTC."""
    return f"{report.created[:16].replace('T', ' ')} UTC"


def trainings(report: Report) -> tuple[EarlierTraining, ...]:
    """Return the chain of trainings that led to a model, first to last, its own included."""
    earlier = report.earlier_trainings
    if report.initial_model and not earlier:  # a report from before they were kept
        earlier = (EarlierTraining(name=report.initial_model, command=""),)
    own = EarlierTraining(
        name=report.name,
        command=report.command,
        training_seconds=report.training_seconds,
        teacher_weight=report.teacher_weight,
        history=report.history,
    )
    return (*earlier, own)


def training_time(report: Report) -> tuple[str, str]:
    """Return the training time, and a note if it is not that of all trainings of the chain."""
    chain = trainings(report)
    seconds = [one.training_seconds for one in chain]
    known = [s for s in seconds if s is not None]
    if len(known) < len(chain):
        return duration(report.training_seconds), f"after {report.initial_model}"
    return duration(sum(known)), f"{len(chain)} trainings" if len(chain) > 1 else ""


@dataclass(frozen=True)
class SplitEvaluation:
    """One evaluation of a report, of a head on a split.

    `duplicates` says whether images that also occur in train are included.
    """

    split: str
    duplicates: bool
    evaluation: Evaluation
    head: str = EXPRESSION_HEAD

    @property
    def faces(self) -> str:
        """What it was measured on: ``validation`` or ``validation, without duplicates``."""
        return f"{self.split}{'' if self.duplicates else f', {WITHOUT_DUPLICATES}'}"

    @property
    def name(self) -> str:
        """The same with the head: ``validation, balanced head``."""
        return self.titled(self.faces)

    def titled(self, title: str) -> str:
        """Return a title that names the head, if it is known: ``Mistakes, balanced head``."""
        return f"{title}, {head_name(self.head)} head" if self.head else title


#: Names of domains and of parts of them, as pages say them.
_DOMAINS = {"fer2013": "FER2013", "press": "Press photos", "all domains": "Both"}


def faces_title(report: Report, faces: str) -> str:
    """Return `SplitEvaluation.faces` in plain words: ``FER2013, validation``."""
    split, *rest = faces.split(", ")
    if report.adaptation:
        domain = "Your faces"
    elif rest and rest[0] != WITHOUT_DUPLICATES:
        domain = rest.pop(0)
    else:
        domain = next(iter(report.data.domains), "")
        domain = domain or ("fer2013" if "fer2013" in report.data.name.lower() else "")
    return ", ".join(filter(None, (_DOMAINS.get(domain, domain), split, *rest)))


def split_evaluations(report: Report, first: str = "") -> tuple[SplitEvaluation, ...]:
    """Return the evaluations of all heads and splits, each with the one without duplicates.

    A head of the name `first` comes first; the others follow in the order of the pages.
    """
    found = []
    for head in sorted(NAMES, key=lambda name: name != first):
        evaluations = report.evaluations_of(head)
        # A domain may follow the split's name.
        order = {split: SPLITS.index(split) for split in SPLITS}
        for split in sorted(evaluations, key=lambda s: (order.get(s.split(", ")[0], 9), s)):
            found.append(SplitEvaluation(split, True, evaluations[split], head))
            if head == EXPRESSION_HEAD and split in report.without_duplicates:
                again = report.without_duplicates[split]
                found.append(SplitEvaluation(split, False, again, head))
    return tuple(found)


#: What right answers were compared with, in short, beside a figure.
LABELS, VOTES = "by labels", "by votes"
_LABELS_AND_VOTES = "by votes where there are some, else by labels"


def truth_in_short(report: Report, measured: Selective) -> str:
    """Return what the right answers of a measurement were compared with: ``by votes``.

    “What most people said” is the label for faces on which nobody voted, such as press photographs.
    Votes are known of the splits for which the FER+ head was measured.
    """
    if measured.truth == "label":
        return LABELS
    if measured.truth == "most_votes" or measured.split in report.ferplus_evaluations:
        return VOTES
    return _LABELS_AND_VOTES if measured.split.endswith(ALL_DOMAINS) else LABELS


def evaluation_on(report: Report, faces: str, head: str) -> SplitEvaluation | None:
    """Return a head's evaluation on some faces, else another head's; None if there is none."""
    return next((one for one in split_evaluations(report, head) if one.faces == faces), None)


def ordered_splits(report: Report) -> list[str]:
    """Return the splits of the data set in order of use: train, validation, test, others."""
    order = SPLITS[::-1]
    counts = report.data.class_counts
    return [s for s in order if s in counts] + sorted(set(counts) - set(order))


def percent(share: float) -> str:
    """Return a share in per cent with one decimal: ``66.5%``."""
    return f"{share:.1%}"


def interval(evaluation: Evaluation) -> str:
    """Return the 95 % interval of the accuracy: ``65.0–68.1%``."""
    return share_range(evaluation.accuracy_low, evaluation.accuracy_high)


def share_range(low: float, high: float) -> str:
    """Return a range of shares in per cent: ``65.0–68.1%``."""
    return f"{100 * low:.1f}–{percent(high)}"


def percentage_points(difference: float) -> str:
    """Return a difference of shares in percentage points, with its sign: ``−1.2``."""
    rounded = round(100 * difference, 1)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else "±"
    return f"{sign}{abs(rounded):.1f}"


def byte_size(count: int) -> str:
    """Return a number of bytes with its unit: ``6.3 MB``."""
    if count < 1000:
        return f"{count} B"
    if count < 999_950:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB"


def short_count(count: int) -> str:
    """Return a number in short form: ``1.57 M``, ``48.2 k``, ``917``."""
    if count < 1000:
        return str(count)
    if count < 999_950:
        return f"{count / 1e3:.1f} k"
    return f"{count / 1e6:.2f} M"


def duration(seconds: float) -> str:
    """Return a duration in readable units: ``41 s``, ``31 min 45 s`` or ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def short_hash(digest: str) -> str:
    """Return the first 16 digits of a hash, enough to distinguish files."""
    return f"{digest[:16]}…"


def shape(dimensions: tuple[int, ...]) -> str:
    """Return the dimensions of a tensor: ``24 × 24 × 48``."""
    return " × ".join(map(str, dimensions))


def layer_settings(layer: Layer) -> list[str]:
    """Return a layer's settings except its width: ``["3×3", "stride 2"]``."""
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
    """Return sentences that explain a cell of the confusion matrix, by row and by column."""
    names = [c.label for c in evaluation.classes]
    row, column = names.index(truth), names.index(answer)
    count = evaluation.confusion[row][column]
    labelled = sum(evaluation.confusion[row])
    called = sum(r[column] for r in evaluation.confusion)
    rest = f"that it called {answer}, {_share(count, called)} labelled {truth}."
    return (
        f"Of {face_count(labelled)} labelled {truth}, {_share(count, labelled)} called {answer}.",
        f"Of {face_count(called)} {rest}",
    )


def largest_confusion(evaluation: Evaluation) -> tuple[str, str] | None:
    """Return the most frequent mistake as (truth, answer); None if there is no mistake."""
    names = [c.label for c in evaluation.classes]
    count, truth, answer = max(
        (count, names[r], names[c])
        for r, row in enumerate(evaluation.confusion)
        for c, count in enumerate(row)
        if r != c or len(names) == 1
    )
    return (truth, answer) if count and truth != answer else None


def _share(count: int, total: int) -> str:
    was = "was" if count == 1 else "were"
    return f"{count:,} ({count / total:.0%}) {was}" if total else f"{count} {was}"


def face_count(count: int) -> str:
    """Return a number of faces: ``1 face``, ``28,709 faces``."""
    return f"{count:,} {'face' if count == 1 else 'faces'}"


def doubt(change: Change) -> str:
    """Return a sentence if a change may be chance, else ""."""
    least, largest = p_values(change.before, change.after)
    if least >= SIGNIFICANT:
        faces = face_count(change.after.count)
        return f" {faces} cannot tell whether it got better: so small a difference may be chance."
    if largest >= SIGNIFICANT:
        return " That may be chance: which faces it answers differently was not kept."
    return ""
