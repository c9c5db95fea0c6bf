"""Plotly figures of results. Does not use Streamlit; alt texts are in `app.core.text`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec

import plotly.graph_objects as go

from fer.labels import colour_of
from fer.text import chance
from fer.types import Floats

#: For `st.plotly_chart`: static charts, without the toolbar that does not fit on a phone.
CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}

#: Layout of a small chart of bars that is looked at, not handled. A figure that gets its layout at
#: once is made several times as fast as one that is updated, which counts where there is one for
#: every face.
_SMALL: dict[str, Any] = {
    "showlegend": False,
    "dragmode": False,
    "margin": {"l": 0, "r": 0, "t": 4, "b": 4},
}
_NO_AXIS: dict[str, Any] = {"visible": False, "fixedrange": True}
_ROWS: dict[str, Any] = {"fixedrange": True, "showgrid": False, "zeroline": False, "ticks": ""}

#: Height in pixels of one bar.
_BAR_HEIGHT = 23

#: Range of the probability axis; beyond 1 there is space for the percentage of a full bar.
_RANGE = (0, 1.18)

_P = ParamSpec("_P")


def after_pandas(make: Callable[_P, go.Figure]) -> Callable[_P, go.Figure]:
    """Import pandas before a figure is made; the first page, which has none, does without.

    Plotly asks what it is given for pandas' types as soon as anybody has begun to import pandas.
    While another visitor's thread is still at it, which takes a second, a figure would fail.
    """

    @wraps(make)
    def made(*args: _P.args, **kwargs: _P.kwargs) -> go.Figure:
        import pandas  # noqa: F401

        return make(*args, **kwargs)

    return made


@after_pandas
def probability_bars(
    probabilities: Floats, labels: Sequence[str], ink: str | None = None
) -> go.Figure:
    """Return one bar per expression, always in the order of `labels` so that faces are comparable.

    `probabilities` are ``(k,)``; `ink` is the colour of the text, Streamlit's default if None.
    """
    shares = [float(p) for p in probabilities]
    bars = go.Bar(
        x=shares,
        y=list(labels),
        orientation="h",
        marker={"color": [colour_of(label) for label in labels], "cornerradius": 3},
        text=[chance(p) for p in shares],
        textposition="outside",
        textfont={"size": 13, "color": ink},
        constraintext="none",
        cliponaxis=False,
        hovertemplate="%{y} %{text}<extra></extra>",
    )
    layout = {
        "height": _BAR_HEIGHT * len(labels) + 8,
        "bargap": 0.42,
        "xaxis": _NO_AXIS | {"range": _RANGE},
        "yaxis": _ROWS
        | {
            "autorange": "reversed",
            "ticksuffix": "  ",
            "automargin": True,
            "tickfont": {"size": 13, "color": ink},
        },
    }
    return go.Figure(bars, _SMALL | layout)
