"""Teaching a model on the page "Your data": the command, and where it is allowed, a button."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from app.core.models.model_choice import answer_with, chosen_model
from app.core.models.runnable import read_record
from app.core.paths import models_dir
from app.core.report.evaluation import adaptation
from app.core.report.view import show_parts
from app.core.server.end import at_end
from app.core.server.environment import server_settings
from app.core.session.tabs import this_visitor
from app.core.text import escape_markdown
from app.own_data.teaching import text
from app.own_data.teaching.command import (
    name_fault,
    not_here,
    replay_path,
    run_command,
    shown_command,
    too_few,
)
from app.own_data.teaching.runner import DATA_NAME, NotStartedError, State, Teaching, Teachings
from fer.errors import ModelError
from fer.evaluation.report import Report

#: Seconds between two looks at a teaching that runs.
_POLL_SECONDS = 1.0

_USUAL_NAME = "my-faces"


def show_teaching(make_zip: Callable[[], bytes], counts: Mapping[str, int]) -> None:
    """Show how to teach a model the labelled faces, and what became of it.

    Args:
        make_zip: returns the labelled faces as a ZIP that `training.data.load.load` reads.
        counts: number of labelled faces by expression.
    """
    st.subheader(":material/school: Teach it", anchor=False)
    teaching = _teachings().of(this_visitor())
    if teaching and teaching.active:
        st.fragment(_show_running, run_every=_POLL_SECONDS)(teaching)
        return
    st.markdown(text.LEAD)
    if teaching:
        _show_outcome(teaching)
    _show_form(make_zip, counts)


@st.cache_resource(show_spinner=False)
def _teachings() -> Teachings:
    teachings = Teachings(models_dir())
    at_end(teachings.close)
    return teachings


def _show_form(make_zip: Callable[[], bytes], counts: Mapping[str, int]) -> None:
    initial, settings = chosen_model(), server_settings()
    if missing := too_few(counts):
        st.info(missing, icon=":material/info:")
    with st.container(border=True):
        name = st.text_input(
            "Name of the new model", _USUAL_NAME, max_chars=40, key="teaching_name"
        )
        fault = name_fault(name)
        if fault:
            st.caption(f":material/error: {fault}")
            name = _USUAL_NAME
        replay = replay_path(settings)
        st.markdown(text.BEFORE.format(data=DATA_NAME))
        st.code(
            shown_command(initial.name, DATA_NAME, name, replay=replay.name if replay else ""),
            language="bash",
            wrap_lines=True,
        )
        st.markdown(text.AFTER.format(name=name))
        if not replay:
            st.caption(text.REPLAY)
        if why := not_here(settings):
            st.caption(f":material/block: {why}")
        elif not missing:
            st.caption(text.expectation(counts, replay=replay is not None))
            st.button(
                f"Teach {escape_markdown(initial.name)}",
                icon=":material/school:",
                type="primary",
                disabled=bool(fault),
                key="teaching_start",
                on_click=_start,
                args=(name, make_zip),
            )
    if problem := st.session_state.pop("teaching_problem", ""):
        st.error(escape_markdown(problem))


def _start(name: str, make_zip: Callable[[], bytes]) -> None:
    settings = server_settings()
    command = run_command(chosen_model(), replay_path(settings))
    try:
        _teachings().start(this_visitor(), name, make_zip, command)
    except NotStartedError as error:
        st.session_state["teaching_problem"] = str(error)


def _show_running(teaching: Teaching) -> None:
    if not teaching.active:
        st.rerun()
    share, line = text.progress(teaching.progress)
    st.progress(share, f"**{escape_markdown(teaching.name)}**: {line}")
    st.caption(text.RUNNING)
    st.button("Cancel", icon=":material/cancel:", key="teaching_cancel", on_click=teaching.cancel)
    _show_log(teaching)


def _show_outcome(teaching: Teaching) -> None:
    if teaching.state is State.DONE:
        _show_taught(teaching)
    elif teaching.state is State.CANCELLED:
        st.info(text.CANCELLED, icon=":material/cancel:")
    else:
        st.error(escape_markdown(text.failed(teaching.reason)), icon=":material/error:")
        _show_log(teaching)


def _show_taught(teaching: Teaching) -> None:
    directory = models_dir() / teaching.name
    name = escape_markdown(teaching.name)
    try:
        taught = read_record(Report, directory).adaptation
    except ModelError:
        st.info(f"**{name}** was taught, and is not among the models any more.")
        return
    if chosen_model() == directory:
        st.success(f"**{name}** answers now, on all pages.", icon=":material/check_circle:")
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(f"**{name}** has learnt from your faces.", icon=":material/check_circle:")
            st.button(
                "Let it answer",
                icon=":material/deployed_code:",
                key="teaching_choose",
                on_click=answer_with,
                args=(teaching.name,),
                help="On all pages. You can go back with the choice of the model.",
            )
    if taught:
        show_parts(adaptation(taught), key="teaching_changes")
    _show_log(teaching)


def _show_log(teaching: Teaching) -> None:
    log = teaching.log
    if not log:
        return
    with st.expander("What the training says", icon=":material/terminal:"):
        st.code(log, language=None, height=240, wrap_lines=True)
        st.download_button(
            "Save the log",
            log,
            f"{teaching.name}-log.txt",
            "text/plain",
            icon=":material/download:",
            key="teaching_log",
            on_click="ignore",
        )
