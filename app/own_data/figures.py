"""How good the models are on a visitor's own faces, as sections and files. No Streamlit.

The sections are made of the dashboard's parts, so that the page and the HTML file show the same.
"""

from __future__ import annotations

from app.common.head_text import head_name
from app.common.text import counted
from app.dashboard.elements import Note, Part, Picture, Pictures, Section, Table
from app.dashboard.render.html import html_page
from app.dashboard.sections.confidence import reliability
from app.dashboard.sections.other_data import (
    AS_ANSWERED,
    RESTRICTED,
    labelled_facts,
    labelled_tables,
    overlap_notes,
    search_facts,
    share_of,
    ways,
)
from app.dashboard.sections.performance import ACCURACY
from app.dashboard.text import percent
from app.own_data.limits import LEAST_FOR_CALIBRATION, own_limits
from app.own_data.measuring import OwnFigures
from fer.evaluation.labelled import LabelledEvaluation
from fer.evaluation.other_data import OtherDataFile
from fer.text import chance

#: Faces shown where it is sure and wrong.
_PICTURES = 12


def own_data_sections(
    figures: OwnFigures, model: str, head: str, way: str = AS_ANSWERED
) -> list[Section]:
    """Return the figures of one head, and all models beside it.

    Args:
        figures: the measurements.
        model: name of the model.
        head: name of its head.
        way: `AS_ANSWERED` or `RESTRICTED`, as far as `own_ways` offers it.
    """
    key = (model, head)
    measured = figures.measured.get(key)
    if measured is None:
        return [Section("How good it is on your faces", (Note(_why_not(figures, model, head)),))]
    evaluation, search = measured.evaluation, measured.search
    enough = evaluation.as_answered.count >= LEAST_FOR_CALIBRATION
    facts = labelled_facts(evaluation, way, calibration=enough)
    parts: list[Part] = [facts, *overlap_notes(evaluation)]
    if search.found < search.images:
        parts.insert(0, search_facts(search))
    limits = own_limits(evaluation, figures.answers)
    return [
        Section(f"How good it is on your faces, {head_name(head)} head", tuple(parts)),
        Section("What these figures do not say", tuple(map(Note, limits))),
        Section("What it takes for what", tuple(labelled_tables(evaluation, way))),
        Section("Sure and wrong", (_sure_and_wrong(figures, key),)),
        Section(
            "Does its confidence hold?",
            (reliability(ways(evaluation)[way]) if enough else _too_few(evaluation),),
        ),
        Section("Every model and head", (_side_by_side(figures),)),
    ]


def own_ways(figures: OwnFigures, model: str, head: str) -> tuple[str, ...]:
    """Return the ways to measure a head that differ."""
    measured = figures.measured.get((model, head))
    return tuple(ways(measured.evaluation)) if measured else (AS_ANSWERED,)


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
    records = tuple(measured.record for measured in figures.measured.values())
    return OtherDataFile(records=records).model_dump_json(indent=1)


def _why_not(figures: OwnFigures, model: str, head: str) -> str:
    if not any(answer.found for answer in figures.answers):
        return "No face has a label yet, so there is nothing to measure."
    if not any((model, head) in answer.probabilities for answer in figures.answers):
        return f"{model} has not answered about these faces yet."
    labels = ", ".join(figures.specs[model].head(head).labels)
    return f"None of the labels is one that this head knows. It knows {labels}."


def _sure_and_wrong(figures: OwnFigures, key: tuple[str, str]) -> Part:
    """Return the most confident wrong answers with their faces."""
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


def _too_few(evaluation: LabelledEvaluation) -> Note:
    faces = counted(evaluation.as_answered.count, "face")
    return Note(
        f"{faces} do not suffice to say whether it is as often right as it is confident. From "
        f"{LEAST_FOR_CALIBRATION} on, it is shown here."
    )


_RIGHT_OF_ALL = (
    "Accuracy is about the faces that were found. Right of all photos counts those in which none "
    "was found as well, as wrong. "
)


def _side_by_side(figures: OwnFigures) -> Table:
    missed = any(one.search.found < one.search.images for one in figures.measured.values())
    return Table(
        "The same faces, by every model and head",
        (
            *("Model", "Head", "Faces", "Accuracy", *(["Right of all photos"] if missed else [])),
            *(RESTRICTED, "Macro-F1", "Answered", "Of these right"),
        ),
        tuple(
            (
                model,
                head_name(head),
                f"{one.record.count:,}",
                share_of(one.record.accuracy, one.record.count),
                *([percent(one.search.accuracy or 0.0)] if missed else []),
                share_of(one.record.restricted_accuracy, one.record.count),
                percent(one.evaluation.as_answered.macro_f1),
                percent(one.evaluation.answered),
                percent(one.evaluation.answered_accuracy) if one.evaluation.answered else "–",
            )
            for (model, head), one in figures.measured.items()
        ),
        f"{ACCURACY} {_RIGHT_OF_ALL if missed else ''}Where the intervals overlap "
        "widely, a difference may be chance. Heads with other classes are measured on the faces "
        "whose label they know.",
        text_columns=("Head",),
    )
