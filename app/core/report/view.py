"""Streamlit renderers for the parts of a report."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.core.charts import CONFIG
from app.core.components import show_picker
from app.core.layout import CONTENT_WIDTH, chart_ink
from app.core.report import charts
from app.core.report.charts import harmless
from app.core.report.elements import (
    Chart,
    Command,
    Drawing,
    Facts,
    Matrix,
    Note,
    Part,
    Pictures,
    Row,
    Table,
)
from app.core.report.text import cell_sentences, largest_confusion
from app.core.text import escape_markdown
from fer.export.table import distinct_names
from fer.labels import colour_of
from fer.text import chance

#: Pixels. Two facts of `_FACT_WIDTH` fit side by side on a phone.
_FACT_WIDTH = 170
_NOTED_HEIGHT = 124
_LONG_HEIGHT = 640
_DRAWING_WIDTH = 460
_PICTURE_WIDTH = 104
_MATRIX_WIDTH = 520
_FACE_WIDTH = 76  # four fit on a phone

#: Pixels between parts side by side; Streamlit's `gap="medium"`.
_GAP = 32

#: Border and padding of an expander, in which parts may stand.
_FOLD = 34


#: What the cells of a confusion matrix show.
_MODES = {
    charts.BY_ROW: "% of each label",
    charts.BY_COLUMN: "% of each answer",
    charts.COUNTS: "Counts",
}

#: Ends of the keys of the two select boxes of a cell.
_CELL = ("truth", "answer")

CONFUSION_HELP = (
    "Right answers are on the diagonal. Click a cell, or choose one, to read what it means."
)


def show_parts(parts: Iterable[Part], *, key: str) -> None:
    """Show parts one below the other; `key` is a prefix of the widget keys, unique on the page."""
    for part in parts:
        show_part(part, key=key)


def show_part(part: Part, *, key: str) -> None:
    """Show one part; `key` is a prefix of the widget keys, unique on the page."""
    match part:
        case Row():
            shares = part.shares or (1.0,) * len(part.parts)
            available = CONTENT_WIDTH - _FOLD - _GAP * (len(part.parts) - 1)
            with st.container(horizontal=True, gap="medium"):
                for one, share in zip(part.parts, shares, strict=True):
                    with st.container(width=int(available * share / sum(shares))):
                        show_part(one, key=key)
        case Facts():
            _show_facts(part)
        case Table():
            _show_table(part)
        case Chart():
            _show_chart(part, key=key)
        case Matrix():
            _show_matrix(part, key=f"{key}_{part.chosen.head}")
        case Drawing():
            _heading(part.title, part.meaning)
            # An image does not inherit the page's text colour.
            ink = "#ECEAE4" if st.context.theme.type == "dark" else "#24232A"
            svg = part.svg.replace("currentColor", ink)
            st.image(svg, width=_DRAWING_WIDTH, alt=part.alt)
        case Pictures():
            _heading(part.title, part.meaning)
            with st.container(horizontal=True, gap="small"):
                for picture in part.pictures:
                    with st.container(width=_PICTURE_WIDTH, gap="xxsmall"):
                        st.image(picture.data, width=_PICTURE_WIDTH, alt=picture.alt)
                        st.caption(escape_markdown(picture.caption), text_alignment="center")
        case Note():
            if part.title:
                _heading(part.title)
            if part.leads:
                st.markdown(f"#### {escape_markdown(part.text)}", anchors=False)
            elif part.text:
                st.caption(escape_markdown(part.text))
        case Command():
            _heading(part.title)
            st.code(part.text, language="bash", wrap_lines=True)


def _show_facts(part: Facts) -> None:
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


def _show_table(part: Table) -> None:
    _heading(part.title, part.meaning)
    # Streamlit refuses a table with two columns of one name; a model may be called like a column.
    columns = distinct_names([escape_markdown(column) for column in part.columns])
    frame = pd.DataFrame(list(part.rows), columns=columns)
    with st.container(height=_LONG_HEIGHT if part.long else "content", border=False):
        st.table(frame.map(escape_markdown), hide_index=True, border="horizontal", alt=part.title)


def _show_chart(part: Chart, *, key: str) -> None:
    _heading(part.title, part.meaning)
    if part.caption:
        st.caption(escape_markdown(part.caption))
    with st.container(width=part.width or "stretch"):
        figure = harmless(part.figure)
        st.plotly_chart(
            _with_text_style(figure), config=CONFIG, alt=part.alt, key=f"{key}_{part.key}"
        )


def _show_matrix(part: Matrix, *, key: str) -> None:
    evaluation = part.chosen.evaluation
    names = [c.label for c in evaluation.classes]
    _heading(part.title, CONFUSION_HELP)
    mode = st.segmented_control(
        "What the cells show",
        list(_MODES),
        format_func=_MODES.__getitem__,
        default=charts.BY_ROW,
        required=True,
        key=f"{key}_mode",
        label_visibility="collapsed",
        persist_state="session",
    )
    st.caption(escape_markdown(part.chart.caption))
    with st.container(horizontal=True, gap="medium"):
        # The select boxes determine which cell is framed, so they must run before the chart.
        matrix = st.container(width=_MATRIX_WIDTH)
        with st.container(width=_MATRIX_WIDTH):
            _show_table(part.report)
            truth, answer = _choose_cell(part, names, key)
            _show_examples(part, truth, answer)
        with matrix:
            figure = charts.confusion_chart(
                evaluation, mode or charts.BY_ROW, chosen=(truth, answer)
            )
            st.plotly_chart(
                _with_text_style(figure),
                config=CONFIG,
                alt=part.chart.alt,
                key=f"{key}_matrix",
                on_select=lambda: _on_click(key, names),
                selection_mode="points",
            )


def _choose_cell(part: Matrix, names: list[str], key: str) -> tuple[str, str]:
    evaluation = part.chosen.evaluation
    cell = []
    with st.container(horizontal=True):
        first = largest_confusion(evaluation) or (names[0], names[0])
        for label, name, kind in zip(("Labelled as", "Called"), first, _CELL, strict=True):
            stored = f"{key}_{kind}"
            shown = st.session_state.get(stored)
            if shown not in names:  # another head has other labels
                shown = name
            store = partial(st.session_state.__setitem__, stored)
            show_picker(st.selectbox, label, names, shown, f"{stored}_choice", store, width=180)
            cell.append(shown)
    truth, answer = cell
    with st.container(border=True, gap="small"):
        arrow = " → ".join(
            f':color[●]{{foreground="{colour_of(name)}"}} {escape_markdown(name)}' for name in cell
        )
        right = " :material/check: right" if truth == answer else ""
        st.markdown(f"#### {arrow}{right}", anchors=False)
        for sentence in cell_sentences(evaluation, truth, answer):
            st.markdown(escape_markdown(sentence))
    st.caption("Click a cell, or choose one here.")
    return truth, answer


def _on_click(key: str, names: list[str]) -> None:
    """Select the cell that was clicked; clicks outside the cells have no effect."""
    points = st.session_state[f"{key}_matrix"].selection.points
    cell = points[0].get("customdata") if points else None
    if cell and set(cell) <= set(names):
        for kind, name in zip(_CELL, cell, strict=True):
            st.session_state[f"{key}_{kind}"] = name


def _show_examples(part: Matrix, truth: str, answer: str) -> None:
    chosen, mistakes = part.chosen, part.mistakes
    if mistakes is None or mistakes.split != chosen.split:
        with st.expander("See such faces from your own data", icon=":material/face:"):
            st.caption(
                "Run this where the data are. The faces stay on that machine; whoever can open "
                "this page there sees them."
            )
            st.code(
                f"python -m training mistakes --model models/{part.model} --data fer2013.csv"
                f"{'' if chosen.split == 'validation' else f' --split {chosen.split}'}",
                language="bash",
                wrap_lines=True,
            )
    elif truth == answer:
        st.caption("For a cell off the diagonal, the most confident mistakes are shown here.")
    elif found := mistakes.of(chosen.head, truth, answer):
        st.caption(f"The most confident of these mistakes, from {mistakes.data} on this server:")
        with st.container(horizontal=True, gap="small"):
            for mistake in found:
                with st.container(width=_FACE_WIDTH, gap="xxsmall"):
                    alt = f"A face labelled {truth}, called {answer}"
                    st.image(mistake.png, width=_FACE_WIDTH, alt=alt)
                    st.caption(chance(mistake.confidence), text_alignment="center")


def _with_text_style(figure: go.Figure) -> go.Figure:
    """Set a chart's text size, its colours on a dark page, and Streamlit's too pale text."""
    figure = charts.in_theme(figure, dark=st.context.theme.type == "dark")
    font = {"size": 13, "color": chart_ink()}
    figure.update_layout(legend_font=font)
    figure.update_xaxes(tickfont=font, title_font=font)
    figure.update_yaxes(tickfont=font, title_font=font)
    return figure


def _heading(title: str, meaning: str = "") -> None:
    st.markdown(
        f"##### {escape_markdown(title)}", help=escape_markdown(meaning) or None, anchors=False
    )
