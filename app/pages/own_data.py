"""Your data page: label faces of your own, and see how the models do on them."""

from __future__ import annotations

import streamlit as st

from app.core.layout import header, show_features
from app.core.models import running_model
from app.core.models.head_picker import choose_head
from app.own_data.inputs import (
    KEEP_SECONDS,
    answerers,
    entries,
    offer_own_sample,
    own_session,
    show_inputs,
    show_notices,
)
from app.own_data.view import show_downloads, show_faces, show_results, show_title
from fer.errors import ModelError

#: Features of the page, in Markdown.
_FEATURES = (
    ":material/keyboard: **Label with one key.** Every face comes with the model's answer; you "
    "confirm it, correct it, or skip what is unclear. Class folders are read as they are.",
    ":material/fact_check: **See how good it is on your people**: accuracy with its interval, what "
    "is taken for what, and where it is sure and wrong.",
    ":material/school: **Take the labels with you** as a ZIP that the training reads, and "
    "fine-tune the model on what it did not know.",
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
            show_inputs(session)
            offer_own_sample(session)
        else:
            show_title(session, own)
            choose_head()
    if own is not None:
        asked = frozenset(entry.key for entry in models)
        if session.asked != asked:  # those that cannot be loaded are not asked again
            session.asked = asked
            session.ask(answerers())
        show_faces(session, own, models[0])
    with st.container():
        if own is None:
            _features()
        elif not session.running:
            show_downloads(session, own, models[0])
            show_results(session, own, models)
            with st.expander("Add photos or labels", icon=":material/add:"):
                show_inputs(session)


def _features() -> None:
    show_features(_FEATURES)
    st.caption(
        ":material/lock: Photos and labels stay in this server's memory, for you alone. None is "
        "saved, logged or learnt from by itself. They are deleted when you clear the page, or "
        f"{KEEP_SECONDS / 60:.0f} minutes after you close this tab."
    )


main()
