"""A timeline → a Plotly figure. No streamlit in here; its text is in `app.live.text`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.live.people_marks import MAX_PEOPLE, NAME_GAP, person_mark, person_name
from app.live.text import clock
from app.live.timeline import PersonLine, Timeline
from fer.labels import colour_of
from fer.text import chance

#: Pixels: of one person's row, and of the axis below.
_ROW_HEIGHT = 58
_AXIS_HEIGHT = 34

#: Share of a row that the surest bar fills.
_FULL = 0.86

#: Behind the bars: where a person's row runs, seen or not. It shows on both themes.
_GROUND = "rgba(128, 128, 136, 0.13)"

#: Steps of the axis in seconds, and how many labels fit a phone.
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MAX_TICKS = 7


def timeline_figure(line: Timeline, labels: Sequence[str], ink: str | None = None) -> go.Figure:
    """Return a row per person: bars coloured by expression, as high as the confidence.

    Args:
        line: what was seen.
        labels: names of the expressions.
        ink: colour of the text; Streamlit's own if None.
    """
    people = longest(line.people)
    figure = go.Figure([_bars(people, i, labels, line.width) for i in _shown(people)])
    figure.update_layout(
        barmode="overlay",
        bargap=0,
        height=_ROW_HEIGHT * max(1, len(people)) + _AXIS_HEIGHT,
        margin={"l": 0, "r": 8, "t": 2, "b": 0},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        shapes=[_ground(row, line) for row in range(len(people))]
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
    """Return the `MAX_PEOPLE` who were seen longest, by number."""
    by_time = sorted(people, key=lambda person: -len(person.seconds))
    return sorted(by_time[:MAX_PEOPLE], key=lambda person: person.track)


def _shown(people: Sequence[PersonLine]) -> list[int]:
    return sorted({int(i) for person in people for i in np.unique(person.expression)})


def _bars(people: Sequence[PersonLine], label: int, labels: Sequence[str], width: float) -> go.Bar:
    """Return all bars of one expression, those of every person."""
    x: list[float] = []
    height: list[float] = []
    base: list[float] = []
    hatched: list[str] = []
    about: list[list[str]] = []
    for row, person in enumerate(people):
        mine = person.expression == label
        for seconds, confidence, uncertain in zip(
            person.seconds[mine], person.confidence[mine], person.uncertain[mine], strict=True
        ):
            x.append(round(float(seconds), 2))
            height.append(-round(_FULL * float(confidence), 3))
            base.append(row + 1)
            hatched.append("/" if uncertain else "")
            share = f"{chance(confidence)}{', uncertain' if uncertain else ''}"
            about.append([f"Person {person.track}", clock(seconds), share])
    return go.Bar(
        x=x,
        y=height,
        base=base,
        width=width,
        name=labels[label],
        customdata=about,
        marker={
            "color": colour_of(labels[label]),
            "pattern": {"shape": hatched, "fillmode": "replace", "size": 6, "solidity": 0.3},
            "line": {"width": 0},
        },
        hovertemplate="%{customdata[0]}, %{customdata[1]}<br>"
        f"<b>{labels[label]}</b> %{{customdata[2]}}<extra></extra>",
    )


def _ground(row: int, line: Timeline) -> dict[str, object]:
    return {
        "type": "rect",
        "layer": "below",
        "x0": line.start,
        "x1": line.end,
        "y0": row + 1,
        "y1": row + 1 - _FULL,
        "fillcolor": _GROUND,
        "line": {"width": 0},
    }


def _ticks(start: float, end: float) -> list[float]:
    span = end - start
    step = next((s for s in _STEPS if span / s <= _MAX_TICKS), _STEPS[-1])
    return [float(t) for t in np.arange(np.ceil(start / step) * step, end + 1e-9, step)]
