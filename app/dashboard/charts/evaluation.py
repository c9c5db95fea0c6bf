"""Plotly figures of a model's measurements, its training and its data. Does not use Streamlit.

The renderer sets the colours of text, grid and background. The figures are readable from a width
of 340 pixels on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Literal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.core.models.head_text import head_name
from app.dashboard.charts.style import ACCENT, MUTED, apply_chart_style, legend_on_top
from app.dashboard.text import percentage_points
from fer.evaluation.measurements import Selective, Variant
from fer.evaluation.metrics import ClassScores, Evaluation
from fer.evaluation.report import Epoch
from fer.labels import colour_of

#: Pixels: height of a row, of a bar, and of a chart of curves.
_ROW = 34
_BAR = 30
_CURVES = 280

#: Colours of further curves: of other heads, and of single domains.
_COLOURS = (ACCENT, "#C4703A", "#3E8E7E")
_DOMAINS = ("#C4703A", "#3E8E7E", "#B0558F")

#: A dotted line to compare with.
_DOTTED = {"color": MUTED, "dash": "dot", "width": 1.5}


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
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line=_DOTTED, name="as right as sure",
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
    figure.add_vline(x=uncorrupted.accuracy, line=_DOTTED)
    apply_chart_style(figure, height=_ROW * len(names) + 60)
    figure.update_xaxes(tickformat=".0%", nticks=6)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure


def risk_chart(measurements: Sequence[Selective]) -> go.Figure:
    """Return accuracy of the answers over coverage, with a mark at each threshold.

    Args:
        measurements: at least one; each has a curve. Those of degraded images are dashed.
    """
    figure = go.Figure()
    heads = list(dict.fromkeys(m.head for m in measurements))
    for measured in measurements:
        colour = _COLOURS[heads.index(measured.head) % len(_COLOURS)]
        name = f"{head_name(measured.head)}{', poor pictures' if measured.degraded else ''}"
        figure.add_scatter(
            x=[p.coverage for p in measured.curve],
            y=[p.accuracy for p in measured.curve],
            customdata=[p.threshold for p in measured.curve],
            mode="lines",
            name=name,
            line={"color": colour, "width": 2.5, "dash": "dash" if measured.degraded else "solid"},
            hovertemplate=f"{name}: %{{x:.0%}} answered, %{{y:.1%}} right, "
            "at least %{customdata:.0%} sure<extra></extra>",
        )
        figure.add_scatter(
            x=[measured.coverage],
            y=[measured.accuracy],
            mode="markers",
            marker={"size": 11, "color": colour, "line": {"color": "white", "width": 1.5}},
            showlegend=False,
            name=name,
            hovertemplate=f"{name}: the threshold answers %{{x:.1%}}, %{{y:.1%}} right"
            "<extra></extra>",
        )
    figure.add_hline(y=measurements[0].target, line=_DOTTED)
    apply_chart_style(figure, height=420)
    legend_on_top(figure)
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%", title="faces that get an answer")
    figure.update_yaxes(tickformat=".0%", title="answers that are right")
    return figure


def loss_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return train and validation loss over the epochs."""
    figure = _curves(history, lambda e: e.loss, lambda e: e.validation_loss, "loss", ":.3f")
    figure.update_yaxes(rangemode="normal")
    return figure


def accuracy_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return train and validation accuracy over the epochs."""
    figure = _curves(
        history, lambda e: e.accuracy, lambda e: e.validation_accuracy, "accuracy", ":.1%"
    )
    figure.update_yaxes(tickformat=".0%")
    return figure


def learning_rate_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return the learning rate over the epochs."""
    figure = go.Figure(_curve([e.learning_rate for e in history], "learning rate", ACCENT, ":.2g"))
    apply_chart_style(figure, height=_CURVES)
    figure.update_xaxes(title="epoch", rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    return figure


def class_counts_chart(counts: Mapping[str, int]) -> go.Figure:
    """Return the number and share of faces of each class in a split."""
    total = max(1, sum(counts.values()))
    most = max(counts.values(), default=0)
    figure = go.Figure()
    figure.add_bar(
        x=list(counts.values()),
        y=list(counts),
        orientation="h",
        marker={"color": [colour_of(label) for label in counts], "cornerradius": 3},
        text=[f"{n:,} · {n / total:.0%}" for n in counts.values()],
        textposition="outside",
        constraintext="none",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )
    apply_chart_style(figure, height=_BAR * len(counts) + 24)
    figure.update_layout(bargap=0.4)
    figure.update_xaxes(visible=False, range=(0, 1.45 * max(1, most)))
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure


def _curves(
    history: Sequence[Epoch],
    train: Callable[[Epoch], float],
    validation: Callable[[Epoch], float],
    figure_of: Literal["loss", "accuracy"],
    hover: str,
) -> go.Figure:
    """Return curves of train, validation, and the domains that were measured each time."""
    figure = go.Figure(
        [
            _curve([train(e) for e in history], "train", MUTED, hover, dash="dash"),
            _curve([validation(e) for e in history], "validation", ACCENT, hover),
        ]
    )
    domains = [name for name in history[0].domains if all(name in e.domains for e in history)]
    for name, colour in zip(domains, cycle(_DOMAINS), strict=False):
        values = [getattr(e.domains[name], figure_of) for e in history]
        figure.add_trace(_curve(values, f"validation, {name}", colour, hover, dash="dot"))
    apply_chart_style(figure, height=_CURVES)
    legend_on_top(figure)
    figure.update_xaxes(title="epoch", rangemode="tozero")
    return figure


def _curve(
    values: Sequence[float], name: str, colour: str, hover: str, dash: str = "solid"
) -> go.Scatter:
    return go.Scatter(
        x=list(range(1, len(values) + 1)),
        y=list(values),
        # A single epoch is one point, which mode "lines" would not show.
        mode="lines" if len(values) > 1 else "markers",
        name=name,
        line={"color": colour, "width": 2.5, "dash": dash},
        hovertemplate=f"epoch %{{x}}: {name} %{{y{hover}}}<extra></extra>",
    )
