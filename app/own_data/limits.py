"""What the figures on a visitor's own faces do not say, in plain words. Does not use Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.common.text import counted
from app.dashboard.text import interval, percent
from app.own_data.measuring import LabelledAnswer
from fer.evaluation.labelled import LabelledEvaluation
from fer.evaluation.metrics import Evaluation, wilson_interval

#: Faces of a class below which its recall may be off by more than 20 points either way.
FEW_OF_CLASS = 20

#: Width of the accuracy's interval from which on it is said how wide it is.
WIDE = 0.1

#: Share of the faces from which on one class, or one photograph, stands for most of them.
MOST = 0.5

#: Faces of a photograph, on average, from which on they are said to look alike.
MANY_OF_PHOTO = 4

#: Faces from which on it is told how well confidence holds: so many that a bin has some.
LEAST_FOR_CALIBRATION = 100


def own_limits(
    evaluation: LabelledEvaluation, answers: Sequence[LabelledAnswer]
) -> tuple[str, ...]:
    """Return what a reader must not conclude, most important first.

    Args:
        evaluation: what one head reaches.
        answers: the faces that it was measured on.
    """
    figures = evaluation.as_answered
    return (
        *_interval(figures),
        *_led(answers),
        *_few(figures),
        *_missing(evaluation),
        *_one_class(figures),
        *_photos([answer for answer in answers if answer.found]),
        "Nobody said who is on the photos. If it is mostly one person, or one light and camera, "
        "the figures are about those.",
        "Others would label some of these faces differently: with the labels of its training, "
        "people agree two times out of three.",
    )


def faces_for(width: float, share: float) -> int:
    """Return the number of faces from which on the interval of a share is at most so wide."""
    count = 1
    while True:
        low, high = wilson_interval(round(share * count), count)
        if high - low <= width:
            return count
        count = count + max(1, count // 50)


def _interval(figures: Evaluation) -> list[str]:
    width = figures.accuracy_high - figures.accuracy_low
    if width <= WIDE:
        return []
    # The nearer it is to a half, the more faces it takes.
    likely = min(max(0.5, figures.accuracy_low), figures.accuracy_high)
    enough = round(faces_for(WIDE, likely), -1)
    return [
        f"With {counted(figures.count, 'face')}, the accuracy on others like these may be anywhere "
        f"in {interval(figures)}. It takes some {enough:,} faces to know it within "
        f"{round(WIDE * 50)} points either way."
    ]


def _led(answers: Sequence[LabelledAnswer]) -> list[str]:
    seen = sum(answer.answer_seen for answer in answers)
    if not seen:
        return []
    which = "All labels were" if seen == len(answers) else f"{seen:,} of the labels were"
    return [
        f"{which} given with the model's answer in view. That leads people to agree with it, so it "
        "looks better than it is. Hide the answer while you label to be sure."
    ]


def _few(figures: Evaluation) -> list[str]:
    few = [c for c in figures.classes if 0 < c.support < FEW_OF_CLASS]
    if not few:
        return []
    counts = ", ".join(f"{c.label} ({c.support:,})" for c in few)
    return [
        f"Fewer than {FEW_OF_CLASS} faces of {counts}: what is said of these alone may be chance."
    ]


def _missing(evaluation: LabelledEvaluation) -> list[str]:
    if not evaluation.missing:
        return []
    names = ", ".join(evaluation.missing)
    return [
        f"No face of {names}: how well it finds these here, and how often it would be right to say "
        "them, is not known."
    ]


def _one_class(figures: Evaluation) -> list[str]:
    largest = max(figures.classes, key=lambda c: c.support)
    share = largest.support / figures.count
    if share <= MOST or largest.support == figures.count:
        return []
    return [
        f"{percent(share)} of the faces are {largest.label}, so the accuracy is mostly about that. "
        "Macro-F1 and balanced accuracy count every expression the same."
    ]


def _photos(found: Sequence[LabelledAnswer]) -> list[str]:
    photos = Counter(answer.photo or answer.name for answer in found)
    if not photos:
        return []
    (_, most), *_ = photos.most_common(1)
    if len(found) > 1 and (most > MOST * len(found) or len(found) >= MANY_OF_PHOTO * len(photos)):
        return [
            f"The {counted(len(found), 'face')} are from {counted(len(photos), 'photo')}. Faces of "
            "one photo share light, camera and mood, so they tell less than as many from others."
        ]
    return []
