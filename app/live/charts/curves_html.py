"""The probabilities of one person in a running stream, as HTML. Does not use Streamlit.

It shows what `app.live.charts.curves.curves_figure` shows, without what appears under a mouse, and
for the same reason as `app.live.charts.timeline_html`: it is made anew all the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from app.live.charts.curves import Curves, occurring
from app.live.charts.html_axis import TimeAxis
from fer.labels import colour_of

#: Height in pixels of the picture, and its size in its own units, which is stretched to the page's.
_HEIGHT = 156
_WIDE, _HIGH = 1000, 100

_GRID = "#85858D44"

_STYLE = f"""<style>
.fer-curves {{
  display: grid; grid-template-columns: 44px 1fr; row-gap: 4px; padding: 8px 8px 0 0;
  font-size: 12px;
}}
.fer-curves img {{ width: 100%; height: {_HEIGHT}px; }}
.fer-curves div {{ position: relative; }}
.fer-curves div span {{ position: absolute; white-space: nowrap; }}
.fer-curves .words {{ height: 18px; }}
</style>"""


def curves_html(curve: Curves, start: float, end: float, alt: str) -> str:
    """Return a chart with a line per expression, in its colour. Gaps are not joined.

    Args:
        curve: a person's probabilities.
        start: first second of the axis.
        end: last second of the axis.
        alt: what it shows, for those who cannot see it.
    """
    axis = TimeAxis(start, end)
    picture = f"data:image/svg+xml,{quote(_svg(curve, axis), safe=_SAFE)}"
    shares = "".join(
        f'<span style="right:8px;top:{_HEIGHT * (1 - share):.0f}px;transform:translateY(-50%)">'
        f"{share:.0%}</span>"
        for share in (0, 0.5, 1)
    )
    return (
        f'{_STYLE}<div class="fer-curves" role="img" aria-label="{escape(alt)}">'
        f'<div>{shares}</div><img alt="" src="{picture}">'
        f'<span></span><div class="words">{axis.times()}</div></div>'
    )


#: What need not be written as %XX in an attribute's address.
_SAFE = " /:=-.,;()"


def _svg(curve: Curves, axis: TimeAxis) -> str:
    grid = "".join(
        f"<path d='M0 {y}H{_WIDE}' stroke='{_GRID}' stroke-width='1' {_AS_ON_THE_PAGE}/>"
        for y in (0.5, _HIGH / 2, _HIGH - 0.5)
    )
    x = 10 * (100 * (curve.seconds - axis.start) / (axis.end - axis.start))
    lines = "".join(
        f"<path d='{''.join(_path(x, curve.probabilities[:, i]))}' fill='none' "
        f"stroke='{colour_of(curve.labels[i])}' stroke-width='2' stroke-linecap='round' "
        f"{_AS_ON_THE_PAGE}/>"
        for i in occurring(curve)
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDE} {_HIGH}' "
        f"preserveAspectRatio='none'>{grid}{lines}</svg>"
    )


#: A line keeps its width where the picture is stretched.
_AS_ON_THE_PAGE = "vector-effect='non-scaling-stroke'"


def _path(x: NDArray[np.float64], shares: NDArray[np.float64]) -> Iterator[str]:
    """Yield the steps of a line, which begins anew after a gap. A point alone is a dot."""
    y = 1 + (_HIGH - 2) * (1 - shares)
    joined = False
    for at, height, known in zip(x.tolist(), y.tolist(), (~np.isnan(shares)).tolist(), strict=True):
        if known:
            place = f"{at:.1f} {height:.1f}"
            yield f"L{place}" if joined else f"M{place}h0"
        joined = known
