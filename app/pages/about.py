"""About page: abilities and limits of the app, privacy, accuracy, and licences."""

from __future__ import annotations

import streamlit as st

from app.about_text import (
    KEPT,
    LICENCES,
    LIMITS,
    PRIVACY,
    UNCERTAIN,
    WHAT,
    accuracy_lines,
    detector_line,
)
from app.core.layout import header, show_cards
from app.core.models import running_model
from app.core.models.head_text import difference
from app.core.models.running_model import chosen_head
from app.core.server.notice import show_law


def main() -> None:
    """Render the page."""
    header("About FER Lens", WHAT)
    show_cards(
        (
            (":material/visibility: What it can and cannot say", LIMITS),
            (":material/lock: What happens to your pictures", KEPT),
        )
    )
    st.subheader("How often it is right", anchor=False)
    report = running_model.matching_report()
    if report:
        st.markdown(accuracy_lines(report, chosen_head()))
        st.page_link("app/pages/dashboard.py", label="All figures", icon=":material/monitoring:")
    else:
        st.warning("Nothing is shown here: there is no report about the model that answers.")
    with st.expander("The law in the European Union, and a notice to print"):
        show_law()
    with st.expander("Your pictures in full"):
        st.markdown(PRIVACY)
    with st.expander("How it answers, and by which labels"):
        st.markdown(UNCERTAIN)
        st.markdown(difference(report))
    with st.expander("Where it comes from"):
        st.markdown(LICENCES)
        st.caption(detector_line())


main()
