"""The Model dashboard page: what is shown is chosen on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import streamlit as st

from app.core.components import download
from app.core.models.head_text import NAMES, head_name
from app.core.models.running_model import choose_measured, chosen_model
from app.core.report.elements import Chart, Note, Part, Row
from app.core.report.text import SPLITS_EXPLAINED, faces_title, split_evaluations
from app.core.report.view import show_part, show_parts
from app.core.session.tabs import this_visitor
from app.core.settings import models_dir, without_folder
from app.core.text import escape_markdown
from app.dashboard.charts import on_one_scale
from app.dashboard.comparison import compare
from app.dashboard.figures import DUPLICATES
from app.dashboard.models import OpenedModel, json_report, model_names, open_model
from app.dashboard.other_data import FURTHER, record_faces, record_title, record_ways
from app.dashboard.registry import OVERVIEW, SECTIONS, Choice, Entry, html_report
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD

#: Command that the page suggests if there is no model, or only one.
TRAIN_COMMAND = "python -m training train --preset small --data fer2013.csv --out models/mine"

#: On a phone the choices stand two in a row, so that the verdict is seen at once.
_CHOICES = "dashboard_choices"
_STYLE = f"""<style>
@media (max-width: 480px) {{
  .st-key-{_CHOICES}, .st-key-{_CHOICES} [data-testid="stHorizontalBlock"] {{ gap: 8px; }}
  .st-key-{_CHOICES} [data-testid="stElementContainer"] {{
    flex: 1 1 40% !important; min-width: 0; width: auto !important;
  }}
}}
</style>"""


@dataclass(frozen=True)
class ModelView:
    """A model on the page, and what is shown of it."""

    model: OpenedModel
    choice: Choice

    @property
    def key(self) -> str:
        """Prefix of its widget keys."""
        # No key of another widget begins so, whatever a model is called.
        return f"dashboard_of_{self.model.name}"


def show_dashboard() -> None:
    """Show the page below its header."""
    names = model_names(models_dir(), this_visitor())
    if not names:
        st.info("**There is no model yet.** Train one, and its report appears here.")
        st.code(TRAIN_COMMAND, language="bash")
        return
    st.html(_STYLE)
    with st.container(horizontal=True, vertical_alignment="bottom", key=_CHOICES):
        chosen = _choose_models(names)
        picker = st.container(horizontal=True, width="content")
    opened = [model for name in chosen if (model := open_with_warnings(name))]
    if not opened:
        return
    with picker:
        measured_on = _choose_faces(opened)
        head = _choose_head(opened)
    if measured_on is None:
        st.info("This report has no evaluation: nothing was measured on any split.")
    views = [ModelView(model, Choice.on(model, measured_on or "", head)) for model in opened]
    for view in views:
        _show_other_head(view, head)
    # Only the open tab is sent to the browser, so that its charts get the right width.
    tabs = list(dict.fromkeys(entry.tab for entry in SECTIONS))
    shown = st.tabs(tabs, on_change="rerun", key="dashboard_tab")
    for name, tab in zip(tabs, shown, strict=True):
        if tab.open:
            with tab:
                _show_tab(name, views, measured_on or "")
    if len(names) == 1:
        st.caption("To compare it with a model of your own, train one:")
        st.code(TRAIN_COMMAND, language="bash", wrap_lines=True)
    st.divider()
    _downloads(opened)


def _show_other_head(view: ModelView, chosen: str) -> None:
    """Say that figures are of another head than the chosen one, which was not measured here."""
    shown = view.choice.evaluation or view.choice.record
    if shown and shown.head != chosen:
        st.caption(
            f":material/info: On these faces, **{escape_markdown(view.model.name)}** was not "
            f"measured by its {escape_markdown(head_name(chosen))} head. These are the figures of "
            f"its **{escape_markdown(head_name(shown.head))} head**."
        )


def _show_tab(name: str, views: Sequence[ModelView], measured_on: str) -> None:
    """Show the sections of a tab, folded unless it is the first; of two models, what differs."""
    entries = [entry for entry in SECTIONS if entry.tab == name]
    if name == OVERVIEW:
        if len(views) == 2 and measured_on:
            one, other = ((view.model, view.choice.evaluation) for view in views)
            title = faces_title(views[0].model.report, measured_on)
            show_parts(compare(one, other, title), key="dashboard_both")
            entries = [entry for entry in entries if entry.title != "Overview"]
        _show_entries(entries, views)
        return
    for title, same in groupby(entries, key=lambda entry: entry.title):
        # So are its charts, and nothing that is shut takes time.
        fold = st.expander(title, on_change="rerun", key=f"dashboard_fold_{title}")
        if fold.open:
            with fold:
                _show_entries(list(same), views)


def _show_entries(entries: Sequence[Entry], views: Sequence[ModelView]) -> None:
    """Show sections of one model, or of several: the same things beside each other."""
    if len(views) > 1:
        for view in _in_columns(views):
            st.subheader(escape_markdown(view.model.name), anchor=False, divider="gray")
    for entry in entries:
        asked = [view.choice for view in views]
        if entry.asks:
            asked = [_ask_record(view) for view in _in_columns(views)]
        found = [list(entry.parts(v.model, c)) for v, c in zip(views, asked, strict=True)]
        if entry.headed:
            found = [[Note("", entry.title), *parts] if parts else [] for parts in found]
        for same in _beside_each_other(found):
            on_one_scale([part.figure for part in same if isinstance(part, Chart)])
            for view, part in zip(_in_columns(views), same, strict=True):
                if part:  # two sections may have a chart of the same kind
                    show_part(part, key=f"{view.key}_{SECTIONS.index(entry)}")


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


def _ask_record(view: ModelView) -> Choice:
    """Let the visitor choose a measurement on other data, and how its answers are counted."""
    records = view.model.other_data
    if not records:
        return Choice()
    shown = view.choice.evaluation or view.choice.record
    head = shown.head if shown else ""
    names = [record_title(record) for record in records]
    first = next((n for n, record in enumerate(records) if record.head == head), 0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Measurement",
            range(len(records)),
            index=first,
            format_func=names.__getitem__,
            key=f"{view.key}_record_{head}",  # whoever chooses another head sees its figures first
            width=420,
            persist_state="session",
        )
        offered = record_ways(records[number])
        way = offered[0]
        if len(offered) > 1:
            way = st.segmented_control(
                "Answers",
                offered,
                default=way,
                required=True,
                key=f"{view.key}_way",
                persist_state="session",
            )
    return Choice(record=records[number], way=way)


def _downloads(models: Sequence[OpenedModel]) -> None:
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
                file = f"{model.name}-report.{kind.lower()}"
                key = f"dashboard_{model.name}"
                download(f"{name}Report ({kind})", partial(write, model), file, mime, key)


def _choose_models(names: Sequence[str]) -> list[str]:
    """Let the visitor choose one or two models; that which answers on the pages is the default."""
    running = chosen_model().name
    here = chosen_model().resolve() == (models_dir() / running).resolve()

    def title(name: str) -> str:
        return f"{name} (running)" if here and name == running else name

    first = st.selectbox(
        "Model",
        names,
        format_func=title,
        index=names.index(running) if running in names else 0,
        key=f"dashboard_model_{running}",  # whoever chooses another model sees that one first
        width=200,
        persist_state="session",
    )
    others = [name for name in names if name != first]
    if not others:
        return [first]
    second = st.selectbox(
        "Compare with",
        others,
        index=None,
        placeholder="no other",
        format_func=title,
        key="dashboard_other",
        width=200,
        persist_state="session",
    )
    return [first, second] if second else [first]


def open_with_warnings(name: str) -> OpenedModel | None:
    """Load a model and show what is wrong with it; return None if its report is unreadable."""
    folder = models_dir()
    if name not in model_names(folder, this_visitor()):  # a browser may say anything
        st.error("**There is no such model** among those here.", icon=":material/error:")
        return None
    try:
        model = open_model(folder / name)
    except ModelError as error:
        st.error(
            f"**The report of {escape_markdown(name)} cannot be shown.** "
            + escape_markdown(without_folder(str(error), folder.parent)),
            icon=":material/error:",
        )
        return None
    if model.report_alone:
        st.caption(
            f":material/description: **{escape_markdown(name)}** is here for comparison only. The "
            f"app uses {escape_markdown(chosen_model().name)}."
        )
    if model.problems:
        st.warning(
            f"**The figures may not be those of {escape_markdown(name)} as it is now.** "
            + " ".join(map(escape_markdown, model.problems))
            + " Train or export it again, or bring the measured files back.",
            icon=":material/warning:",
        )
    return model


def _choose_faces(models: Sequence[OpenedModel]) -> str | None:
    """Let the visitor choose what models were measured on; None if they were not measured.

    The splits of their data sets come first, then held-out faces and other data.
    """
    titles: dict[str, set[str]] = {}
    for model in models:
        for one in split_evaluations(model.report):
            titles.setdefault(one.faces, set()).add(faces_title(model.report, one.faces))
    names = dict.fromkeys([*titles, *(record_faces(r) for m in models for r in m.other_data)])
    if not names:
        return None

    def title(name: str) -> str:
        known = titles.get(name, {name})
        return next(iter(known)) if len(known) == 1 else name  # the split's, where data differ

    return st.selectbox(
        "Measured on",
        list(names),
        format_func=title,
        key="dashboard_split",
        width=250,
        help=escape_markdown(f"{SPLITS_EXPLAINED} {DUPLICATES} {FURTHER}"),
        persist_state="session",
    )


def _choose_head(models: Sequence[OpenedModel]) -> str:
    """Let the visitor choose the head whose figures are shown, if several were measured.

    The head that answers on the pages is the default, and who chooses another one here gets its
    answers there.
    """
    heads = {m.head for model in models for m in split_evaluations(model.report)}
    usual = next((model.spec.default_head for model in models if model.spec), EXPRESSION_HEAD)
    return choose_measured([head for head in NAMES if head in heads] or [usual], usual)
