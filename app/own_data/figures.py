"""How good every model is on a visitor's own faces, as sections and files. No Streamlit.

The sections are made of the dashboard's parts, so that the page and the HTML file show the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from app.core.models.head_text import head_name
from app.core.report.elements import Note, Part, Picture, Pictures, Section, Table
from app.core.report.evaluation import (
    ACCURACY,
    AS_ANSWERED,
    OF_ALL,
    RESTRICTED,
    labelled_facts,
    labelled_tables,
    overlap_notes,
    reliability,
    search_facts,
    share_of,
    ways,
)
from app.core.report.html import html_page
from app.core.report.text import interval, percent
from app.core.text import counted
from app.own_data.own_set import LabelledAnswer
from fer.detection.blazeface import photo_detector
from fer.errors import DataError
from fer.evaluation.metrics import (
    Evaluation,
    LabelledEvaluation,
    evaluate_labelled,
    share_interval,
)
from fer.evaluation.other_data import OtherData, OtherDataFile, PhotoSearch
from fer.model.spec import ModelSpec
from fer.text import chance

#: Faces shown where it is sure and wrong.
_PICTURES = 12

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


class Measured(OtherData):
    """What one head reaches: on the faces that were found, and with all others as misses."""

    figures: LabelledEvaluation
    search: PhotoSearch


@dataclass(frozen=True)
class OwnFigures:
    """What every model and head reaches on the same faces.

    Attributes:
        answers: the labelled faces, and photographs without one.
        measured: by model and head; none of heads that know no label, or answered about no face.
    """

    data: str
    answers: tuple[LabelledAnswer, ...]
    specs: Mapping[str, ModelSpec]
    measured: Mapping[tuple[str, str], Measured]


def measure_own(
    answers: Sequence[LabelledAnswer], specs: Mapping[str, ModelSpec], data: str
) -> OwnFigures:
    """Measure every head of every model, by the model's name, on a visitor's faces."""
    measured = {}
    for model, head in ((model, head) for model, spec in specs.items() for head in spec.heads):
        key = (model, head.name)
        known = [answer for answer in answers if key in answer.probabilities]
        if not known:
            continue
        try:
            evaluation = evaluate_labelled(
                [answer.truth for answer in known],
                np.stack([answer.probabilities[key] for answer in known]),
                head,
                np.array([answer.has_issues for answer in known]),
            )
        except DataError:  # it knows none of the labels
            continue
        figures, restricted = evaluation.as_answered, ways(evaluation).get(RESTRICTED)
        misses = sum(not answer.found and answer.truth in head.labels for answer in answers)
        search = PhotoSearch(
            detector=photo_detector(),
            images=figures.count + misses,
            found=figures.count,
            right=figures.right,
            right_restricted=restricted.right if restricted else None,
        )
        measured[key] = Measured(
            kind="other",
            model=model,
            sha256=specs[model].sha256,
            head=head.name,
            blend=head.blend,
            data=data,
            how="photos",
            search=search,
            measured_by="a visitor of FER Lens, on faces of their own",
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            figures=evaluation,
        )
    return OwnFigures(data, tuple(answers), specs, measured)


def own_data_sections(
    figures: OwnFigures, model: str, head: str, way: str = AS_ANSWERED
) -> list[Section]:
    """Return the figures of one head, and all models beside it, in one of `own_ways`."""
    key = (model, head)
    measured = figures.measured.get(key)
    if measured is None:
        return [Section("How good it is on your faces", (Note(_why_not(figures, model, head)),))]
    evaluation, search = measured.figures, measured.search
    count = evaluation.as_answered.count
    enough = count >= LEAST_FOR_CALIBRATION
    holds = (
        reliability(ways(evaluation)[way])
        if enough
        else Note(
            f"{counted(count, 'face')} do not suffice to say whether it is as often right as it is "
            f"confident. From {LEAST_FOR_CALIBRATION} on, it is shown here."
        )
    )
    facts = labelled_facts(evaluation, way, calibration=enough)
    parts: list[Part] = [facts, *overlap_notes(evaluation)]
    if search.found < search.images:
        parts.insert(0, search_facts(search))
    limits = own_limits(evaluation, figures.answers)
    return [
        Section(f"How good it is on your faces, {head_name(head)} head", tuple(parts)),
        Section("What these figures do not say", tuple(map(Note, limits))),
        Section("What it mixes up", tuple(labelled_tables(evaluation, way))),
        Section("Sure and wrong", (_sure_and_wrong(figures, key),)),
        Section("Does its confidence hold?", (holds,)),
        Section("Every model and head", (_side_by_side(figures),)),
    ]


def own_ways(figures: OwnFigures, model: str, head: str) -> tuple[str, ...]:
    """Return the ways to measure a head that differ."""
    measured = figures.measured.get((model, head))
    return tuple(ways(measured.figures)) if measured else (AS_ANSWERED,)


def own_data_html(figures: OwnFigures, model: str, head: str) -> str:
    """Return the figures of one head, and all models beside it, as an HTML page."""
    sections = own_data_sections(figures, model, head)
    for way in own_ways(figures, model, head)[1:]:
        first, _, matrix, *_ = own_data_sections(figures, model, head, way)
        sections += [Section(f"{s.title}, {way.lower()}", s.parts) for s in (first, matrix)]
    intro = f"Model {model}, {head_name(head)} head, on faces that a visitor of FER Lens labelled."
    return html_page(f"FER Lens on {figures.data}", intro, sections)


def own_data_json(figures: OwnFigures) -> str:
    """Return all measurements as JSON, as `fer.evaluation.other_data.OtherDataFile` has them."""
    return OtherDataFile(records=tuple(figures.measured.values())).model_dump_json(indent=1)


def _why_not(figures: OwnFigures, model: str, head: str) -> str:
    if not any(answer.found for answer in figures.answers):
        return "No face has a label yet, so there is nothing to measure."
    if not any((model, head) in answer.probabilities for answer in figures.answers):
        return f"{model} has not answered about these faces yet."
    labels = ", ".join(figures.specs[model].head(head).labels)
    return f"None of the labels is one that this head knows. It knows {labels}."


def _sure_and_wrong(figures: OwnFigures, key: tuple[str, str]) -> Part:
    model, head = key
    labels = figures.specs[model].head(head).labels
    wrong = [
        (float(shares.max()), answer, labels[int(shares.argmax())])
        for answer in figures.answers
        if answer.truth in labels and (shares := answer.probabilities.get(key)) is not None
        if labels[int(shares.argmax())] != answer.truth
    ]
    if not wrong:
        return Note("It called every one of these faces by its label.")
    wrong.sort(key=lambda one: -one[0])
    shown = [one for one in wrong if one[1].crop_jpeg][:_PICTURES]
    return Pictures(
        f"The surest of {counted(len(wrong), 'wrong answer')}",
        tuple(
            Picture(
                answer.crop_jpeg,
                f"{answer.name}: labelled {answer.truth}, called {said}",
                f"{answer.truth} → {said}, {chance(confidence)}",
            )
            for confidence, answer, said in shown
        ),
        "Your label → its answer, and how sure it was. Some of them may be labels to think over.",
    )


def _side_by_side(figures: OwnFigures) -> Table:
    missed = any(one.search.found < one.search.images for one in figures.measured.values())
    counting = f"{OF_ALL}: a photo in which none was found is wrong. " if missed else ""
    return Table(
        "The same faces, by every model and head",
        (
            *("Model", "Head", "Faces", "Accuracy", *([OF_ALL] if missed else [])),
            *(RESTRICTED, "Macro-F1", "Answered", "Of these right"),
        ),
        tuple(
            (
                model,
                head_name(head),
                f"{one.count:,}",
                share_of(one.accuracy, one.count),
                *([percent(one.search.accuracy or 0.0)] if missed else []),
                share_of(one.restricted_accuracy, one.count),
                percent(one.figures.as_answered.macro_f1),
                percent(one.figures.answered),
                percent(one.figures.answered_accuracy) if one.figures.answered else "–",
            )
            for (model, head), one in figures.measured.items()
        ),
        f"{ACCURACY} {counting}The intervals are of each figure by itself: they do not tell "
        "whether a difference is chance. Heads with other classes are measured on the faces whose "
        "label they know.",
        text_columns=("Head",),
    )


def own_limits(
    evaluation: LabelledEvaluation, answers: Sequence[LabelledAnswer]
) -> tuple[str, ...]:
    """Return what a reader must not conclude, most important first."""
    figures = evaluation.as_answered
    said = _interval(figures)
    if seen := sum(answer.answer_seen for answer in answers):
        which = "All labels were" if seen == len(answers) else f"{seen:,} of the labels were"
        said.append(
            f"{which} given with the model's answer in view. That leads people to agree with it, "
            "so it looks better than it is. Hide the answer while you label to be sure."
        )
    if few := [c for c in figures.classes if 0 < c.support < FEW_OF_CLASS]:
        counts = ", ".join(f"{c.label} ({c.support:,})" for c in few)
        said.append(
            f"Fewer than {FEW_OF_CLASS} faces of {counts}: what is said of these alone may be "
            "chance."
        )
    if evaluation.missing:
        said.append(
            f"No face of {', '.join(evaluation.missing)}: how well it finds these here, and how "
            "often it would be right to say them, is not known."
        )
    largest = max(figures.classes, key=lambda c: c.support)
    if MOST * figures.count < largest.support < figures.count:
        share = percent(largest.support / figures.count)
        said.append(
            f"{share} of the faces are {largest.label}, so the accuracy is mostly about that. "
            "Macro-F1 and balanced accuracy count every expression the same."
        )
    return (
        *said,
        *_photos([answer for answer in answers if answer.found]),
        "Nobody said who is on the photos. If it is mostly one person, or one light and camera, "
        "the figures are about those.",
        "Others would label some of these faces differently: with the labels of its training, "
        "people agree two times out of three.",
    )


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


def faces_for(width: float, share: float) -> int:
    """Return the number of faces from which on the interval of a share is at most so wide."""
    count = 1
    while True:
        low, high = share_interval(share, count)
        if high - low <= width:
            return count
        count = count + max(1, count // 50)


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
