"""Style that the charts of a report share. Does not use Streamlit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fer.evaluation.metrics import ClassScores, Evaluation
from fer.labels import colour_of

#: Colours for everything that is not an expression; readable on light and dark backgrounds.
ACCENT = "#6D6FC4"
MUTED = "#8F8B84"


def apply_chart_style(figure: go.Figure, *, height: int) -> None:
    """Set height, margins and axes as in all charts, without zoom and legend."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 16, "b": 8},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
    )
    figure.update_xaxes(fixedrange=True, automargin=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, automargin=True, zeroline=False)


def harmless(figure: go.Figure) -> go.Figure:
    """Return a figure in which no text from a report is HTML, of which Plotly draws some."""
    return go.Figure(_harmless(figure.to_plotly_json()))


def _harmless(value: Any) -> Any:
    match value:
        case str():
            return _TAG.sub("&lt;", value)
        case dict():
            return {key: _harmless(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_harmless(inner) for inner in value]
    return value


#: The beginning of any tag but those that charts have of their own.
_TAG = re.compile(r"<(?!/?(?:b|br|extra)>)")


def legend_on_top(figure: go.Figure) -> None:
    """Show the legend in a line above the chart, where it fits on a phone."""
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
    )


#: Pixels: height of a row, of a bar, and of a chart of curves.
ROW = 34


#: A dotted line to compare with.
DOTTED = {"color": MUTED, "dash": "dot", "width": 1.5}


def per_class_chart(classes: Sequence[ClassScores]) -> go.Figure:
    """Return precision, recall and F1 as marks, with one line per class in its colour."""
    figure = go.Figure()
    for scores in classes:
        figure.add_scatter(
            x=[scores.precision, scores.recall],
            y=[scores.label] * 2,
            mode="lines",
            line={"color": colour_of(scores.label), "width": 5},
            opacity=0.35,
            hoverinfo="skip",
        )
    labels = [c.label for c in classes]
    colours = [colour_of(label) for label in labels]
    for name, symbol, values in (
        ("precision", "circle-open", [c.precision for c in classes]),
        ("recall", "circle", [c.recall for c in classes]),
        ("F1", "line-ns-open", [c.f1 for c in classes]),
    ):
        line = {"width": 3, "color": colours}
        figure.add_scatter(
            x=values,
            y=labels,
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 13, "color": colours, "line": line},
            hovertemplate=f"%{{y}}: {name} %{{x:.1%}}<extra></extra>",
        )
    apply_chart_style(figure, height=ROW * len(labels) + 50)
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure


def reliability_chart(evaluation: Evaluation, before: Evaluation | None) -> go.Figure:
    """Return a reliability diagram: accuracy over confidence, and the number of answers.

    `before` has the figures without temperature, if they were measured.
    """
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.05
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line=DOTTED, name="as right as sure",
        hoverinfo="skip", row=1, col=1,
    )  # fmt: skip
    after = (evaluation, "after" if before else "answers", ACCENT, "solid")
    for one, name, colour, dash in ((before, "before", MUTED, "dash"), after):
        if not one:
            continue
        figure.add_scatter(
            x=[b.confidence for b in one.calibration],
            y=[b.accuracy for b in one.calibration],
            customdata=[b.count for b in one.calibration],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 7, "color": colour},
            hovertemplate=f"{name}: %{{x:.1%}} sure, %{{y:.1%}} right, %{{customdata:,}} answers"
            "<extra></extra>",
            row=1,
            col=1,
        )
    figure.add_bar(
        x=[(b.low + b.high) / 2 for b in evaluation.calibration],
        y=[b.count for b in evaluation.calibration],
        width=[(b.high - b.low) * 0.86 for b in evaluation.calibration],
        marker={"color": ACCENT, "opacity": 0.55, "cornerradius": 2},
        name="answers",
        showlegend=False,
        hovertemplate="%{y:,} answers<extra></extra>",
        row=2,
        col=1,
    )
    apply_chart_style(figure, height=460)
    legend_on_top(figure)
    figure.update_xaxes(range=(0, 1.02), tickformat=".0%")
    figure.update_xaxes(title="how sure it was", row=2, col=1)
    figure.update_yaxes(range=(0, 1.02), tickformat=".0%", title="how often right", row=1, col=1)
    figure.update_yaxes(title="answers", nticks=3, row=2, col=1)
    return figure
