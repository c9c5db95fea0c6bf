"""What all pages share: the width of the text, headings, and the ink of charts."""

from __future__ import annotations

from contextlib import AbstractContextManager

import streamlit as st

#: Pixels of the widest content: three cards of `CARD_WIDTH`, the gaps between them, and the border
#: and padding (34) of the expander they may stand in. One card fills a phone.
CONTENT_WIDTH = 1112
CARD_WIDTH = 348


#: Text in charts of the light theme. Streamlit's own grey has a contrast of 3.6 only; this one has
#: 5.1, and 3.4 on the dark background: if the theme changes, a chart keeps its ink until the page
#: runs again, and has to stay readable that long.
_LIGHT_INK = "#6B6A75"


def chart_ink() -> str | None:
    """Return the colour for text in charts; None where Streamlit's own is good."""
    return None if st.context.theme.type == "dark" else _LIGHT_INK


def content() -> AbstractContextManager[object]:
    """Return the container of a page, in the middle and never wider than reads well."""
    middle = st.container(horizontal_alignment="center")
    return middle.container(width=CONTENT_WIDTH)


def header(title: str, lead: str) -> None:
    """Show a page's title and the sentence under it."""
    st.title(title, anchor=False)
    st.markdown(lead)
