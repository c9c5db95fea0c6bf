"""Charts of the shares of expressions, now and over time. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.common.charts import STATIC, after_pandas, answer_marker
from app.live.charts.people_marks import MAX_PEOPLE, NAME_GAP, person_mark, person_name
from fer.drawing.text_tags import ink_on
from fer.export.stream import Shares
from fer.labels import UNCERTAIN_COLOUR, colour_of
from fer.text import chance
from fer.types import UNCERTAIN, Floats

_STRIP_STYLE = "display: flex; height: 28px"

#: Share above which a part of a strip is wide enough for its name, even on a phone.
_MIN_NAMED_SHARE = 0.28


def mix_strip(mix: Floats, labels: Sequence[str], alt: str) -> str:
    """Return one strip divided by probabilities, as HTML.

    It is made anew all the time. A Plotly figure takes twenty times as long on the server, and
    leaves its elements behind in the browser's memory.

    Args:
        mix: ``(k,)`` mean probabilities of the faces in view.
        labels: names of the ``k`` expressions.
        alt: what the strip shows, for those who cannot see it.
    """
    parts = [
        f'<span title="{escape(label)} {chance(share)}" '
        f'style="flex: {share:.4f} 0 0; background: {colour_of(label)}"></span>'
        for label, share in zip(labels, mix.tolist(), strict=True)
    ]
    label = escape(alt)
    return f'<div role="img" aria-label="{label}" style="{_STRIP_STYLE}">{"".join(parts)}</div>'


@after_pandas
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
    parts = (shares.seconds / totals)[order]
    layout = STATIC | {
        "barmode": "stack",
        "bargap": 0.3,
        "height": 40 * max(1, len(order)) + 8,
        "margin": {"l": 0, "r": 0, "t": 2, "b": 2},
        "shapes": [
            person_mark(shares.tracks[i], row - 0.35, row + 0.35) for row, i in enumerate(order)
        ],
        "xaxis": {"visible": False, "fixedrange": True, "range": (0, 1)},
        "yaxis": {
            "fixedrange": True,
            "autorange": "reversed",
            "showgrid": False,
            "tickfont": {"size": 13, "color": ink},
            "ticklabelstandoff": NAME_GAP,
            "automargin": True,
        },
    }
    answers = [*labels, UNCERTAIN]
    figure = go.Figure(
        [_parts(names, parts[:, i], answers[i]) for i in range(len(answers))], layout
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


def _parts(names: Sequence[str], shares: Floats, label: str) -> dict[str, Any]:
    """Return one answer's part of every strip, named where it is wide enough.

    Args:
        names: one per strip.
        shares: ``(strips,)``, 0 to 1.
        label: the answer; "uncertain" is labelled elsewhere.
    """
    wide = shares > (np.inf if label == UNCERTAIN else _MIN_NAMED_SHARE)
    return {
        "type": "bar",
        "x": shares,
        "y": list(names),
        "name": label,
        "orientation": "h",
        "marker": answer_marker(label) | {"line": {"width": 0}},
        "text": [
            f"{label} {share:.0%}" if named else ""
            for share, named in zip(shares.tolist(), wide.tolist(), strict=True)
        ],
        "textposition": "inside",
        "insidetextfont": {"size": 13, "color": ink_on(colour_of(label))},
        "insidetextanchor": "middle",
        "textangle": 0,
        "constraintext": "none",
        "hovertemplate": f"{label} %{{x:.0%}}<extra></extra>",
    }
