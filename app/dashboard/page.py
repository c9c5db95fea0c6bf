"""The Model dashboard page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app.core.paths import models_dir
from app.core.report.elements import Chart, Command, Note, Part, Row
from app.core.report.text import trainings
from app.core.report.view import show_part, show_parts
from app.core.text import escape_markdown
from app.dashboard.charts import on_one_scale
from app.dashboard.choice import (
    choose_faces,
    choose_head,
    choose_models,
    choose_record,
    choose_training,
    open_with_warnings,
)
from app.dashboard.models import OpenedModel, json_report, model_names
from app.dashboard.registry import OVERVIEW, SECTIONS, Choice, Entry, html_report
from app.dashboard.sections.comparison import compare

#: Command that the page suggests if there is no model, or only one.
TRAIN_COMMAND = "python -m training train --preset small --data fer2013.csv --out models/mine"

#: Command that adds a measurement on other data to a model.
EVALUATE_COMMAND = "python -m training evaluate models/{} --data FOLDER --record"


@dataclass(frozen=True)
class ModelView:
    """A model on the page, and what is shown of it."""

    model: OpenedModel
    choice: Choice

    @property
    def key(self) -> str:
        """Prefix of its widget keys."""
        return f"dashboard_{self.model.name}"


def show_dashboard() -> None:
    """Show the page below its header."""
    names = model_names(models_dir())
    if not names:
        st.info("**There is no model yet.** Train one, and its report appears here.")
        st.code(TRAIN_COMMAND, language="bash")
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
    views = [ModelView(model, Choice.on(model, measured_on or "", head)) for model in opened]
    # Only the open tab is sent to the browser, so that its charts get the right width.
    tabs = list(dict.fromkeys(entry.tab for entry in SECTIONS))
    shown = st.tabs(tabs, on_change="rerun", key="dashboard_tab")
    for name, tab in zip(tabs, shown, strict=True):
        if not tab.open:
            continue
        with tab:
            if len(views) == 2 and name == OVERVIEW and measured_on:
                one, other = ((view.model, view.choice.evaluation) for view in views)
                show_parts(compare(one, other, measured_on), key="dashboard_both")
            else:
                _show_entries([entry for entry in SECTIONS if entry.tab == name], views)
    if len(names) == 1:
        st.caption("To compare it with a model of your own, train one:")
        st.code(TRAIN_COMMAND, language="bash", wrap_lines=True)
    st.divider()
    _downloads(opened)


def _show_entries(entries: Sequence[Entry], views: Sequence[ModelView]) -> None:
    """Show sections of one model, or of several: the same things beside each other."""
    if len(views) > 1:
        for view in _in_columns(views):
            st.subheader(escape_markdown(view.model.name), anchor=False, divider="gray")
    for entry in entries:
        asked = [view.choice for view in views]
        if entry.asks:
            asked = [ASK[entry.asks](view) for view in _in_columns(views)]
        found = [list(entry.parts(v.model, c)) for v, c in zip(views, asked, strict=True)]
        if entry.headed:
            found = [[Note("", entry.title), *parts] if parts else [] for parts in found]
        for same in _beside_each_other(found):
            on_one_scale([part.figure for part in same if isinstance(part, Chart)])
            for view, part in zip(_in_columns(views), same, strict=True):
                if part:
                    show_part(part, key=view.key)


def _in_columns(views: Sequence[ModelView]) -> Iterable[ModelView]:
    """Go through models, each in a column of its own if there are several."""
    columns: Sequence[AbstractContextManager[object]] = [nullcontext()]
    if len(views) > 1:
        columns = st.columns(len(views), gap="medium")
    for column, view in zip(columns, views, strict=True):
        with column:
            yield view


def _beside_each_other(found: Sequence[Sequence[Part]]) -> list[list[Part | None]]:
    """Return the parts of each model in lines; None where another model alone has a part.

    Parts of several models are told apart by what is the same in all reports: all of a title but
    the head, the split or a count.
    """
    if len(found) == 1:
        return [[part] for part in found[0]]
    by_kind: list[dict[tuple[object, ...], Part]] = []
    for parts in found:
        kinds: dict[tuple[object, ...], Part] = {}
        for part in (one for p in parts for one in (p.parts if isinstance(p, Row) else (p,))):
            assert not isinstance(part, Row), "rows hold no rows"
            words = part.title or part.text[:9] if isinstance(part, Note) else part.title
            title = re.split("[,:]", words)[0]
            same = sum(kind[:2] == (type(part), title) for kind in kinds)
            kinds[type(part), title, same] = part
        by_kind.append(kinds)
    every = dict.fromkeys(kind for kinds in by_kind for kind in kinds)
    return [[kinds.get(kind) for kinds in by_kind] for kind in every]


def _give_advice(view: ModelView) -> Choice:
    if not view.model.other_data:
        command = EVALUATE_COMMAND.format(view.model.name)
        note = "Nothing was measured on other data yet. This command does, and is shown here:"
        advice = (Note(note), Command("Measure it on a labelled set of your own", command))
        show_parts(advice, key=view.key)
    return view.choice


def _ask_record(view: ModelView) -> Choice:
    if not view.model.other_data:
        return Choice()
    shown = view.choice.evaluation or view.choice.record
    record, way = choose_record(view.model.other_data, shown.head if shown else "", key=view.key)
    return Choice(record=record, way=way)


def _ask_training(view: ModelView) -> Choice:
    return Choice(training=choose_training(trainings(view.model.report), key=view.key))


def _say_files(view: ModelView) -> Choice:
    if not view.model.problems and not view.model.report_alone:
        st.caption(
            ":material/verified: The files here are those that were measured: their SHA-256 hashes "
            "match the report."
        )
    return view.choice


#: What the visitor is asked, or is shown, before a section; see `Entry.asks`.
ASK: dict[str, Callable[[ModelView], Choice]] = {
    "advice": _give_advice,
    "record": _ask_record,
    "training": _ask_training,
    "files": _say_files,
}


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
            for kind, write, mime in (
                ("HTML", html_report, "text/html"),
                ("JSON", json_report, "application/json"),
            ):
                st.download_button(
                    f"{name}Report ({kind})",
                    partial(write, model),
                    f"{model.name}-report.{kind.lower()}",
                    mime,
                    key=f"dashboard_{kind.lower()}_{model.name}",
                    on_click="ignore",
                    icon=":material/download:",
                )
