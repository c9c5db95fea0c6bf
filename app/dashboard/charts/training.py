"""Plotly figures of a training and its data. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import plotly.graph_objects as go

from app.dashboard.charts.style import ACCENT, MUTED, apply_chart_style, legend_on_top
from fer.evaluation.report import Epoch
from fer.labels import colour_of

#: Pixels: height of a curve chart, and of a bar.
_HEIGHT = 280
_BAR = 30

#: Colours of the curves of single domains.
_DOMAINS = ("#C4703A", "#3E8E7E", "#B0558F")


def loss_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return train and validation loss over the epochs."""
    figure = _curves(
        [e.loss for e in history],
        [e.validation_loss for e in history],
        {name: [e.domains[name].loss for e in history] for name in _domains(history)},
        hover=":.3f",
    )
    figure.update_yaxes(rangemode="normal")
    return figure


def accuracy_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return train and validation accuracy over the epochs."""
    figure = _curves(
        [e.accuracy for e in history],
        [e.validation_accuracy for e in history],
        {name: [e.domains[name].accuracy for e in history] for name in _domains(history)},
        hover=":.1%",
    )
    figure.update_yaxes(tickformat=".0%")
    return figure


def learning_rate_chart(history: Sequence[Epoch]) -> go.Figure:
    """Return the learning rate over the epochs."""
    figure = go.Figure(_curve([e.learning_rate for e in history], "learning rate", ACCENT, ":.2g"))
    apply_chart_style(figure, height=_HEIGHT)
    figure.update_xaxes(title="epoch", rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    return figure


def class_counts_chart(counts: Mapping[str, int]) -> go.Figure:
    """Return the number and share of faces of each class in a split."""
    total = max(1, sum(counts.values()))
    most = max(counts.values(), default=0)
    figure = go.Figure(
        go.Bar(
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
    )
    apply_chart_style(figure, height=_BAR * len(counts) + 24)
    figure.update_layout(bargap=0.4)
    figure.update_xaxes(visible=False, range=(0, 1.45 * max(1, most)))
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure


def _domains(history: Sequence[Epoch]) -> list[str]:
    """Return the domains that were measured after every epoch."""
    return [name for name in history[0].domains if all(name in e.domains for e in history)]


def _curves(
    train: Sequence[float],
    validation: Sequence[float],
    domains: Mapping[str, Sequence[float]],
    hover: str,
) -> go.Figure:
    figure = go.Figure(
        [
            _curve(train, "train", MUTED, hover, dash="dash"),
            _curve(validation, "validation", ACCENT, hover),
            *(
                _curve(values, f"validation, {name}", colour, hover, dash="dot")
                for (name, values), colour in zip(domains.items(), cycle(_DOMAINS), strict=False)
            ),
        ]
    )
    apply_chart_style(figure, height=_HEIGHT)
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
