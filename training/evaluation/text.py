"""Measurements as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from fer.evaluation.labelled import LabelledEvaluation
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import CALIBRATIONS, Adaptation, Change
from training.evaluation.faces import FaceEvaluation
from training.evaluation.photos import PhotoEvaluation

#: What faces of several data sets are measured apart by.
DOMAIN = "domain"

#: Images that could not be read of which is said why.
_SHOWN_PROBLEMS = 5


def evaluation_text(title: str, result: Evaluation) -> str:
    """Return the metrics of one set of faces, with the confusion matrix."""
    low, high = result.accuracy_low, result.accuracy_high
    return "\n".join(
        [
            f"\n{title} ({result.count:,})",
            f"  accuracy           {result.accuracy:.2%}  (95 % interval {low:.1%} to {high:.1%})",
            f"  top-2 accuracy     {result.top2_accuracy:.2%}",
            f"  balanced accuracy  {result.balanced_accuracy:.2%}",
            f"  macro-F1           {result.macro_f1:.3f}",
            f"  log loss           {result.log_loss:.3f}",
            f"  calibration error  {result.calibration_error:.3f}",
            f"\n  {'class':<12}{'precision':>10}{'recall':>8}{'F1':>8}{'faces':>8}",
            *(
                f"  {c.label:<12}{c.precision:>10.3f}{c.recall:>8.3f}{c.f1:>8.3f}{c.support:>8}"
                for c in result.classes
            ),
            "\n  confusion (rows are the truth)",
            *(
                f"  {c.label:<12}" + "".join(f"{n:>6}" for n in row)
                for c, row in zip(result.classes, result.confusion, strict=True)
            ),
        ]
    )


def labelled_text(title: str, result: LabelledEvaluation) -> str:
    """Return the metrics of one head: as it answers, and among the classes of the data only."""
    known, answers = len(result.as_answered.classes), "any of its {} classes may be the answer"
    said = f"; {answers.format(known)}" if result.missing else ""
    parts = [
        evaluation_text(f"{title} as it answers{said}", result.as_answered),
        f"\n  it answers         {result.answered:.1%}"
        + (
            f"  ({result.answered_accuracy:.1%} of these right; of the others it says “uncertain”)"
            if result.answered
            else "  (it says “uncertain” of all)"
        ),
    ]
    if not result.missing:
        return "\n".join(parts)
    names = ", ".join(result.shared)
    if result.restricted:
        parts.append(evaluation_text(f"{title} restricted to {names}", result.restricted))
    else:
        parts.append(f"\n{title} restricted to {names}: one class cannot be told from others")
    parts.append(f"\nno image of {', '.join(result.missing)}, which the head knows too")
    return "\n".join(parts)


def face_text(result: FaceEvaluation) -> str:
    """Return measurements on cut-out faces, with what was left out."""
    lines = [
        f"{result.model} on {_of(result.split, result.data)}, {result.head} head, single view",
        labelled_text("all faces", result.labelled),
    ]
    if again := result.without_duplicates:
        lines.append(f"\n  without duplicates {again.accuracy:.2%} of {again.count:,}")
    if result.ferplus_evaluation:
        title = "FER+ head, faces on which the votes have a winner"
        lines.append(evaluation_text(title, result.ferplus_evaluation))
    if result.groups:
        lines.append(f"\n  {result.by:<16}{'faces':>8}  right (95 % interval)   calibration error")
        for name, group in result.groups.items():
            figures = group.as_answered
            lines.append(
                f"  {name:<16}{figures.count:>8,}  {figures.accuracy:.1%} "
                f"({figures.accuracy_low:.1%} to {figures.accuracy_high:.1%})  "
                f"{figures.calibration_error:.3f}; answers {group.answered:.1%}, "
                f"{group.answered_accuracy:.1%} of these right"
            )
    if result.by == DOMAIN:
        lines += [labelled_text(name, group) for name, group in result.groups.items()]
    return "\n".join([*lines, *_left_out(result.labelled.left_out, result.head, result.not_read)])


def photo_text(result: PhotoEvaluation) -> str:
    """Return measurements on photographs, with what was left out."""
    low, high = result.accuracy_low, result.accuracy_high
    lines = [
        f"{result.model} on {_of(result.split, result.data)}, {result.head} head, faces found and "
        "aligned as in photographs",
        f"  detector           {result.detector}",
        f"  images             {result.images:,}{_cut_out(result)}",
        f"  face found         {result.found:,}  {result.found / result.images:.2%}",
        f"  several faces      {result.several:,}  (the {result.face} one counts)",
        f"  accuracy of all    {result.accuracy:.2%}  (95 % interval {low:.1%} to {high:.1%}; "
        "an image without a face is a miss)",
        *_restricted_of_all(result),
        *_of_found(result),
        f"\n  {'class':<12}{'images':>8}{'found':>8}{'right':>8}",
        *(f"  {c.label:<12}{c.images:>8}{c.found:>8}{c.right:>8}" for c in result.classes),
    ]
    if result.labelled:
        lines.append(labelled_text("faces found,", result.labelled))
    return "\n".join([*lines, *_left_out(result.left_out, result.head, result.not_read)])


def _of(split: str, data: str) -> str:
    return f"{split} of {data}" if split else data


def _cut_out(result: PhotoEvaluation) -> str:
    if not result.cut_out:
        return ""
    which = "all" if result.cut_out == result.images else f"{result.cut_out:,} of them"
    return f"  ({which} cut-out faces: border repeated outwards, enlarged)"


def _restricted_of_all(result: PhotoEvaluation) -> list[str]:
    if result.right_restricted is None:
        return []
    share = result.right_restricted / result.images
    return [f"  same, restricted   {share:.2%}  (only classes of the data may be the answer)"]


def _of_found(result: PhotoEvaluation) -> list[str]:
    if result.evaluation is None:
        return []
    lines = [f"  accuracy of found  {result.evaluation.accuracy:.2%}"]
    if result.direct and (points := result.points_lost) is not None:
        outcome = f"cost {points:.2f}" if points >= 0 else f"gain {-points:.2f}"
        lines.append(
            f"  same, directly     {result.direct.accuracy:.2%}  (without detection and alignment, "
            f"which {outcome} points)"
        )
    return lines


def _left_out(left_out: dict[str, int], head: str, not_read: Sequence[str]) -> list[str]:
    lines = [
        f"left out: {count:,} of {label}, which the {head} head does not know"
        for label, count in left_out.items()
    ]
    lines += [f"not read: {problem}" for problem in not_read[:_SHOWN_PROBLEMS]]
    if (more := len(not_read) - _SHOWN_PROBLEMS) > 0:
        lines.append(f"not read: {more:,} more")
    return ["", *lines] if lines else []


def adaptation_text(adaptation: Adaptation) -> str:
    """Return what teaching changed: a line for each head and data set, before and after."""
    changes = (*adaptation.own_changes, *adaptation.replay_changes)
    lines = [*map(_change, changes), CALIBRATIONS[adaptation.calibration]]
    if adaptation.replay is None:
        lines.append(
            f"Nothing was replayed: what it forgot of what {adaptation.initial_model} knew is lost "
            "and not measured. --replay FILE with the data that it learnt from, such as "
            "fer2013.npz, keeps most of it and says how much."
        )
    return "\n".join(lines)


def _change(change: Change) -> str:
    before, after = change.before, change.after
    given = ""
    if change.given_before and change.given_after:
        answered, right = (
            [f"{share:.0%}" for share in shares]
            for shares in zip(
                *((one.answered, one.right) for one in (change.given_before, change.given_after)),
                strict=True,
            )
        )
        given = f"; answers {' → '.join(answered)} of them, {' → '.join(right)} of these right"
    return (
        f"{change.data}, {change.split} ({after.count:,} faces), {change.head}: "
        f"{before.accuracy:.1%} before, {after.accuracy:.1%} after "
        f"({100 * change.gained:+.1f} points; 95 % interval now {after.accuracy_low:.1%} to "
        f"{after.accuracy_high:.1%}), calibration error {before.calibration_error:.3f} → "
        f"{after.calibration_error:.3f}{given}"
    )
