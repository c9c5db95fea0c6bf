"""The interactive confusion matrix, whose cells are explained by a click or by select boxes."""

from __future__ import annotations

import streamlit as st

from app.common.charts import CONFIG
from app.common.text import escape_markdown
from app.dashboard.charts import confusion as charts
from app.dashboard.render.examples import Examples
from app.dashboard.render.streamlit_elements import with_text_style
from app.dashboard.sections.performance import confusion
from app.dashboard.text import SplitEvaluation, cell_sentences, largest_confusion
from fer.labels import colour_of

_MODES = {
    charts.BY_ROW: "% of each label",
    charts.BY_COLUMN: "% of each answer",
    charts.COUNTS: "Counts",
}

_WIDTH = 520


def show_confusion(chosen: SplitEvaluation, examples: Examples, *, key: str) -> None:
    """Show the matrix and the explanation of the chosen cell.

    Args:
        chosen: the evaluation to show.
        examples: pictures for the cells.
        key: prefix of the widget keys, unique on the page.
    """
    part = confusion(chosen)
    names = [c.label for c in chosen.evaluation.classes]
    st.markdown(f"##### {part.title}", help=CONFUSION_HELP, anchors=False)
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
    st.caption(part.caption)
    with st.container(horizontal=True, gap="medium"):
        # The select boxes determine which cell is framed, so they must run before the chart.
        matrix = st.container(width=_WIDTH)
        with st.container(width=_WIDTH):
            cell = _panel(chosen, names, key)
            examples.show(chosen, *cell)
        with matrix:
            figure = charts.confusion_chart(chosen.evaluation, mode or charts.BY_ROW, chosen=cell)
            st.plotly_chart(
                with_text_style(charts.in_theme(figure, dark=st.context.theme.type == "dark")),
                config=CONFIG,
                alt=part.alt,
                key=f"{key}_matrix",
                on_select=lambda: _take_click(key, names),
                selection_mode="points",
            )


CONFUSION_HELP = (
    "Right answers are on the diagonal. Click a cell, or choose one, to read what it means."
)


def _panel(chosen: SplitEvaluation, names: list[str], key: str) -> tuple[str, str]:
    """Show the two select boxes and the explanation of their cell; return the cell."""
    first = largest_confusion(chosen.evaluation) or (names[0], names[0])
    with st.container(horizontal=True):
        truth = st.selectbox(
            "Labelled as", names, index=names.index(first[0]), key=_truth(key), width=180,
            persist_state="session",
        )  # fmt: skip
        answer = st.selectbox(
            "Called", names, index=names.index(first[1]), key=_answer(key), width=180,
            persist_state="session",
        )  # fmt: skip
    by_row, by_column = cell_sentences(chosen.evaluation, truth, answer)
    with st.container(border=True, gap="small"):
        arrow = f"{_coloured(truth)} → {_coloured(answer)}"
        right = " :material/check: right" if truth == answer else ""
        st.markdown(f"#### {arrow}{right}", anchors=False)
        st.markdown(escape_markdown(by_row))
        st.markdown(escape_markdown(by_column))
    st.caption("Click a cell, or choose one here.")
    return truth, answer


def _take_click(key: str, names: list[str]) -> None:
    """Select the cell that was clicked; clicks outside the cells have no effect."""
    points = st.session_state[f"{key}_matrix"].selection.points
    cell = points[0].get("customdata") if points else None
    if cell and set(cell) <= set(names):
        st.session_state[_truth(key)], st.session_state[_answer(key)] = cell


def _coloured(label: str) -> str:
    return f':color[●]{{foreground="{colour_of(label)}"}} {escape_markdown(label)}'


def _truth(key: str) -> str:
    return f"{key}_truth"


def _answer(key: str) -> str:
    return f"{key}_answer"
