"""Live results → Plotly figures. No streamlit in here; the texts are in `app.live.text`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.common.charts import filling
from app.live.text import clock
from app.live.timeline import PersonLine, Shares, Timeline
from fer.drawing.text_tags import ink_on
from fer.labels import UNCERTAIN_COLOUR, colour_of, person_colour
from fer.text import chance
from fer.types import UNCERTAIN, Floats

#: Pixels: of one person's row, of the axis below, and of a strip.
_ROW_HEIGHT = 58
_AXIS_HEIGHT = 34
_STRIP_HEIGHT = 30

#: Share of a row that the surest bar fills.
_FULL = 0.86

#: Rows that fit a page; who was seen longest has one.
MAX_PEOPLE = 8

#: Share of a strip from which a name fits into it on a phone.
_NAMED = 0.28

#: Behind the bars: where a person's row runs, seen or not. It shows on both themes.
_GROUND = "rgba(128, 128, 136, 0.13)"

#: Pixels left of a person's row where their colour runs, and the line around it: half of the
#: colours are nearly black, half nearly white, and it shows on both themes.
_MARK = (-9, -3)
_MARK_LINE = {"color": "#85858D", "width": 1}

#: Pixels between a person's name and their row, with room for their colour.
_NAME_GAP = 16

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
        + [_mark(p.track, row + 1 - _FULL, row + 1) for row, p in enumerate(people)],
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
        ticktext=[_name(person.track) for person in people],
        tickfont={"size": 13, "color": ink},
        ticklabelstandoff=_NAME_GAP,
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


def _mark(track: int, top: float, bottom: float) -> dict[str, object]:
    """Return a person's colour, beside their row from `top` to `bottom`."""
    return {
        "type": "rect",
        "xref": "paper",
        "xsizemode": "pixel",
        "xanchor": 0,
        "x0": _MARK[0],
        "x1": _MARK[1],
        "y0": top,
        "y1": bottom,
        "fillcolor": person_colour(track),
        "line": _MARK_LINE,
    }


def _name(track: int) -> str:
    return f"Person {track}"


def _ticks(start: float, end: float) -> list[float]:
    span = end - start
    step = next((s for s in _STEPS if span / s <= _MAX_TICKS), _STEPS[-1])
    return [float(t) for t in np.arange(np.ceil(start / step) * step, end + 1e-9, step)]


def mix_strip(mix: Floats, labels: Sequence[str]) -> go.Figure:
    """Return one strip divided by the probabilities of what is in view, ``(k,)``."""
    return _strips([""], mix[None], labels, height=_STRIP_HEIGHT, named=False)


def shares_figure(shares: Shares, labels: Sequence[str], ink: str | None = None) -> go.Figure:
    """Return a strip per person, divided by how long each answer was given."""
    order = np.argsort(-shares.seconds.sum(axis=1), kind="stable")[:MAX_PEOPLE]
    order = np.sort(order)
    totals = np.maximum(shares.seconds.sum(axis=1, keepdims=True), 1e-9)
    names = [_name(shares.tracks[i]) for i in order]
    height = 40 * max(1, len(order)) + 8
    parts = (shares.seconds / totals)[order]
    figure = _strips(names, parts, [*labels, UNCERTAIN], height=height, named=True)
    marks = [_mark(shares.tracks[i], row - 0.35, row + 0.35) for row, i in enumerate(order)]
    figure.update_layout(bargap=0.3, shapes=marks)
    figure.update_yaxes(
        visible=True,
        tickfont={"size": 13, "color": ink},
        ticklabelstandoff=_NAME_GAP,
        automargin=True,
    )
    for name, share in zip(names, parts[:, -1].tolist(), strict=True):
        _name_uncertain(figure, name, share)
    return figure


def _name_uncertain(figure: go.Figure, row: str, share: float) -> None:
    """Write the name on the last part of a strip: on a plate, as hatching hides letters."""
    if share > _NAMED:
        figure.add_annotation(
            x=1 - share / 2,
            y=row,
            text=f"{UNCERTAIN} {share:.0%}",
            font={"size": 13, "color": ink_on(UNCERTAIN_COLOUR)},
            bgcolor=UNCERTAIN_COLOUR,
            borderpad=2,
            showarrow=False,
        )


def _strips(
    names: Sequence[str],
    parts: np.ndarray,
    labels: Sequence[str],
    *,
    height: int,
    named: bool,
) -> go.Figure:
    """Return horizontal strips; `parts` is ``(strips, k)``, rows sum to 1 or are 0.

    Parts that are long enough, and have a colour, have their name in them if `named`.
    """
    bars = [
        go.Bar(
            x=parts[:, i],
            y=list(names),
            name=label,
            orientation="h",
            marker=filling(label),
            marker_line_width=0,
            text=[
                f"{label} {share:.0%}" if named and label != UNCERTAIN and share > _NAMED else ""
                for share in parts[:, i]
            ],
            textposition="inside",
            insidetextfont={"size": 13, "color": ink_on(colour_of(label))},
            insidetextanchor="middle",
            textangle=0,
            constraintext="none",
            customdata=[chance(share) for share in parts[:, i]] if not named else None,
            hovertemplate=f"{label} %{{{'x:.0%' if named else 'customdata'}}}<extra></extra>",
        )
        for i, label in enumerate(labels)
    ]
    figure = go.Figure(bars)
    figure.update_layout(
        barmode="stack",
        bargap=0,
        height=height,
        margin={"l": 0, "r": 0, "t": 2, "b": 2},
        showlegend=False,
        dragmode=False,
    )
    figure.update_xaxes(visible=False, fixedrange=True, range=(0, 1))
    figure.update_yaxes(
        visible=False, fixedrange=True, autorange="reversed", showgrid=False, title=None
    )
    return figure
