"""The Model dashboard page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from app.common.paths import models_dir
from app.common.text import escape_markdown
from app.dashboard.charts.style import on_one_scale
from app.dashboard.choice import (
    choose_faces,
    choose_head,
    choose_models,
    choose_record,
    choose_training,
    open_with_warnings,
)
from app.dashboard.elements import Chart, Note, Part, Row, Section
from app.dashboard.models import OpenedModel, json_report, model_names
from app.dashboard.render.confusion_matrix import show_confusion
from app.dashboard.render.examples import Examples
from app.dashboard.render.html import html_report
from app.dashboard.render.streamlit_elements import show_part, show_section
from app.dashboard.sections import (
    adaptation,
    calibration,
    network,
    other_data,
    performance,
    provenance,
    robustness,
    training,
)
from app.dashboard.sections.comparison import comparison
from app.dashboard.sections.differences import differences
from app.dashboard.text import SplitEvaluation, evaluation_on, trainings
from fer.evaluation.labelled import LabelledEvaluation
from fer.evaluation.other_data import OtherData

#: What a tab shows of a model, in order.
Parts = Sequence[Part | Row]

#: Command that the page suggests if there is no model, or only one.
TRAIN_COMMAND = "python -m training train --preset small --data fer2013.csv --out models/mine"

#: Command that adds a measurement on other data to a model.
EVALUATE_COMMAND = "python -m training evaluate models/{} --data FOLDER --record"


@dataclass(frozen=True)
class ModelView:
    """A model on the page.

    Attributes:
        model: the model.
        chosen: the chosen head's evaluation, another's if that was not measured; None if no head
            was measured on the chosen faces.
        record: what was measured on faces of other origin, if these were chosen.
    """

    model: OpenedModel
    chosen: SplitEvaluation | None
    record: OtherData | None = None

    @property
    def key(self) -> str:
        """Prefix of its widget keys."""
        return f"dashboard_{self.model.name}"

    @classmethod
    def of(cls, model: OpenedModel, faces: str, head: str) -> ModelView:
        """Return what a head reached on some faces, or another head if that was not measured."""
        if chosen := evaluation_on(model.report, faces, head):
            return cls(model, chosen)
        records = [one for one in model.other_data if other_data.record_faces(one) == faces]
        record = min(records, key=lambda one: one.head != head, default=None)
        if record and isinstance(record.figures, LabelledEvaluation):
            figures = record.figures.as_answered
            return cls(model, SplitEvaluation(faces, True, figures, record.head), record)
        return cls(model, None, record)


def show_dashboard() -> None:
    """Show the page below its header."""
    folder = models_dir()
    names = model_names(folder)
    if not names:
        _show_no_model()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose_models(names)
        picker = st.container(width=300)
    heads = st.container()
    opened = [model for name in chosen if (model := open_with_warnings(name))]
    if not opened:
        return
    with picker:
        measured_on = choose_faces(opened)
    if measured_on is None:
        st.info("This report has no evaluation: nothing was measured on any split.")
    with heads:
        head = choose_head(opened)
    views = [ModelView.of(model, measured_on or "", head) for model in opened]
    _tabs(views, measured_on)
    if len(names) == 1:
        st.caption("To compare it with a model of your own, train one:")
        st.code(TRAIN_COMMAND, language="bash", wrap_lines=True)
    st.divider()
    _downloads(opened)


def _show_no_model() -> None:
    st.info("**There is no model yet.** Train one, and its report appears here.")
    st.code(TRAIN_COMMAND, language="bash")


def _tabs(views: Sequence[ModelView], measured_on: str | None) -> None:
    """Show one part of the report per tab.

    Only the open tab is sent to the browser, so that its charts get the right width.
    """
    tab_contents: dict[str, Callable[[ModelView], Parts]] = {
        ":material/monitoring: Overview": _overview,
        ":material/grid_on: Mistakes": _mistakes,
        ":material/balance: Confidence": _confidence,
        ":material/foggy: Robustness": _robustness,
        ":material/travel_explore: Other data": _other_data,
        ":material/show_chart: Training": _training,
        ":material/account_tree: Network": _network,
        ":material/receipt_long: Record": _record,
    }
    tabs = st.tabs(list(tab_contents), on_change="rerun", key="dashboard_tab")
    for tab, show in zip(tabs, tab_contents.values(), strict=True):
        if not tab.open:
            continue
        with tab:
            if len(views) == 2 and show is _overview and measured_on:
                _compare(views, measured_on)
            else:
                _side_by_side(views, show)


def _side_by_side(views: Sequence[ModelView], show: Callable[[ModelView], Parts]) -> None:
    """Show a part of the report for one model, or for two: the same things beside each other."""
    if len(views) == 1:
        show_section(Section("", tuple(show(views[0]))), key=views[0].key)
        return
    found: list[dict[tuple[object, ...], Part]] = []
    for column, view in zip(st.columns(len(views), gap="medium"), views, strict=True):
        with column:
            st.subheader(escape_markdown(view.model.name), anchor=False, divider="gray")
            found.append(_by_kind(show(view)))
    for kind in dict.fromkeys(kind for parts in found for kind in parts):
        same = [parts.get(kind) for parts in found]
        on_one_scale([part.figure for part in same if isinstance(part, Chart)])
        columns = st.columns(len(views), gap="medium")
        for column, view, part in zip(columns, views, same, strict=True):
            with column:
                if part:
                    show_part(part, key=view.key)


def _by_kind(parts: Parts) -> dict[tuple[object, ...], Part]:
    """Return parts by what tells them apart in a report, and is the same in that of another model.

    That is all of a title but the head, the split or a count.
    """
    found: dict[tuple[object, ...], Part] = {}
    for part in (one for p in parts for one in (p.parts if isinstance(p, Row) else (p,))):
        words = part.text[:9] if isinstance(part, Note) else part.title
        title = re.split("[,:]", words)[0]
        same = sum(kind[:2] == (type(part), title) for kind in found)
        found[type(part), title, same] = part
    return found


def _overview(view: ModelView) -> Parts:
    if taught := view.model.report.adaptation:
        st.markdown("##### What teaching changed", anchors=False)
        show_section(adaptation.adaptation(taught), key=f"{view.key}_taught")
    if view.chosen:
        return performance.overview(view.model.report, view.chosen).parts
    if view.record:
        st.markdown(f"##### {escape_markdown(other_data.record_title(view.record))}", anchors=False)
        return other_data.record_parts(view.record)
    return _not_measured(view)


def _compare(views: Sequence[ModelView], measured_on: str) -> None:
    """Show two models in one table, which is easier to compare than two rows of cards."""
    first, second = (view.model for view in views)
    one, other = ((view.model, view.chosen) for view in views)
    show_part(comparison(one, other, measured_on), key="dashboard_both")
    show_part(differences(first.report, second.report), key="dashboard_differences")
    for model in (first, second):
        table = performance.splits_table(model.report)
        table = replace(table, title=f"{model.name}: every split")
        show_part(table, key=f"dashboard_{model.name}")


def _mistakes(view: ModelView) -> Parts:
    if not view.chosen:
        return _not_measured(view)
    examples = Examples(view.model.name, view.model.mistakes)
    show_confusion(view.chosen, examples, key=f"{view.key}_{view.chosen.head}")
    return (performance.per_class(view.chosen),)


def _confidence(view: ModelView) -> Parts:
    if not view.chosen:
        return _not_measured(view)
    temperature = view.model.temperature(view.chosen.head)
    report, heads = view.model.report, view.model.heads
    return calibration.confidence(report, view.chosen, temperature, heads).parts


def _robustness(view: ModelView) -> Parts:
    return robustness.robustness(view.model.report, view.model.heads).parts


def _other_data(view: ModelView) -> Parts:
    model, shown = view.model, view.chosen or view.record
    command = EVALUATE_COMMAND.format(model.name)
    parts = other_data.other_data(model.other_data, command, model.earlier)
    show_section(Section("", tuple(parts)), key=view.key)
    if model.not_shown:
        st.warning(escape_markdown(model.not_shown), icon=":material/link_off:")
    if not model.other_data:
        return ()
    record, way = choose_record(model.other_data, shown.head if shown else "", key=view.key)
    return other_data.record_parts(record, way)


def _training(view: ModelView) -> Parts:
    report = view.model.report
    chosen = choose_training(trainings(report), key=view.key)
    return (*training.one_training(report, chosen), training.class_counts(report))


def _network(view: ModelView) -> Parts:
    return network.network(view.model.report).parts


def _record(view: ModelView) -> Parts:
    if not view.model.problems and not view.model.report_alone:
        st.caption(
            ":material/verified: The files here are those that were measured: their SHA-256 hashes "
            "match the report."
        )
    return provenance.record(view.model.report).parts


def _not_measured(view: ModelView) -> Parts:
    known = "Of these faces, no more is known than the overview says."
    st.caption(known if view.record else "This model was not measured on these faces.")
    return ()


def _downloads(models: Sequence[OpenedModel]) -> None:
    """Offer every shown report as files, which are created when the visitor clicks."""
    st.markdown(
        "##### Download the report",
        help="The HTML file holds all that is shown here, and needs no internet.",
        anchors=False,
    )
    for model in models:
        with st.container(horizontal=True):
            name = f"{escape_markdown(model.name)}: " if len(models) > 1 else ""
            st.download_button(
                f"{name}Report (HTML)",
                partial(html_report, model),
                f"{model.name}-report.html",
                "text/html",
                key=f"dashboard_html_{model.name}",
                on_click="ignore",
                icon=":material/download:",
            )
            st.download_button(
                f"{name}Report (JSON)",
                partial(json_report, model),
                f"{model.name}-report.json",
                "application/json",
                key=f"dashboard_json_{model.name}",
                on_click="ignore",
                icon=":material/download:",
            )
