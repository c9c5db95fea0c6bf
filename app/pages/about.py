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
from app.core.server.notice import show_law


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
    report = running_model.matching_report()
    st.markdown(difference(report))
    st.subheader("How often it is right", anchor=False)
    if report:
        st.markdown(accuracy_lines(report, chosen_head()))
    else:
        st.warning("Nothing is shown here: there is no report about the model that answers.")
    st.subheader("Where it comes from", anchor=False)
    st.markdown(LICENCES)
    st.caption(detector_line())


main()
