"""Video page: the expressions of everybody in a recording."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.core.components import ask_first, poll
from app.core.jobs import State
from app.core.layout import title_line
from app.core.models import running_model
from app.core.models.running_model import choose_head, chosen_key
from app.core.text import escape_markdown
from app.video.inputs import chosen_settings, show_inputs, show_settings, video_session
from app.video.session import Source, VideoSession
from app.video.text import failure_line
from app.video.view import show_result, show_running
from fer.errors import ModelError

#: What the page does, in Markdown.
_FEATURES = (
    ":material/movie: **Marks every face it finds**, with the sound as it was, or shows the "
    "original with subtitles.",
    ":material/timeline: **Shows who shows what, and when**: press the timeline or a moment to go "
    "there.",
    ":material/download: **Gives you the numbers** as CSV, JSON and Parquet, and subtitles.",
)


def main() -> None:
    """Render the page."""
    try:
        chosen_settings()  # which needs a model
        session = video_session()
    except ModelError as error:
        running_model.show_model_error(error)
        return
    except OSError:
        st.error("**This server has no place for recordings**, so none can be analysed.")
        st.caption("For whoever runs this app: the folder for temporary files cannot be used.")
        return
    source, job = session.source, session.job
    running = job is not None and job.active
    _show_title(session, source, running=running)
    with st.container():
        if source is None or job is None:
            show_inputs(session)
    poll(partial(show_running, session), active=running)
    with st.container():
        if source is None or job is None:
            with st.expander("More about this", icon=":material/info:"):
                for feature in _FEATURES:
                    st.markdown(feature)
        elif job.state is State.DONE and job.result:
            show_result(session, source, job.result)
        elif job.state is State.FAILED:
            _show_failure(session, source, job.error)


def _show_title(session: VideoSession, source: Source | None, *, running: bool) -> None:
    title = escape_markdown(source.name) if source else "Read expressions in a video"
    with title_line(title, on_phone="1.25rem"):
        if running:
            return
        result = session.job.result if session.job else None
        if source and result and not source.is_sample:
            ask_first(
                "Another video",
                "This deletes this recording and its results from the server. Save what you need.",
                "Delete and choose another",
                "video_other",
                session.clear,
                icon=":material/upload:",
            )
        elif source:
            st.button(
                "Another video",
                icon=":material/upload:",
                key="video_other",
                on_click=session.clear,
                help="Deletes this recording from the server.",
            )
        if _is_set_otherwise(session) or (result and result.cancelled):
            st.button(
                "Analyse all of it" if result and result.cancelled else "Analyse again",
                type="primary",
                icon=":material/replay:",
                key="video_again",
                on_click=lambda: session.start(chosen_settings()),
            )
        choose_head(show_settings)


def _is_set_otherwise(session: VideoSession) -> bool:
    result = session.job.result if session.job else None
    if result is None:
        return False
    another_model = result.model is not None and result.model.key != chosen_key()
    return another_model or session.settings != chosen_settings()


def _show_failure(session: VideoSession, source: Source, error: Exception | None) -> None:
    if isinstance(error, ModelError):
        running_model.show_model_error(error, choice=False)
        return
    line, again = failure_line(source, error)
    st.error(line, icon=":material/error:")
    if again:
        st.button(
            "Try again",
            icon=":material/replay:",
            key="video_retry",
            on_click=lambda: session.start(session.settings),
        )


main()
