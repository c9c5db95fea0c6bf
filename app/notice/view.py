"""The operator's notice on the pages, and the law on the About page."""

from __future__ import annotations

import streamlit as st

from app.common.server import server_settings
from app.common.text import escape_markdown
from app.notice import law
from app.notice.notice import Notice


def show_notice() -> None:
    """Show who uses the camera and what for, where the operator has set it."""
    notice = Notice.of(server_settings())
    if not notice.operator:
        return
    said = [f"**This page reads facial expressions**, run by {escape_markdown(notice.operator)}."]
    if notice.purpose:
        said.append(f"What for: {escape_markdown(notice.purpose)}.")
    said.append("Nobody is identified, and no picture is kept after your visit.")
    if notice.contact:
        said.append(f"Questions, and your rights: {escape_markdown(notice.contact)}.")
    st.info(" ".join(said), icon=":material/info:")


def show_law() -> None:
    """Show what the law of the European Union asks, and offer the notice to print."""
    st.subheader("If you point it at other people", anchor=False)
    with st.container(horizontal=True, vertical_alignment="distribute"):
        for title, text in (
            (":material/gavel: The EU's AI Act", law.AI_ACT),
            (":material/policy: Data protection (GDPR)", law.GDPR),
        ):
            with st.container(border=True, width=548):
                st.markdown(f"#### {title}", anchors=False)
                st.markdown(text)
    with st.container(border=True):
        st.markdown("#### :material/fact_check: Before you start", anchors=False)
        st.markdown(law.DUTIES)
        st.download_button(
            "Notice to print (HTML)",
            Notice.of(server_settings()).page(),
            "notice.html",
            "text/html",
            icon=":material/print:",
            key="about_notice",
            on_click="ignore",
        )
    st.caption(law.STATE)
    st.caption(law.SOURCES)
