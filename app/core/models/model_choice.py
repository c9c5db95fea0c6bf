"""The visitor's choice of a model, made once and used on every page of the session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from app.core.components import show_picker
from app.core.models.head_text import head_name
from app.core.models.runnable import ModelEntry, runnable_models
from app.core.settings import model_dir
from app.core.text import escape_markdown

#: The name of the chosen model, also in the page's address, so that a reload keeps the choice.
_MODEL = "model"

#: Key of the widget, apart from `_MODEL`: Streamlit drops a widget's value on pages without the
#: widget.
_CHOICE = "model_choice"

#: The chosen model, once it has gone.
_GONE = "model_gone"


def chosen_model() -> Path:
    """Return the directory of the model that the visitor chose on any page.

    It is the configured one if the visitor chose none, or if the chosen one has gone.
    """
    entry = chosen_entry()
    return entry.directory if entry else model_dir()


def chosen_entry() -> ModelEntry | None:
    """Return what is known of the chosen model; None if it cannot answer."""
    return _chosen(runnable_models())


def chosen_key() -> str:
    """Return what tells the chosen model from all others; see `ModelEntry.key`."""
    entry = chosen_entry()
    return entry.key if entry else ""


def answer_with(name: str) -> None:
    """Choose the model of a name for all pages, as the visitor would."""
    st.session_state[_MODEL] = name


def keep_choice() -> None:
    """Keep the choice in the page's address, and tell when the chosen model has gone.

    Call it once in every run of the app, on whatever page.
    """
    chosen = chosen_entry()
    gone = st.session_state.pop(_GONE, None)
    if gone and chosen:
        st.toast(
            f"The model {escape_markdown(gone)} is not here any more. "
            f"{escape_markdown(chosen.name)} answers from now on.",
            icon=":material/deployed_code_alert:",
        )
    if chosen is None or chosen.directory == model_dir():
        st.query_params.pop(_MODEL, None)
    elif st.query_params.get(_MODEL) != chosen.name:
        st.query_params[_MODEL] = chosen.name


def models_to_choose() -> Sequence[ModelEntry]:
    """Return the models that can answer; none if there is no other than the chosen one."""
    entries = runnable_models()
    return entries if len(entries) > (1 if _chosen(entries) else 0) else ()


def choose_model() -> None:
    """Show the choice if several models can answer."""
    if not (entries := models_to_choose()):
        return
    chosen = _chosen(entries)
    show_picker(
        st.radio,
        "The model that answers, on all pages",
        [entry.name for entry in entries],
        chosen.name if chosen else None,
        _CHOICE,
        answer_with,
        format_func=escape_markdown,
        captions=[facts(entry) for entry in entries],
    )
    st.page_link("app/pages/dashboard.py", label="Compare them", icon=":material/monitoring:")


def show_answered(answered: ModelEntry | None, following: str) -> None:
    """Say which model gave the answers on the page, where several can.

    `following` is what the chosen model answers if it is another one: "the next collection".
    """
    entries = runnable_models()
    chosen = _chosen(entries)
    if answered is None or chosen is None:
        return
    another = chosen.key != answered.key
    if len(entries) > 1 or another:
        then = f" {escape_markdown(chosen.name)}, chosen now, answers {following}."
        st.caption(
            f":material/deployed_code: Answered by **{escape_markdown(answered.name)}**, "
            f"{facts(answered)}.{then if another else ''}"
        )


def facts(entry: ModelEntry) -> str:
    """Return a model's accuracy, size, and what it was trained on, as Markdown."""
    known, measured, report = [f"{len(entry.labels)} expressions"], entry.measured, entry.report
    if measured:
        low, high = measured.accuracy_low, measured.accuracy_high
        known.append(
            f"{measured.accuracy:.1%} right on its validation data ({100 * low:.1f}–{high:.1%}), "
            f"{head_name(entry.spec.default_head)} head"
        )
    else:
        known.append("not measured")
    known.append(f"{entry.bytes / 1e6:.1f} MB")
    if report:
        begun = f", begun with {report.initial_model}" if report.initial_model else ""
        known.append(f"trained on {report.data.name}{begun}")
    return escape_markdown(" · ".join(known))


def _chosen(entries: Sequence[ModelEntry]) -> ModelEntry | None:
    name = st.session_state.get(_MODEL) or st.query_params.get(_MODEL)
    by_name = {entry.name: entry for entry in entries}
    if name in by_name:
        st.session_state[_MODEL] = name
        return by_name[name]
    if gone := st.session_state.pop(_MODEL, None):
        st.session_state[_GONE] = gone
    return next((entry for entry in entries if entry.directory == model_dir()), None)
