"""The Plotly figure of risk-coverage curves. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.common.head_text import head_name
from app.dashboard.charts.style import ACCENT, MUTED, apply_chart_style, legend_on_top
from fer.evaluation.measurements import Selective

#: A colour per head; curves of degraded images are dashed.
_COLOURS = (ACCENT, "#C4703A", "#3E8E7E")


def risk_chart(measurements: Sequence[Selective]) -> go.Figure:
    """Return accuracy of the answers over coverage, with a mark at each threshold.

    Args:
        measurements: at least one; each has a curve.
    """
    figure = go.Figure()
    heads = list(dict.fromkeys(m.head for m in measurements))
    for measured in measurements:
        colour = _COLOURS[heads.index(measured.head) % len(_COLOURS)]
        name = f"{head_name(measured.head)}{', poor pictures' if measured.degraded else ''}"
        figure.add_trace(_curve(measured, name, colour, "dash" if measured.degraded else "solid"))
        figure.add_trace(_mark(measured, name, colour))
    figure.add_hline(y=measurements[0].target, line={"color": MUTED, "dash": "dot", "width": 1.5})
    apply_chart_style(figure, height=420)
    legend_on_top(figure)
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%", title="faces that get an answer")
    figure.update_yaxes(tickformat=".0%", title="answers that are right")
    return figure


def _curve(measured: Selective, name: str, colour: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=[p.coverage for p in measured.curve],
        y=[p.accuracy for p in measured.curve],
        customdata=[p.threshold for p in measured.curve],
        mode="lines",
        name=name,
        line={"color": colour, "width": 2.5, "dash": dash},
        hovertemplate=f"{name}: %{{x:.0%}} answered, %{{y:.1%}} right, "
        "at least %{customdata:.0%} sure<extra></extra>",
    )


def _mark(measured: Selective, name: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[measured.coverage],
        y=[measured.accuracy],
        mode="markers",
        marker={"size": 11, "color": colour, "line": {"color": "white", "width": 1.5}},
        showlegend=False,
        name=name,
        hovertemplate=f"{name}: the threshold answers %{{x:.1%}}, %{{y:.1%}} right<extra></extra>",
    )
