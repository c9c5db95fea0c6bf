"""Risk-coverage curves → a Plotly figure. No streamlit in here."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.dashboard.charts.style import ACCENT, MUTED, legend_on_top, plain
from app.dashboard.text import head_name
from fer.evaluation.measurements import Selective

#: A colour per head; poor pictures are dashed.
_COLOURS = (ACCENT, "#C4703A")


def risk_chart(made: Sequence[Selective]) -> go.Figure:
    """Return how many answers are right against how many faces are answered.

    Args:
        made: at least one curve; each mark is where its threshold stands.
    """
    figure = go.Figure()
    heads = list(dict.fromkeys(s.head for s in made))
    for each in made:
        colour = _COLOURS[heads.index(each.head) % len(_COLOURS)]
        name = f"{head_name(each.head)}{', poor pictures' if each.degraded else ''}"
        figure.add_trace(_curve(each, name, colour, "dash" if each.degraded else "solid"))
        figure.add_trace(_mark(each, name, colour))
    figure.add_hline(y=made[0].target, line={"color": MUTED, "dash": "dot", "width": 1.5})
    plain(figure, height=420)
    legend_on_top(figure)
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%", title="faces that get an answer")
    figure.update_yaxes(tickformat=".0%", title="answers that are right")
    return figure


def _curve(each: Selective, name: str, colour: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=[p.coverage for p in each.curve],
        y=[p.accuracy for p in each.curve],
        customdata=[p.threshold for p in each.curve],
        mode="lines",
        name=name,
        line={"color": colour, "width": 2.5, "dash": dash},
        hovertemplate=f"{name}: %{{x:.0%}} answered, %{{y:.1%}} right, "
        "at least %{customdata:.0%} sure<extra></extra>",
    )


def _mark(each: Selective, name: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[each.coverage],
        y=[each.accuracy],
        mode="markers",
        marker={"size": 11, "color": colour, "line": {"color": "white", "width": 1.5}},
        showlegend=False,
        name=name,
        hovertemplate=f"{name}: the threshold answers %{{x:.1%}}, %{{y:.1%}} right<extra></extra>",
    )
