"""Results → Plotly figures. No streamlit in here; each chart's text is in `app.common.text`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from fer.labels import colour_of
from fer.text import chance
from fer.types import UNCERTAIN, Floats

#: For `st.plotly_chart`: charts to be read, without the tool bar that a phone has no room for.
CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}

#: Pixels per bar, and of the strip that shows a mix.
_BAR_HEIGHT = 23
_STRIP_HEIGHT = 28

#: Room right of the longest bar for its figure.
_RANGE = (0, 1.18)

#: No expression, so no colour: hatched, which reads on light and on dark ground.
_HATCHED: dict[str, Any] = {
    "color": "rgba(128, 128, 136, 0.16)",
    "pattern": {"shape": "/", "size": 7, "solidity": 0.28, "fgcolor": "#85858D"},
}


def probability_bars(
    probabilities: Floats, labels: Sequence[str], ink: str | None = None
) -> go.Figure:
    """Return one bar per expression, in the order of `labels` so that faces can be compared.

    Args:
        probabilities: ``(k,)``.
        labels: names of the ``k`` expressions.
        ink: colour of the text; Streamlit's own if None.
    """
    shares = [float(p) for p in probabilities]
    bars = go.Bar(
        x=shares,
        y=list(labels),
        orientation="h",
        marker={"color": [colour_of(label) for label in labels], "cornerradius": 3},
        text=[chance(p) for p in shares],
        textposition="outside",
        textfont={"size": 13, "color": ink},
        constraintext="none",
        cliponaxis=False,
        hovertemplate="%{y} %{text}<extra></extra>",
    )
    figure = _bare(go.Figure(bars), height=_BAR_HEIGHT * len(labels) + 8)
    figure.update_layout(bargap=0.42)
    figure.update_xaxes(range=_RANGE)
    figure.update_yaxes(
        autorange="reversed", ticksuffix="  ", automargin=True, tickfont={"size": 13, "color": ink}
    )
    return figure


def answer_mix(counts: Mapping[str, int], labels: Sequence[str]) -> go.Figure:
    """Return one strip divided by how many faces got which answer, the uncertain ones last.

    Args:
        counts: faces per answer.
        labels: the order of the expressions' parts.
    """
    parts = [
        go.Bar(
            x=[counts[answer]],
            y=[""],
            name=answer,
            orientation="h",
            marker=filling(answer),
            marker_line_width=0,
            hovertemplate=f"{answer} %{{x}}<extra></extra>",
        )
        for answer in (*labels, UNCERTAIN)
        if counts.get(answer)
    ]
    figure = _bare(go.Figure(parts), height=_STRIP_HEIGHT)
    figure.update_layout(barmode="stack", bargap=0)
    figure.update_xaxes(range=(0, max(1, sum(counts.values()))))
    return figure


def filling(answer: str) -> dict[str, Any]:
    """Return how the part of an answer is filled, as Plotly's marker."""
    return _HATCHED if answer == UNCERTAIN else {"color": colour_of(answer)}


def _bare(figure: go.Figure, *, height: int) -> go.Figure:
    """Take away what a small chart does not need: axes, grid, margins, zoom."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 0, "t": 4, "b": 4},
        showlegend=False,
        dragmode=False,
    )
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(fixedrange=True, showgrid=False, zeroline=False, ticks="", title=None)
    return figure
