"""The Model dashboard: choosing models, and what is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from app.common.paths import models_dir
from app.common.text import escape_markdown
from app.dashboard.choice import choose_evaluation, choose_models, open_with_warnings
from app.dashboard.elements import Section
from app.dashboard.models import ShownModel, model_names
from app.dashboard.render.confusion_matrix import show_confusion
from app.dashboard.render.html import html_report
from app.dashboard.render.streamlit_elements import show_part, show_section
from app.dashboard.sections import (
    calibration,
    network,
    performance,
    provenance,
    robustness,
    training,
)
from app.dashboard.sections.comparison import comparison
from app.dashboard.text import Measured, measured

#: What to do where there is no model at all.
TRAIN_COMMAND = "python -m training train --preset small --data fer2013.csv --out models/mine"


@dataclass(frozen=True)
class Shown:
    """A model on the page, and the evaluation that was chosen; None if it was not measured so."""

    model: ShownModel
    chosen: Measured | None

    @property
    def key(self) -> str:
        """Prefix of its widgets."""
        return f"dashboard_{self.model.name}"


def show_dashboard() -> None:
    """Show the page below its header."""
    folder = models_dir()
    names = model_names(folder)
    if not names:
        _nothing()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose_models(names)
        picker = st.container(width=300)
    opened = [model for name in chosen if (model := open_with_warnings(name))]
    if not opened:
        return
    with picker:
        measured_on = choose_evaluation(opened)
    if measured_on is None:
        st.info("This report has no evaluation: nothing was measured on any split.")
    shown = [Shown(model, _evaluation(model, measured_on)) for model in opened]
    _tabs(shown, measured_on)
    st.divider()
    _downloads(opened)


def _nothing() -> None:
    st.info("**There is no model yet.** Train one, and its report appears here.")
    st.code(TRAIN_COMMAND, language="bash")


def _evaluation(model: ShownModel, name: str | None) -> Measured | None:
    return next((m for m in measured(model.report) if m.name == name), None)


def _tabs(shown: Sequence[Shown], measured_on: str | None) -> None:
    """Show one part of the report at a time: only the open tab is sent, so its charts fit."""
    views: dict[str, Callable[[Shown], None]] = {
        ":material/monitoring: Overview": _overview,
        ":material/grid_on: Mistakes": _mistakes,
        ":material/balance: Confidence": _confidence,
        ":material/foggy: Robustness": _robustness,
        ":material/show_chart: Training": _training,
        ":material/account_tree: Network": _network,
        ":material/receipt_long: Record": _record,
    }
    tabs = st.tabs(list(views), on_change="rerun", key="dashboard_tab")
    for tab, view in zip(tabs, views.values(), strict=True):
        if not tab.open:
            continue
        with tab:
            if len(shown) == 2 and view is _overview and measured_on:
                _both(shown, measured_on)
            else:
                _side_by_side(shown, view)


def _side_by_side(shown: Sequence[Shown], view: Callable[[Shown], None]) -> None:
    if len(shown) == 1:
        view(shown[0])
        return
    for column, each in zip(st.columns(len(shown), gap="medium"), shown, strict=True):
        with column:
            st.subheader(escape_markdown(each.model.name), anchor=False, divider="gray")
            view(each)


def _overview(shown: Shown) -> None:
    if shown.chosen:
        show_section(performance.overview(shown.model.report, shown.chosen), key=shown.key)
    else:
        _not_measured()


def _both(shown: Sequence[Shown], measured_on: str) -> None:
    """Show two models in one table, which compares better than two rows of cards."""
    first, second = (each.model for each in shown)
    show_part(comparison(first, second, measured_on), key="dashboard_both")
    for model in (first, second):
        table = performance.splits_table(model.report)
        table = replace(table, title=f"{model.name}: every split")
        show_part(table, key=f"dashboard_{model.name}")


def _mistakes(shown: Shown) -> None:
    if not shown.chosen:
        _not_measured()
        return
    show_confusion(shown.chosen, key=shown.key)
    show_section(Section("", (performance.per_class(shown.chosen),)), key=shown.key)


def _confidence(shown: Shown) -> None:
    if shown.chosen:
        section = calibration.confidence(
            shown.model.report, shown.chosen, shown.model.temperature, shown.model.heads
        )
        show_section(section, key=shown.key)
    else:
        _not_measured()


def _robustness(shown: Shown) -> None:
    show_section(robustness.robustness(shown.model.report, shown.model.heads), key=shown.key)


def _training(shown: Shown) -> None:
    show_section(training.training(shown.model.report), key=shown.key)


def _network(shown: Shown) -> None:
    show_section(network.network(shown.model.report), key=shown.key)


def _record(shown: Shown) -> None:
    if not shown.model.problems:
        st.caption(
            ":material/verified: The files here are those that were measured: their SHA-256 is "
            "the report's."
        )
    show_section(provenance.record(shown.model.report), key=shown.key)


def _not_measured() -> None:
    st.caption("This model was not measured on this split.")


def _downloads(models: Sequence[ShownModel]) -> None:
    """Offer every shown report as files, made when they are asked for."""
    st.markdown(
        "##### Take the report with you",
        help="One HTML file that opens without the internet, with everything that is shown here.",
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
                partial(model.report.model_dump_json, indent=1),
                f"{model.name}-report.json",
                "application/json",
                key=f"dashboard_json_{model.name}",
                on_click="ignore",
                icon=":material/download:",
            )
