"""The Plotly figure of a timeline. Does not use Streamlit; its alt text is in `app.live.text`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.live.people_marks import MAX_PEOPLE, NAME_GAP, person_mark, person_name
from app.live.text import clock
from app.live.timeline import PersonLine, Timeline
from fer.labels import colour_of
from fer.text import chance

#: Height in pixels of one person's row, and of the axis below.
_ROW_HEIGHT = 58
_AXIS_HEIGHT = 34

#: Height of a bar of confidence 1, as a share of its row.
_FULL = 0.86

#: Background of a person's whole row; visible on both themes.
_ROW_BACKGROUND = "rgba(128, 128, 136, 0.13)"

#: Possible distances of ticks in seconds, and the number of tick labels that fit on a phone.
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MAX_TICKS = 7


def timeline_figure(line: Timeline, labels: Sequence[str], ink: str | None = None) -> go.Figure:
    """Return a chart with a row per person, with bars as high as the confidence.

    The colour of a bar is that of its expression.

    Args:
        line: the aggregated session.
        labels: names of the expressions.
        ink: colour of the text; Streamlit's default if None.
    """
    people = longest(line.people)
    figure = go.Figure([_bars(people, i, labels, line.width) for i in _occurring(people)])
    figure.update_layout(
        barmode="overlay",
        bargap=0,
        height=_ROW_HEIGHT * max(1, len(people)) + _AXIS_HEIGHT,
        margin={"l": 0, "r": 8, "t": 2, "b": 0},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        shapes=[_row_background(row, line) for row in range(len(people))]
        + [person_mark(p.track, row + 1 - _FULL, row + 1) for row, p in enumerate(people)],
    )
    ticks = _ticks(line.start, line.end)
    figure.update_xaxes(
        range=(line.start, line.end),
        tickvals=ticks,
        ticktext=[clock(t) for t in ticks],
        tickfont={"size": 12, "color": ink},
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        title=None,
    )
    figure.update_yaxes(
        range=(max(1, len(people)), 0),
        tickvals=[row + 0.55 for row in range(len(people))],
        ticktext=[person_name(person.track) for person in people],
        tickfont={"size": 13, "color": ink},
        ticklabelstandoff=NAME_GAP,
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        automargin=True,
        title=None,
    )
    return figure


def longest(people: Sequence[PersonLine]) -> list[PersonLine]:
    """Return the `MAX_PEOPLE` who were seen longest, sorted by their number."""
    by_time = sorted(people, key=lambda person: -len(person.seconds))
    return sorted(by_time[:MAX_PEOPLE], key=lambda person: person.track)


def _occurring(people: Sequence[PersonLine]) -> list[int]:
    """Return the indices of all labels that occur."""
    return sorted({int(i) for person in people for i in np.unique(person.expression)})


def _bars(people: Sequence[PersonLine], label: int, labels: Sequence[str], width: float) -> go.Bar:
    """Return the bars of one expression for all people."""
    x: list[float] = []
    height: list[float] = []
    base: list[float] = []
    patterns: list[str] = []
    hover_texts: list[list[str]] = []
    for row, person in enumerate(people):
        chosen = person.expression == label
        for seconds, confidence, uncertain in zip(
            person.seconds[chosen], person.confidence[chosen], person.uncertain[chosen], strict=True
        ):
            x.append(round(float(seconds), 2))
            height.append(-round(_FULL * float(confidence), 3))
            base.append(row + 1)
            patterns.append("/" if uncertain else "")
            share = f"{chance(confidence)}{', uncertain' if uncertain else ''}"
            hover_texts.append([f"Person {person.track}", clock(seconds), share])
    return go.Bar(
        x=x,
        y=height,
        base=base,
        width=width,
        name=labels[label],
        customdata=hover_texts,
        marker={
            "color": colour_of(labels[label]),
            "pattern": {"shape": patterns, "fillmode": "replace", "size": 6, "solidity": 0.3},
            "line": {"width": 0},
        },
        hovertemplate="%{customdata[0]}, %{customdata[1]}<br>"
        f"<b>{labels[label]}</b> %{{customdata[2]}}<extra></extra>",
    )


def _row_background(row: int, line: Timeline) -> dict[str, object]:
    return {
        "type": "rect",
        "layer": "below",
        "x0": line.start,
        "x1": line.end,
        "y0": row + 1,
        "y1": row + 1 - _FULL,
        "fillcolor": _ROW_BACKGROUND,
        "line": {"width": 0},
    }


def _ticks(start: float, end: float) -> list[float]:
    span = end - start
    step = next((s for s in _STEPS if span / s <= _MAX_TICKS), _STEPS[-1])
    return [float(t) for t in np.arange(np.ceil(start / step) * step, end + 1e-9, step)]
