"""The sections of a model's report, in order; the page and the HTML report both walk them.

Does not use Streamlit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.core.report import evaluation
from app.core.report.elements import Matrix, Note, Part, Section
from app.core.report.evaluation import AS_ANSWERED
from app.core.report.html import html_page
from app.core.report.text import (
    SplitEvaluation,
    creation_time,
    evaluation_on,
    faces_title,
    split_evaluations,
)
from app.dashboard import figures, made, other_data
from app.dashboard.models import OpenedModel
from fer.evaluation.metrics import LabelledEvaluation
from fer.evaluation.other_data import OtherData

VERIFIED = "The files here are those that were measured: their SHA-256 hashes match the report."

OVERVIEW = ":material/monitoring: Overview"
MORE = ":material/query_stats: More figures"
MADE = ":material/account_tree: How it was made"


@dataclass(frozen=True)
class Choice:
    """What is shown of a model, of several things that were measured.

    Attributes:
        evaluation: an evaluation; None if no head was measured on the chosen faces.
        record: what was measured on faces of other origin.
        way: how the answers of the record are counted; one of `other_data.record_ways`.
        name: what tells a section of it apart from others in a file.
    """

    evaluation: SplitEvaluation | None = None
    record: OtherData | None = None
    way: str = AS_ANSWERED
    name: str = ""

    @classmethod
    def on(cls, model: OpenedModel, faces: str, head: str) -> Choice:
        """Return what a head reached on some faces, or another head if that was not measured."""
        if evaluation := evaluation_on(model.report, faces, head):
            return cls(evaluation)
        records = [one for one in model.other_data if other_data.record_faces(one) == faces]
        found = min(records, key=lambda one: one.head != head, default=None)
        if found and isinstance(found.figures, LabelledEvaluation):
            figures = found.figures.as_answered
            return cls(SplitEvaluation(faces, True, figures, found.head), found)
        return cls(record=found)


@dataclass(frozen=True)
class Entry:
    """A section of the report.

    Attributes:
        tab: the tab of the page that it is on; folded unless that is the first one.
        parts: what it shows of a choice; nothing leaves the section out.
        choices: the choices that a file shows of it.
        headed: whether the page shows its title too.
        asks: whether the page lets the visitor choose a record.
    """

    tab: str
    title: str
    parts: Callable[[OpenedModel, Choice], Sequence[Part]]
    choices: Callable[[OpenedModel], Sequence[Choice]]
    headed: bool = False
    asks: bool = False


def sections_of(model: OpenedModel) -> list[Section]:
    """Return all sections of a model's report, for all choices; those of one choice together."""
    found = []
    for choices, group in groupby(SECTIONS, key=lambda entry: entry.choices):
        entries = list(group)
        for choice in choices(model):
            for entry in entries:
                title = f"{entry.title}: {choice.name}" if choice.name else entry.title
                if parts := entry.parts(model, choice):
                    found.append(Section(title, parts))
    return found


def _everything(_: OpenedModel) -> Sequence[Choice]:
    return (Choice(),)


def _every_evaluation(model: OpenedModel) -> Sequence[Choice]:
    first = model.spec.default_head if model.spec else ""
    return [Choice(one, name=one.name) for one in split_evaluations(model.report, first)]


def _first_evaluation(model: OpenedModel) -> Sequence[Choice]:
    return [Choice(one.evaluation) for one in _every_evaluation(model)[:1]]


def _every_record(model: OpenedModel) -> Sequence[Choice]:
    found = []
    for one in model.other_data:
        offered = other_data.record_ways(one)
        for way in offered:
            of = f", {way.lower()}" if len(offered) > 1 else ""
            name = f"{other_data.record_title(one)}{of}"
            found.append(Choice(record=one, way=way, name=name))
    return found


def _teaching(model: OpenedModel, _: Choice) -> Sequence[Part]:
    changes = model.report.adaptation
    return evaluation.adaptation(changes) if changes else ()


def _overview(model: OpenedModel, choice: Choice) -> Sequence[Part]:
    chosen, record = choice.evaluation, choice.record
    if not chosen:
        if not record:
            return [_not_measured(choice)]
        return [Note("", other_data.record_title(record)), *other_data.record_parts(record)]
    name, kind = faces_title(model.report, chosen.faces), chosen.split.split(", ")[0]
    answered = None
    if record and isinstance(record.figures, LabelledEvaluation):
        name, kind = other_data.record_faces(record), record.kind
        answered = (record.figures.answered, record.figures.answered_accuracy)
    facts = figures.headlines(model.report, chosen, name, answered)
    return [*figures.verdict(chosen, name, kind), *facts]


def _mistakes(model: OpenedModel, choice: Choice) -> Sequence[Part]:
    if not (chosen := choice.evaluation):
        return [_not_measured(choice)]
    chart, counts = evaluation.confusion(chosen), evaluation.confusion_counts(chosen)
    report = evaluation.classification_report(chosen)
    return [Matrix(chosen, chart, counts, report, model.name, model.mistakes)]


def _each_class(_: OpenedModel, choice: Choice) -> Sequence[Part]:
    chosen = choice.evaluation
    return [evaluation.per_class(chosen) if chosen else _not_measured(choice)]


def _confidence(model: OpenedModel, choice: Choice) -> Sequence[Part]:
    if not (chosen := choice.evaluation):
        return [_not_measured(choice)]
    return figures.confidence(model, chosen)


def _record(model: OpenedModel, _: Choice) -> Sequence[Part]:
    verified = [] if model.problems or model.report_alone else [Note(VERIFIED)]
    return [*verified, *made.record(model.report)]


def _not_measured(choice: Choice) -> Note:
    known = "Of these faces, no more is known than this."
    return Note(known if choice.record else "This model was not measured on these faces.")


#: All sections, in order.
SECTIONS: tuple[Entry, ...] = (
    Entry(OVERVIEW, "What fine-tuning changed", _teaching, _everything, headed=True),
    Entry(OVERVIEW, "Overview", _overview, _first_evaluation),
    Entry(
        OVERVIEW,
        "Data and curves",
        lambda model, _: [made.data_and_curves(model.report)],
        lambda _: (),  # a file has these with the training
    ),
    Entry(OVERVIEW, "What it mixes up", _mistakes, _every_evaluation),
    Entry(MORE, "Each expression", _each_class, _every_evaluation),
    Entry(MORE, "Confidence", _confidence, _every_evaluation),
    Entry(
        MORE,
        "All figures, every head and split",
        lambda model, choice: figures.all_figures(model.report, choice.evaluation),
        lambda model: _first_evaluation(model) or [Choice()],
    ),
    Entry(
        MORE,
        "Worse pictures, and what people say",
        lambda model, _: figures.robustness(model),
        _everything,
    ),
    Entry(MORE, "On other data", lambda model, _: other_data.other_data(model), _everything),
    Entry(
        MORE,
        "On other data",
        lambda _, choice: (
            other_data.record_parts(choice.record, choice.way) if choice.record else ()
        ),
        _every_record,
        asks=True,
    ),
    Entry(MADE, "Data and training", lambda model, _: made.training(model.report), _everything),
    Entry(MADE, "Network", lambda model, _: made.network(model.report), _everything),
    Entry(MADE, "Command, settings and files", _record, _everything),
)


def html_report(model: OpenedModel) -> str:
    """Return the whole report as one HTML page, which includes Plotly's script."""
    return html_page(
        f"Model {model.name}",
        f"Written {creation_time(model.report)}.",
        sections_of(model),
        title=f"Report of {model.name}",
        problems=model.problems,
    )
