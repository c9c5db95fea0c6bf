"""Video page: the expressions of everybody in a recording."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.core.components import poll
from app.core.jobs import State
from app.core.layout import header, show_features
from app.core.models import running_model
from app.core.session.session_store import KEEP_SECONDS
from app.core.text import escape_markdown
from app.video.inputs import chosen_settings, show_inputs
from app.video.session import Source, VideoSession
from app.video.state import video_session
from app.video.text import facts, failure_line
from app.video.view import show_result, show_running
from fer.errors import ModelError

#: Features of the page, in Markdown.
_FEATURES = (
    ":material/movie: **Marks every face it finds**, with the sound as it was, or shows the "
    "original with subtitles.",
    ":material/timeline: **Shows who shows what, and when**: press the timeline or a moment to go "
    "there.",
    ":material/download: **Gives you the numbers** as CSV, JSON and Parquet, and subtitles.",
)


def main() -> None:
    """Render the page."""
    header(
        "Read expressions in a video",
        "FER Lens follows everybody in a recording and says which expression they show at each "
        "moment, and how sure it is.",
    )
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
    with st.container():
        if source is None or job is None:
            show_inputs(session)
        else:
            _title(session, source, running=running)
    poll(partial(show_running, session), active=running)
    with st.container():
        if source is None or job is None:
            _features()
        elif job.state is State.DONE and job.result:
            show_result(session, source, job.result)
        elif job.state is State.FAILED:
            _show_failure(session, source, job.error)


def _title(session: VideoSession, source: Source, *, running: bool) -> None:
    with st.container(gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(escape_markdown(source.name), anchor=False, width="content")
            if running:
                st.button(
                    "Cancel", icon=":material/close:", key="video_cancel", on_click=session.cancel
                )
            else:
                st.button(
                    "Another video",
                    type="tertiary",
                    icon=":material/upload:",
                    key="video_other",
                    on_click=session.clear,
                    help="Deletes this recording and its result from the server.",
                )
        st.caption(escape_markdown(facts(source)))


def _show_failure(session: VideoSession, source: Source, error: Exception | None) -> None:
    if isinstance(error, ModelError):
        running_model.show_model_error(error)
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


def _features() -> None:
    show_features(_FEATURES)
    st.caption(
        ":material/lock: The recording is on this server's disk while you are here, readable for "
        "FER Lens only. It is deleted when you choose another one, or "
        f"{KEEP_SECONDS / 60:.0f} minutes after you close this tab."
    )


main()
