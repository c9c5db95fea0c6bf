"""The confusion matrix → a Plotly figure. No streamlit in here."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.dashboard.charts.style import plain
from app.dashboard.text import cell_sentences
from fer.evaluation.metrics import Evaluation

#: What the cells can show: shares of each label, shares of each answer, or counts.
BY_ROW, BY_COLUMN, COUNTS = "row", "column", "counts"

#: Shades from few to many, on light and on dark.
SHADES: dict[bool, tuple[str, ...]] = {
    False: ("#F3F1EC", "#C9CAEC", "#8688D2", "#43459B"),
    True: ("#22242C", "#373A69", "#6D6FC4", "#C6C7F7"),
}

#: Text on bright and on dark cells; of the two, each cell takes the one with more contrast.
_INKS = ("#131318", "#FFFFFF")

_FRAME = "#E69F00"
_CELL = 46


def confusion_chart(
    evaluation: Evaluation,
    mode: str = BY_ROW,
    *,
    chosen: tuple[str, str] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Return the confusion matrix; each cell can be clicked where the surface listens.

    Rows are labels, columns answers. A surface that changes its colours later finds the texts for
    both in ``layout.meta``.

    Args:
        evaluation: whose matrix.
        mode: `BY_ROW`, `BY_COLUMN` or `COUNTS`.
        chosen: truth and answer of the cell to frame.
        dark: whether it stands on a dark background.
    """
    names = [c.label for c in evaluation.classes]
    shares, texts = _cells(evaluation, mode)
    inked = {tone: _inked(shares, texts, tone) for tone in SHADES}
    figure = go.Figure(
        go.Heatmap(
            x=names,
            y=names,
            z=shares,
            text=inked[dark],
            texttemplate="%{text}",
            textfont={"size": 12.5},
            colorscale=list(SHADES[dark]),
            zmin=0,
            zmax=_most(shares),
            showscale=False,
            xgap=2,
            ygap=2,
            hoverinfo="skip",
        )
    )
    figure.add_trace(_targets(evaluation, names))
    if chosen and set(chosen) <= set(names):
        _frame(figure, names.index(chosen[0]), names.index(chosen[1]))
    plain(figure, height=_CELL * len(names) + 74)
    ends = (-0.5, len(names) - 0.5)
    figure.update_layout(meta={"texts": {"light": inked[False], "dark": inked[True]}})
    figure.update_xaxes(side="top", tickangle=-45, showgrid=False, ticks="", range=ends)
    figure.update_yaxes(showgrid=False, ticks="", ticksuffix=" ", range=ends[::-1])
    return figure


def _cells(evaluation: Evaluation, mode: str) -> tuple[list[list[float | None]], list[list[str]]]:
    """Return what shades and what texts the cells have; a share of nothing has neither."""
    matrix = evaluation.confusion
    columns = [sum(column) for column in zip(*matrix, strict=True)]
    shades: list[list[float | None]] = []
    texts: list[list[str]] = []
    for row in matrix:
        wholes = {BY_ROW: [sum(row)] * len(row), BY_COLUMN: columns, COUNTS: [1] * len(row)}[mode]
        shares = [n / whole if whole else None for n, whole in zip(row, wholes, strict=True)]
        shades.append(shares)
        if mode == COUNTS:
            texts.append([f"{n:,}" for n in row])
        else:
            texts.append(["–" if s is None else f"{s:.0%}" for s in shares])
    return shades, texts


def _targets(evaluation: Evaluation, names: Sequence[str]) -> go.Scatter:
    """Return invisible points over the cells: Plotly selects points, not cells of a heat map."""
    cells = [(truth, answer) for truth in names for answer in names]
    unseen = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=[answer for _, answer in cells],
        y=[truth for truth, _ in cells],
        customdata=cells,
        mode="markers",
        marker={"size": _CELL - 8, "symbol": "square", "opacity": 0},
        selected=unseen,
        unselected=unseen,
        text=["<br>".join(cell_sentences(evaluation, *cell)) for cell in cells],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _frame(figure: go.Figure, row: int, column: int) -> None:
    figure.add_shape(
        type="rect",
        x0=column - 0.49,
        x1=column + 0.49,
        y0=row - 0.49,
        y1=row + 0.49,
        line={"color": _FRAME, "width": 3},
    )


def _inked(shares: list[list[float | None]], texts: list[list[str]], dark: bool) -> list[list[str]]:
    """Colour each text for its cell; Plotly's own choice is too pale on middling shades."""
    most = _most(shares)
    return [
        [
            f'<span style="color:{_ink((share or 0) / most, SHADES[dark])}">{text}</span>'
            for share, text in zip(row, line, strict=True)
        ]
        for row, line in zip(shares, texts, strict=True)
    ]


def _most(shares: list[list[float | None]]) -> float:
    return max((s for row in shares for s in row if s), default=1.0)


def _ink(level: float, shades: Sequence[str]) -> str:
    """Return the ink for a cell at `level`, 0 to 1, of the shades."""
    place = min(level * (len(shades) - 1), len(shades) - 1 - 1e-9)
    low, high = shades[int(place)], shades[int(place) + 1]
    colour = [a + (b - a) * (place % 1) for a, b in zip(_rgb(low), _rgb(high), strict=True)]
    ground = _luminance(colour)
    return max(_INKS, key=lambda ink: _contrast(ground, _luminance(_rgb(ink))))


def _contrast(first: float, second: float) -> float:
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def _luminance(colour: Sequence[float]) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
