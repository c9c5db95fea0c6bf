"""Measurements as text for a terminal."""

from __future__ import annotations

from fer.evaluation.metrics import Evaluation
from training.evaluation.photos import PhotoEvaluation

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


def photo_text(result: PhotoEvaluation) -> str:
    """Return measurements on photographs, with what was left out."""
    of = f"{result.split} of {result.data}" if result.split else result.data
    low, high = result.accuracy_low, result.accuracy_high
    lines = [
        f"{result.model} on {of}, faces found and aligned as in photographs",
        f"  detector           {result.detector}",
        f"  images             {result.images:,}{_cut_out(result)}",
        f"  face found         {result.found:,}  {result.found / result.images:.2%}",
        f"  several faces      {result.several:,}  (the {result.face} one counts)",
        f"  accuracy of all    {result.accuracy:.2%}  (95 % interval {low:.1%} to {high:.1%}; "
        "an image without a face is a miss)",
        *_of_found(result),
        f"\n  {'class':<12}{'images':>8}{'found':>8}{'right':>8}",
        *(f"  {c.label:<12}{c.images:>8}{c.found:>8}{c.right:>8}" for c in result.classes),
    ]
    if result.evaluation:
        lines.append(evaluation_text("faces found", result.evaluation))
    return "\n".join([*lines, *_left_out(result)])


def _cut_out(result: PhotoEvaluation) -> str:
    if not result.cut_out:
        return ""
    which = "all" if result.cut_out == result.images else f"{result.cut_out:,} of them"
    return f"  ({which} cut-out faces: border repeated outwards, enlarged)"


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


def _left_out(result: PhotoEvaluation) -> list[str]:
    lines = [
        f"left out: {count:,} of {label}, which the model does not know"
        for label, count in result.left_out.items()
    ]
    lines += [f"not read: {problem}" for problem in result.not_read[:_SHOWN_PROBLEMS]]
    if (more := len(result.not_read) - _SHOWN_PROBLEMS) > 0:
        lines.append(f"not read: {more:,} more")
    return ["", *lines] if lines else []
