"""Your data page: label faces of your own, and see how the models do on them."""

from __future__ import annotations

import streamlit as st

from app.collection.inputs import just_taken
from app.common import running_model
from app.common.head_picker import choose_head
from app.common.page_layout import header, show_features
from app.own_data.inputs import KEY, offer_sample, show_inputs, show_notices
from app.own_data.state import KEEP_SECONDS, answerers, entries, own_visit
from app.own_data.view import show_downloads, show_faces, show_results, show_title
from fer import ModelError

#: Features of the page, in Markdown.
_FEATURES = (
    ":material/keyboard: **Label with one key.** Every face comes with the model's answer; you "
    "confirm it, correct it, or skip what is unclear. Class folders are read as they are.",
    ":material/fact_check: **See how good it is on your people**: accuracy with its interval, what "
    "is taken for what, and where it is sure and wrong.",
    ":material/school: **Take the labels with you** as a ZIP that the training reads, and teach "
    "the model what it did not know.",
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
    visit = own_visit()
    own = visit.own
    with st.container():
        show_notices(visit)
        if own is None:
            show_inputs(visit)
            offer_sample(visit)
        else:
            show_title(visit, own)
            choose_head()
    if own is not None:
        lacking = visit.lacks({entry.name: entry.key for entry in models})
        if lacking and not visit.running:
            visit.ask([one for one in answerers() if one.name in lacking])
        show_faces(visit, own, models[0])
    with st.container():
        if own is None:
            _features()
        elif not visit.running:
            show_downloads(visit, own, models[0])
            show_results(visit, own, models)
            with st.expander(
                "Add photos or labels", icon=":material/add:", expanded=just_taken(KEY)
            ):
                show_inputs(visit)


def _features() -> None:
    show_features(_FEATURES)
    st.caption(
        ":material/lock: Photos and labels stay in this server's memory, for you alone. None is "
        "saved, logged or learnt from by itself. They are deleted when you clear the page, or "
        f"{KEEP_SECONDS / 60:.0f} minutes after you close this tab."
    )


main()
