"""Fine-tuning on the page "Your data": the command, and where it is allowed, a button."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from app.core.jobs import State
from app.core.models.runnable import read_record
from app.core.models.running_model import answer_with, chosen_model
from app.core.report.evaluation import adaptation
from app.core.report.view import show_parts
from app.core.server.end import at_end
from app.core.session.tabs import this_visitor
from app.core.settings import models_dir
from app.core.text import escape_markdown
from app.own_data.fine_tuning import (
    DATA_NAME,
    FineTuning,
    FineTunings,
    NotStartedError,
    expectation,
    name_fault,
    not_here,
    progress_line,
    replay_path,
    run_command,
    shown_command,
    too_few,
)
from fer.errors import ModelError
from fer.evaluation.report import Report

#: Seconds between two looks at a training that runs.
_POLL_SECONDS = 1.0

_USUAL_NAME = "my-faces"

_LEAD = (
    "A copy of the model goes on learning, from your faces. Some are held out, to measure before "
    "and after."
)

#: What somebody does before the command, who runs it, and after it.
_BEFORE = (
    f"1. Save “Labelled set (ZIP)” below as `{DATA_NAME}` in a folder with this project, where "
    "requirements-train.txt is installed.\n"
    "2. Open a terminal in that folder, and run this. It takes a few minutes on two cores."
)
_AFTER = (
    "3. The new model is in `models/{name}` there. `streamlit run streamlit_app.py` in that folder "
    "offers it wherever a model is chosen, and its dashboard shows what fine-tuning changed."
)

_REPLAY = (
    "With `--replay fer2013.npz`, where you have FER2013, it goes on seeing what it learnt from, "
    "and forgets much less."
)


def show_fine_tuning(make_zip: Callable[[], bytes], counts: Mapping[str, int]) -> None:
    """Show how to fine-tune a model on so many faces by expression, and what became of it.

    `make_zip` returns the faces as a ZIP that `training.data.load.load` reads.
    """
    training = _fine_tunings().of(this_visitor())
    if training and training.job.active:
        st.fragment(_show_running, run_every=_POLL_SECONDS)(training)
        return
    if training:
        _show_outcome(training)
        with st.expander("Teach once more", icon=":material/school:"):
            _show_form(make_zip, counts)
    else:
        st.markdown(_LEAD)
        _show_form(make_zip, counts)
    if problem := st.session_state.pop("fine_tuning_problem", ""):
        st.error(escape_markdown(problem))


@st.cache_resource(show_spinner=False)
def _fine_tunings() -> FineTunings:
    made = FineTunings(models_dir())
    at_end(made.close)
    return made


def _show_form(make_zip: Callable[[], bytes], counts: Mapping[str, int]) -> None:
    initial, replay = chosen_model(), replay_path()
    if missing := too_few(counts):
        st.info(missing, icon=":material/info:")
    name = st.text_input("Name of the new model", _USUAL_NAME, max_chars=40, key="fine_tuning_name")
    fault = name_fault(name)
    if fault:
        st.caption(f":material/error: {fault}")
        name = _USUAL_NAME
    why = not_here()
    if not why and not missing:
        st.caption(expectation(counts, replay=replay is not None))
        st.button(
            f"Fine-tune {escape_markdown(initial.name)}",
            icon=":material/school:",
            type="primary",
            disabled=bool(fault),
            key="fine_tuning_start",
            on_click=_start,
            args=(name, make_zip),
        )
    elif why:
        st.caption(f":material/block: {why}")
    with st.expander("By a command of your own", icon=":material/terminal:", expanded=bool(why)):
        st.markdown(_BEFORE)
        st.code(
            shown_command(initial.name, name, replay.name if replay else ""),
            language="bash",
            wrap_lines=True,
        )
        st.markdown(_AFTER.format(name=name))
        if not replay:
            st.caption(_REPLAY)


def _start(name: str, make_zip: Callable[[], bytes]) -> None:
    command = run_command(chosen_model(), replay_path())
    try:
        _fine_tunings().start(this_visitor(), name, make_zip, command)
    except NotStartedError as error:
        st.session_state["fine_tuning_problem"] = str(error)


def _show_running(training: FineTuning) -> None:
    if not training.job.active:
        st.rerun()
    share, line = progress_line(training.progress)
    st.progress(share, f"**{escape_markdown(training.name)}**: {line}")
    st.caption("It goes on if you leave this page, and shows up here when you come back.")
    st.button(
        "Cancel", icon=":material/cancel:", key="fine_tuning_cancel", on_click=training.cancel
    )
    _show_log(training)


def _show_outcome(training: FineTuning) -> None:
    if training.job.state is State.DONE:
        _show_made(training)
        return
    if training.job.state is State.CANCELLED:
        st.info("It was cancelled. No model was written.", icon=":material/cancel:")
        return
    reason = str(training.job.error) or (
        "the training ended without a reason, perhaps for want of memory. What it said last is "
        "below."
    )
    st.error(escape_markdown(f"It could not be fine-tuned: {reason}"), icon=":material/error:")
    _show_log(training)


def _show_made(training: FineTuning) -> None:
    directory = models_dir() / training.name
    name = escape_markdown(training.name)
    try:
        changes = read_record(Report, directory).adaptation
    except ModelError:
        st.info(f"**{name}** was made, and is not among the models any more.")
        return
    if chosen_model() == directory:
        st.info(f"**{name}** answers now, on all pages.", icon=":material/deployed_code:")
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            # Not in green: whether it is better stands below.
            st.info(f"**{name}** has learnt from your faces.", icon=":material/school:")
            st.button(
                "Use this model",
                icon=":material/deployed_code:",
                key="fine_tuning_choose",
                on_click=answer_with,
                args=(training.name,),
                help="On all pages. You can go back with the choice of the model.",
            )
    if changes:
        show_parts(adaptation(changes), key="fine_tuning_changes")
    _show_log(training)


def _show_log(training: FineTuning) -> None:
    if not (log := training.log):
        return
    with st.expander("What the training says", icon=":material/terminal:"):
        st.code(log, language=None, height=240, wrap_lines=True)
        st.download_button(
            "Save the log",
            log,
            f"{training.name}-log.txt",
            "text/plain",
            icon=":material/download:",
            key="fine_tuning_log",
            on_click="ignore",
        )
