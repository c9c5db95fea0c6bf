"""The charts of a report, and the style that they share. Does not use Streamlit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import ImageColor
from plotly.subplots import make_subplots

from app.core.report.text import cell_sentences
from fer.drawing.annotate import luminance
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


#: Height of a row in pixels.
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


#: What the cells show: shares of each row (label), shares of each column (answer), or counts.
BY_ROW, BY_COLUMN, COUNTS = "row", "column", "counts"

#: Shades from low to high, by whether the background is dark.
SHADES: dict[bool, tuple[str, ...]] = {
    False: ("#F3F1EC", "#C9CAEC", "#8688D2", "#43459B"),
    True: ("#22242C", "#373A69", "#6D6FC4", "#C6C7F7"),
}

#: Text colours with their luminance; each cell uses the one with the higher contrast.
_INKS = {ink: luminance(ImageColor.getrgb(ink)) + 0.05 for ink in ("#131318", "#FFFFFF")}

#: Side of a cell in pixels.
_CELL = 46


def confusion_chart(
    evaluation: Evaluation, mode: str = BY_ROW, *, chosen: tuple[str, str] | None = None
) -> go.Figure:
    """Return a confusion matrix whose cells can be clicked, for a light background.

    Rows are labels, columns answers; `chosen` is truth and answer of the cell to frame.

    The texts are annotations: one has a colour of its own, without the markup that no other text of
    a report may have. ``layout.meta`` has their colours in both themes, for pages that switch.
    """
    names = [c.label for c in evaluation.classes]
    shares, texts = _cells(evaluation, mode)
    most = max((s for row in shares for s in row if s), default=1.0)
    levels = [(share or 0) / most for row in shares for share in row]
    inks = {
        tone: [_ink(level, SHADES[tone == "dark"]) for level in levels]
        for tone in ("light", "dark")
    }
    figure = go.Figure()
    figure.add_heatmap(
        x=names, y=names, z=shares, colorscale=list(SHADES[False]), zmin=0, zmax=most,
        showscale=False, xgap=2, ygap=2, hoverinfo="skip",
    )  # fmt: skip
    # Invisible points over the cells, because Plotly cannot select heat map cells.
    pairs = [(truth, answer) for truth in names for answer in names]
    invisible = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[answer for _, answer in pairs],
        y=[truth for truth, _ in pairs],
        customdata=pairs,
        mode="markers",
        marker={"size": _CELL - 8, "symbol": "square", "opacity": 0},
        selected=invisible,
        unselected=invisible,
        text=["<br>".join(cell_sentences(evaluation, *pair)) for pair in pairs],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    if chosen and set(chosen) <= set(names):
        row, column = map(names.index, chosen)
        figure.add_shape(
            type="rect", x0=column - 0.49, x1=column + 0.49, y0=row - 0.49, y1=row + 0.49,
            line={"color": "#E69F00", "width": 3},
        )  # fmt: skip
    apply_chart_style(figure, height=_CELL * len(names) + 74)
    ends = (-0.5, len(names) - 0.5)
    cells = [
        {"x": column, "y": row, "text": text, "showarrow": False}
        for row, line in enumerate(texts)
        for column, text in enumerate(line)
    ]
    fonts = [{"size": 12.5, "color": ink} for ink in inks["light"]]
    figure.update_layout(
        meta={"inks": inks},
        annotations=[c | {"font": font} for c, font in zip(cells, fonts, strict=True)],
    )
    figure.update_xaxes(side="top", tickangle=-45, showgrid=False, ticks="", range=ends)
    figure.update_yaxes(showgrid=False, ticks="", ticksuffix=" ", range=ends[::-1])
    return figure


def in_theme(figure: go.Figure, *, dark: bool) -> go.Figure:
    """Give a confusion matrix the colours of a dark background; other charts stay as they are."""
    if dark and figure.layout.meta:
        figure.update_traces(colorscale=list(SHADES[True]), selector={"type": "heatmap"})
        inks = figure.layout.meta["inks"]["dark"]
        for annotation, ink in zip(figure.layout.annotations, inks, strict=True):
            annotation.font.color = ink
    return figure


def _cells(evaluation: Evaluation, mode: str) -> tuple[list[list[float | None]], list[list[str]]]:
    """Return the values that determine the cells' shades, and the cells' texts.

    A share of an empty row or column is None, with a dash as text.
    """
    matrix = evaluation.confusion
    columns = [sum(column) for column in zip(*matrix, strict=True)]
    shades: list[list[float | None]] = []
    texts: list[list[str]] = []
    for row in matrix:
        totals = {BY_ROW: [sum(row)] * len(row), BY_COLUMN: columns, COUNTS: [1] * len(row)}[mode]
        shares = [n / total if total else None for n, total in zip(row, totals, strict=True)]
        shades.append(shares)
        if mode == COUNTS:
            texts.append([f"{n:,}" for n in row])
        else:
            texts.append(["–" if s is None else f"{s:.0%}" for s in shares])
    return shades, texts


def _ink(level: float, shades: Sequence[str]) -> str:
    """Return the text colour with the higher contrast for a cell at `level` of the shades, 0…1."""
    position = min(level * (len(shades) - 1), len(shades) - 1 - 1e-9)
    low, high = (np.array(ImageColor.getrgb(shades[int(position) + i])) for i in (0, 1))
    background = luminance(low + (high - low) * (position % 1)) + 0.05

    def contrast(ink: str) -> float:
        ratio = _INKS[ink] / background
        return max(ratio, 1 / ratio)

    return max(_INKS, key=contrast)
