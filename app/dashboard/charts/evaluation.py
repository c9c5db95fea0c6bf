"""Plotly figures of a model's measurements. Does not use Streamlit.

The renderer sets the colours of text, grid and background. The figures are readable from a width
of 340 pixels on.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.dashboard.charts.style import ACCENT, MUTED, apply_chart_style, legend_on_top
from app.dashboard.text import percent, percentage_points
from fer.evaluation.measurements import Variant
from fer.evaluation.metrics import CalibrationBin, ClassScores, Evaluation
from fer.labels import colour_of

#: Height of a row in pixels.
_ROW = 34


def per_class_chart(classes: Sequence[ClassScores]) -> go.Figure:
    """Return precision, recall and F1 as marks, with one line per class in its colour."""
    figure = go.Figure()
    for scores in classes:
        ends = [scores.precision, scores.recall]
        line = {"color": colour_of(scores.label), "width": 5}
        figure.add_trace(
            go.Scatter(
                x=ends,
                y=[scores.label] * 2,
                mode="lines",
                line=line,
                opacity=0.35,
                hoverinfo="skip",
            )
        )
    labels = [c.label for c in classes]
    colours = [colour_of(label) for label in labels]
    for name, symbol, values in (
        ("precision", "circle-open", [c.precision for c in classes]),
        ("recall", "circle", [c.recall for c in classes]),
        ("F1", "line-ns-open", [c.f1 for c in classes]),
    ):
        line = {"width": 3, "color": colours}
        marker = {"symbol": symbol, "size": 13, "color": colours, "line": line}
        figure.add_trace(
            go.Scatter(
                x=values,
                y=labels,
                mode="markers",
                name=name,
                marker=marker,
                hovertemplate=f"%{{y}}: {name} %{{x:.1%}}<extra></extra>",
            )
        )
    apply_chart_style(figure, height=_ROW * len(labels) + 50)
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure


def reliability_chart(evaluation: Evaluation, before: Evaluation | None) -> go.Figure:
    """Return a reliability diagram: accuracy over confidence, and the number of answers.

    Args:
        evaluation: figures with the temperature that the app uses.
        before: figures without temperature; None if not measured.
    """
    figure = make_subplots(
        rows=2, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.05
    )
    figure.add_trace(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"color": MUTED, "dash": "dot", "width": 1.5},
            name="as right as sure", hoverinfo="skip",
        ),
        row=1, col=1,
    )  # fmt: skip
    if before:
        figure.add_trace(_reliability_line(before.calibration, "before", MUTED, "dash"), 1, 1)
    name = "after" if before else "answers"
    figure.add_trace(_reliability_line(evaluation.calibration, name, ACCENT, "solid"), 1, 1)
    figure.add_trace(
        go.Bar(
            x=[(b.low + b.high) / 2 for b in evaluation.calibration],
            y=[b.count for b in evaluation.calibration],
            width=[(b.high - b.low) * 0.86 for b in evaluation.calibration],
            marker={"color": ACCENT, "opacity": 0.55, "cornerradius": 2},
            name="answers",
            showlegend=False,
            hovertemplate="%{y:,} answers<extra></extra>",
        ),
        row=2, col=1,
    )  # fmt: skip
    apply_chart_style(figure, height=460)
    legend_on_top(figure)
    figure.update_xaxes(range=(0, 1.02), tickformat=".0%")
    figure.update_xaxes(title="how sure it was", row=2, col=1)
    figure.update_yaxes(range=(0, 1.02), tickformat=".0%", title="how often right", row=1, col=1)
    figure.update_yaxes(title="answers", nticks=3, row=2, col=1)
    return figure


def robustness_chart(uncorrupted: Evaluation, variants: Sequence[Variant]) -> go.Figure:
    """Return the accuracy with its interval under every corruption.

    Args:
        uncorrupted: figures on the uncorrupted images, for comparison.
        variants: figures under each corruption.
    """
    names = ["as they are", *(s.name for s in variants)]
    evaluations = [uncorrupted, *(s.evaluation for s in variants)]
    figure = go.Figure(
        go.Scatter(
            x=[e.accuracy for e in evaluations],
            y=names,
            mode="markers+text",
            marker={"size": 11, "color": [MUTED] + [ACCENT] * len(variants)},
            error_x={
                "array": [e.accuracy_high - e.accuracy for e in evaluations],
                "arrayminus": [e.accuracy - e.accuracy_low for e in evaluations],
                "color": MUTED,
                "thickness": 1.5,
                "width": 4,
            },
            text=[""]
            + [percentage_points(e.accuracy - uncorrupted.accuracy) for e in evaluations[1:]],
            textposition="top center",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.add_vline(x=uncorrupted.accuracy, line={"color": MUTED, "dash": "dot", "width": 1.5})
    apply_chart_style(figure, height=_ROW * len(names) + 60)
    figure.update_xaxes(tickformat=".0%", nticks=6)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure


def _reliability_line(
    bins: Sequence[CalibrationBin], name: str, colour: str, dash: str
) -> go.Scatter:
    return go.Scatter(
        x=[b.confidence for b in bins],
        y=[b.accuracy for b in bins],
        customdata=[b.count for b in bins],
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2, "dash": dash},
        marker={"size": 7, "color": colour},
        hovertemplate=f"{name}: %{{x:.1%}} sure, %{{y:.1%}} right, %{{customdata:,}} answers"
        "<extra></extra>",
    )


def per_class_alt(classes: Sequence[ClassScores]) -> str:
    """Return the alternative text of `per_class_chart`."""
    each = "; ".join(
        f"{c.label} precision {percent(c.precision)}, recall {percent(c.recall)}, "
        f"F1 {percent(c.f1)}"
        for c in classes
    )
    return f"Precision, recall and F1 of each expression: {each}."
