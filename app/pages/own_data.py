"""Your data page: label faces of your own, and see how the models do on them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.core.layout import header, show_features
from app.core.models import running_model
from app.core.models.runnable import ModelEntry
from app.core.models.running_model import choose_head
from app.own_data.fine_tuning import not_here
from app.own_data.own_set import OwnSet
from app.own_data.session import OwnSession
from app.own_data.view import (
    KEEP_SECONDS,
    answerers,
    entries,
    offer_own_sample,
    own_session,
    show_downloads,
    show_faces,
    show_inputs,
    show_next,
    show_notices,
    show_results,
    show_steps,
    show_teaching,
    show_title,
)
from fer.errors import ModelError

#: The first two steps of the page, in Markdown.
_STEPS = (
    ":material/keyboard: **1 Label with one key.** Confirm the model's answer, correct it, or skip "
    "what is unclear: about a minute for 21 faces. Class folders are labels already.",
    ":material/fact_check: **2 See how good it is on your people**, what it mixes up, and where it "
    "is sure and wrong: at once.",
)

#: The third step, where this server trains models and where it does not.
_TEACH = (
    ":material/school: **3 Teach it what it did not know**, and see before and after on faces held "
    "out: a few minutes on two cores."
)
_TEACH_ELSEWHERE = (
    ":material/school: **3 Teach it elsewhere.** This server does not train models. You get the "
    "labelled faces, and the command for a computer with this project."
)


def main() -> None:
    """Render the page."""
    header(
        "Measure it on your own faces",
        "Say what the faces in your photos show, and FER Lens tells how often it agrees with you.",
    )
    try:
        models = entries()
    except ModelError as error:
        running_model.show_model_error(error)
        return
    session = own_session()
    own = session.own
    with st.container():
        show_notices(session)
        if own is None:
            step = show_steps(session)
            show_inputs(session)
            offer_own_sample(session)
        else:
            show_title(session, own)
            step = show_steps(session)
            choose_head()
    if own is not None:
        asked = frozenset(entry.key for entry in models)
        if session.asked != asked:  # those that cannot be loaded are not asked again
            session.asked = asked
            session.ask(answerers())
        show_faces(session, own, models[0], labels=step == 1)
    with st.container():
        if own is None:
            show_features((*_STEPS, _TEACH_ELSEWHERE if not_here() else _TEACH))
            st.caption(
                ":material/lock: Photos and labels stay in this server's memory, for you alone. "
                "None is saved, logged or learnt from by itself. They are deleted when you clear "
                f"the page, or {KEEP_SECONDS / 60:.0f} minutes after you close this tab."
            )
        elif not session.running:
            _show_step(step, session, own, models)


def _show_step(step: int, session: OwnSession, own: OwnSet, models: Sequence[ModelEntry]) -> None:
    if step == 2:
        show_results(session, own, models)
    elif step == 3:
        show_teaching(own, models[0])
    if step < 3:
        show_next(session, own, step)
    show_downloads(own, models[0])
    if step == 1:
        with st.expander("Add photos or labels", icon=":material/add:"):
            show_inputs(session)


main()
