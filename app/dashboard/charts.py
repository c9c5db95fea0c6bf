"""Plotly figures of a model's measurements, its training and its data. Does not use Streamlit.

The renderer sets the colours of text, grid and background. The figures are readable from a width
of 340 pixels on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, Literal

import plotly.graph_objects as go

from app.core.models.head_text import head_name
from app.core.report.charts import ACCENT, DOTTED, MUTED, ROW, apply_chart_style, legend_on_top
from app.core.report.text import percentage_points
from fer.evaluation.measurements import Selective, Variant
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Epoch
from fer.labels import colour_of

_BAR = 30
_CURVES = 280

#: Colours of further curves: of other heads, and of single domains.
_COLOURS = (ACCENT, "#C4703A", "#3E8E7E")
_DOMAINS = ("#C4703A", "#3E8E7E", "#B0558F")


def robustness_chart(uncorrupted: Evaluation, variants: Sequence[Variant]) -> go.Figure:
    """Return the accuracy with its interval as the images are, and under every corruption."""
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
    figure.add_vline(x=uncorrupted.accuracy, line=DOTTED)
    apply_chart_style(figure, height=ROW * len(names) + 60)
    figure.update_xaxes(tickformat=".0%", nticks=6)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure


def risk_chart(measurements: Sequence[Selective]) -> go.Figure:
    """Return accuracy of the answers over coverage, with a mark at each threshold.

    Each of the measurements, one at least, has a curve. Those of degraded images are dashed.
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
    figure.add_hline(y=measurements[0].target, line=DOTTED)
    apply_chart_style(figure, height=420)
    legend_on_top(figure)
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%", title="faces that get an answer")
    figure.update_yaxes(tickformat=".0%", title="answers that are right")
    return figure


def loss_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return train and validation loss over the epochs."""
    return _curves(history, "loss", ":.3f").update_yaxes(rangemode="normal")


def accuracy_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return train and validation accuracy over the epochs."""
    return _curves(history, "accuracy", ":.1%").update_yaxes(tickformat=".0%")


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
    history: Sequence[Epoch], measure: Literal["loss", "accuracy"], hover: str
) -> go.Figure:
    train, validation = (
        [getattr(e, name) for e in history] for name in (measure, f"validation_{measure}")
    )
    figure = go.Figure(
        [
            _curve(train, "train", MUTED, hover, dash="dash"),
            _curve(validation, "validation", ACCENT, hover),
        ]
    )
    domains = [name for name in history[0].domains if all(name in e.domains for e in history)]
    for name, colour in zip(domains, cycle(_DOMAINS), strict=False):
        values = [getattr(e.domains[name], measure) for e in history]
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


def on_one_scale(figures: Sequence[go.Figure]) -> None:
    """Give charts of the same kind one height and the same axes, so that they can be compared."""
    height = max((figure.layout.height for figure in figures), default=0)
    for figure in figures:
        figure.update_layout(height=height)
    if any(trace.type == "heatmap" for figure in figures for trace in figure.data):
        return  # whose texts stand at places of its own classes
    for name in ("xaxis", "yaxis", "xaxis2", "yaxis2"):
        axes = [figure.layout[name] for figure in figures if name in figure.layout]
        values = [value for figure in figures for value in _along(figure, name)]
        given = [tuple(axis.range) for axis in axes if axis.range]
        if not axes:
            continue
        if values and all(isinstance(value, str) for value in values):
            names = list(dict.fromkeys(values))
            upwards = (-0.5, len(names) - 0.5)
            falls = any(axis.autorange == "reversed" for axis in axes)
            falls = falls or any(low > high for low, high in given)
            ends = upwards[::-1] if falls else upwards
            for axis in axes:
                axis.update(categoryorder="array", categoryarray=names)
        elif given:
            ends = (min(low for low, _ in given), max(high for _, high in given))
        elif values:
            low, high = min(values), max(values)
            if any(axis.rangemode == "tozero" for axis in axes):
                low = min(low, 0)
            pad = 0.05 * (high - low)
            ends = (low - pad if low else 0, high + pad)
        else:
            continue
        for axis in axes:
            axis.update(range=ends, autorange=False)


def _along(figure: go.Figure, axis: str) -> list[Any]:
    """Return what a figure's traces have along an axis, the ends of error bars included."""
    letter, number = axis[0], axis[5:]
    values: list[Any] = []
    for trace in figure.data:
        if (trace[f"{letter}axis"] or letter) != f"{letter}{number}":
            continue
        own = [value for value in trace[letter] if value is not None]
        values += own
        bars = trace[f"error_{letter}"] if trace.type == "scatter" else None
        if bars and bars.array is not None:
            values += [value + bar for value, bar in zip(own, bars.array, strict=True)]
            values += [value - bar for value, bar in zip(own, bars.arrayminus, strict=True)]
        if trace.type == "bar" and letter == "y" and trace.orientation != "h":
            values.append(0)
    return values
