"""About page: abilities and limits of the app, privacy, accuracy, and licences."""

from __future__ import annotations

import streamlit as st

from app.about_text import (
    LICENCES,
    LIMITS,
    PRIVACY,
    UNCERTAIN,
    WHAT,
    accuracy_lines,
    detector_line,
)
from app.core.layout import header
from app.core.models import running_model
from app.core.models.head_picker import chosen_head
from app.core.models.head_text import difference
from app.core.server.notice_view import show_law
from fer import ModelError


def main() -> None:
    """Render the page."""
    header("About FER Lens", WHAT)
    with st.container(horizontal=True, vertical_alignment="distribute"):
        for title, text in (
            (":material/visibility: What it can and cannot say", LIMITS),
            (":material/lock: What happens to your pictures", PRIVACY),
        ):
            with st.container(border=True, width=548):
                st.markdown(f"#### {title}", anchors=False)
                st.markdown(text)
    show_law()
    st.subheader("How it answers", anchor=False)
    st.markdown(UNCERTAIN)
    st.subheader("Two ways to name an expression", anchor=False)
    st.markdown(difference(running_model.matching_report()))
    st.subheader("How often it is right", anchor=False)
    _accuracy()
    st.subheader("Where it comes from", anchor=False)
    st.markdown(LICENCES)
    st.caption(detector_line())


def _accuracy() -> None:
    try:
        report, spec = running_model.model_report(), running_model.model_spec()
        head = chosen_head(spec)
    except ModelError as error:
        st.warning("Nothing is shown here, because the model's report cannot be read.")
        st.caption(running_model.operator_message(error))
        return
    if report.describes(spec):
        st.markdown(accuracy_lines(report, head))
    else:
        st.warning("Nothing is shown here, because the report is about other weights.")


main()
