"""Streamlit renderers for the parts of a report."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.common.charts import CONFIG
from app.common.page_layout import CONTENT_WIDTH, chart_ink
from app.common.text import escape_markdown
from app.dashboard.charts.confusion import in_theme
from app.dashboard.charts.style import harmless
from app.dashboard.elements import (
    Chart,
    Command,
    Drawing,
    Facts,
    Note,
    Part,
    Pictures,
    Row,
    Section,
    Table,
)

#: Pixels. Two facts of `_FACT_WIDTH` fit side by side on a phone.
_FACT_WIDTH = 170
_NOTED_HEIGHT = 124
_LONG_HEIGHT = 640
_DRAWING_WIDTH = 460
_PICTURE_WIDTH = 104

#: Pixels between parts side by side; Streamlit's `gap="medium"`.
_GAP = 32


def show_section(section: Section, *, key: str) -> None:
    """Show all parts of a section.

    Args:
        section: the section.
        key: prefix of the widget keys, unique on the page.
    """
    for part in section.parts:
        if isinstance(part, Row):
            _show_row(part, key=key)
        else:
            show_part(part, key=key)


def _show_row(row: Row, *, key: str) -> None:
    shares = row.shares or (1.0,) * len(row.parts)
    available = CONTENT_WIDTH - _GAP * (len(row.parts) - 1)
    with st.container(horizontal=True, gap="medium"):
        for part, share in zip(row.parts, shares, strict=True):
            with st.container(width=int(available * share / sum(shares))):
                show_part(part, key=key)


def show_part(part: Part, *, key: str) -> None:
    """Show one part; `key` is a prefix of the widget keys, unique on the page."""
    match part:
        case Facts():
            show_facts(part)
        case Table():
            show_table(part)
        case Chart():
            show_chart(part, key=key)
        case Drawing():
            show_drawing(part)
        case Pictures():
            show_pictures(part)
        case Note():
            st.caption(escape_markdown(part.text))
        case Command():
            _heading(part.title)
            st.code(part.text, language="bash", wrap_lines=True)


def show_facts(part: Facts) -> None:
    """Show figures as cards."""
    if part.title:
        _heading(part.title, part.meaning)
    # All cards get the same height, even if only some have a note.
    has_notes = any(fact.note for fact in part.facts)
    with st.container(horizontal=True):
        for fact in part.facts:
            st.metric(
                escape_markdown(fact.label),
                fact.value,
                delta=fact.note or None,
                delta_color="off",
                delta_arrow="off",
                help=escape_markdown(fact.meaning),
                border=True,
                width=_FACT_WIDTH,
                height=_NOTED_HEIGHT if has_notes else "content",
            )


def show_table(part: Table) -> None:
    """Show a table; long tables scroll in a frame of their own."""
    _heading(part.title, part.meaning)
    frame = pd.DataFrame(list(part.rows), columns=[escape_markdown(c) for c in part.columns])
    with st.container(height=_LONG_HEIGHT if part.long else "content", border=False):
        st.table(frame.map(escape_markdown), hide_index=True, border="horizontal", alt=part.title)


def show_chart(part: Chart, *, key: str) -> None:
    """Show a chart below its heading."""
    _heading(part.title, part.meaning)
    if part.caption:
        st.caption(escape_markdown(part.caption))
    with st.container(width=part.width or "stretch"):
        figure = in_theme(harmless(part.figure), dark=st.context.theme.type == "dark")
        st.plotly_chart(
            with_text_style(figure), config=CONFIG, alt=part.alt, key=f"{key}_{part.key}"
        )


def show_pictures(part: Pictures) -> None:
    """Show small pictures side by side."""
    _heading(part.title, part.meaning)
    with st.container(horizontal=True, gap="small"):
        for picture in part.pictures:
            with st.container(width=_PICTURE_WIDTH, gap="xxsmall"):
                st.image(picture.data, width=_PICTURE_WIDTH, alt=picture.alt)
                st.caption(escape_markdown(picture.caption), text_alignment="center")


def show_drawing(part: Drawing) -> None:
    """Show a drawing as an image.

    An image does not inherit the page's text colour, so it replaces ``currentColor``.
    """
    _heading(part.title, part.meaning)
    ink = "#ECEAE4" if st.context.theme.type == "dark" else "#24232A"
    st.image(part.svg.replace("currentColor", ink), width=_DRAWING_WIDTH, alt=part.alt)


def with_text_style(figure: go.Figure) -> go.Figure:
    """Set the text size of a chart, and its text colour where Streamlit's is too pale."""
    font = {"size": 13, "color": chart_ink()}
    figure.update_layout(legend_font=font)
    figure.update_xaxes(tickfont=font, title_font=font)
    figure.update_yaxes(tickfont=font, title_font=font)
    return figure


def _heading(title: str, meaning: str = "") -> None:
    st.markdown(
        f"##### {escape_markdown(title)}", help=escape_markdown(meaning) or None, anchors=False
    )
