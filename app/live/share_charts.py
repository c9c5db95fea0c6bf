"""Plotly figures of the shares of expressions, now and over time. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.common.charts import answer_marker
from app.live.people_marks import MAX_PEOPLE, NAME_GAP, person_mark, person_name
from fer.drawing.text_tags import ink_on
from fer.export.stream_times import Shares
from fer.labels import UNCERTAIN_COLOUR, colour_of
from fer.text import chance
from fer.types import UNCERTAIN, Floats

_STRIP_HEIGHT = 30

#: Share above which a part of a strip is wide enough for its name, even on a phone.
_MIN_NAMED_SHARE = 0.28


def mix_strip(mix: Floats, labels: Sequence[str]) -> go.Figure:
    """Return one strip divided by probabilities.

    Args:
        mix: ``(k,)`` mean probabilities of the faces in view.
        labels: names of the ``k`` expressions.
    """
    return _strips([""], mix[None], labels, height=_STRIP_HEIGHT, named=False)


def shares_figure(shares: Shares, labels: Sequence[str], ink: str | None = None) -> go.Figure:
    """Return a strip per person, divided by the time of each answer.

    Only the `MAX_PEOPLE` who were seen longest are shown.

    Args:
        shares: seconds per person and answer.
        labels: names of the expressions.
        ink: colour of the text; Streamlit's default if None.
    """
    order = np.argsort(-shares.seconds.sum(axis=1), kind="stable")[:MAX_PEOPLE]
    order = np.sort(order)
    totals = np.maximum(shares.seconds.sum(axis=1, keepdims=True), 1e-9)
    names = [person_name(shares.tracks[i]) for i in order]
    height = 40 * max(1, len(order)) + 8
    parts = (shares.seconds / totals)[order]
    figure = _strips(names, parts, [*labels, UNCERTAIN], height=height, named=True)
    marks = [person_mark(shares.tracks[i], row - 0.35, row + 0.35) for row, i in enumerate(order)]
    figure.update_layout(bargap=0.3, shapes=marks)
    figure.update_yaxes(
        visible=True,
        tickfont={"size": 13, "color": ink},
        ticklabelstandoff=NAME_GAP,
        automargin=True,
    )
    for name, share in zip(names, parts[:, -1].tolist(), strict=True):
        _label_uncertain(figure, name, share)
    return figure


def _label_uncertain(figure: go.Figure, row: str, share: float) -> None:
    """Label the "uncertain" part of a strip, on a solid background because hatching hides text."""
    if share > _MIN_NAMED_SHARE:
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
    """Return horizontal strips divided into parts.

    Args:
        names: one per strip.
        parts: ``(strips, k)``; each row sums to 1, or is all 0.
        labels: names of the ``k`` parts.
        height: height of the figure in pixels.
        named: whether to write names into the parts that are wide enough, except "uncertain".
    """
    bars = [
        go.Bar(
            x=parts[:, i],
            y=list(names),
            name=label,
            orientation="h",
            marker=answer_marker(label),
            marker_line_width=0,
            text=[
                f"{label} {share:.0%}"
                if named and label != UNCERTAIN and share > _MIN_NAMED_SHARE
                else ""
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
