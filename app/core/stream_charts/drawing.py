"""The charts of a stream or recording, as HTML. Does not use Streamlit.

Those of a running stream are made anew all the time. A Plotly figure takes twenty times as long on
the server, and Streamlit makes a new one in the browser with each update, of a thousand elements
that leave the memory late; here a bar is one element, and a chart of lines a picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from app.core.stream_charts.timeline import MAX_PEOPLE, Curves, PersonLine, Timeline, person_name
from fer.drawing.annotate import ink_on
from fer.export.stream import Shares, Span
from fer.labels import UNCERTAIN_COLOUR, colour_of, person_colour
from fer.text import chance, clock
from fer.types import UNCERTAIN

#: In the legend and in what a chart says: where nothing was analysed, and the camera was off.
NO_DATA, CAMERA_OFF = "no data", "camera off"

#: Possible distances of ticks in seconds, and the number of tick labels that fit on a phone.
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800)
_MAX_TICKS = 7

#: Share above which a part of a strip is wide enough for its name, even on a phone.
_MIN_NAMED_SHARE = 0.28

#: Pixels: height of a person's bars in a timeline, of a strip, and of the picture of the lines.
_ROW, _STRIP, _LINES = 50, 28, 156

#: Size of that picture in its own units, which is stretched to the page's.
_WIDE, _HIGH = 1000, 100

#: Visible on both themes: lines, grid, and the background of a person's whole row.
_GREY = "#85858D"
_GRID, _ROW_BACKGROUND = f"{_GREY}44", "rgba(128, 128, 136, 0.13)"

#: What stands in `data-tip` appears above what the pointer is on, or what was tapped.
_TIP_STYLE = """
[class^=fer-] [data-tip]:hover::after {
  content: attr(data-tip); position: absolute; z-index: 2; bottom: 100%; left: 0; padding: 3px 8px;
  white-space: pre; pointer-events: none; border-radius: 4px; background: #262730; color: white;
  font-size: 12px; font-style: normal; line-height: 1.4;
}
[class^=fer-] [data-tip].late:hover::after { left: auto; right: 0; }
"""

_ROWS_STYLE = f"""
.fer-rows {{
  display: grid; grid-template-columns: max-content 1fr; align-items: center; position: relative;
  gap: 8px; font-size: 13px; padding-right: 8px;
}}
.fer-rows u {{
  display: inline-block; width: 6px; height: {_ROW}px; margin-left: 8px;
  vertical-align: middle; border: 1px solid {_GREY};
}}
.fer-shares {{ row-gap: 12px; padding-right: 0; }}
.fer-shares u {{ height: {_STRIP}px; }}
.fer-timeline div {{ position: relative; height: {_ROW}px; }}
.fer-timeline div * {{ position: absolute; bottom: 0; height: 100%; }}
.fer-timeline .area {{
  position: absolute; inset: 0; grid-column: 2; pointer-events: none;
}}
.fer-timeline .known {{ background: {_ROW_BACKGROUND}; }}
.fer-timeline .no-data {{
  background:
    repeating-linear-gradient(45deg, {_GREY}99 0 1px, transparent 1px 6px),
    repeating-linear-gradient(-45deg, {_GREY}99 0 1px, transparent 1px 6px);
}}
.fer-timeline .camera-off {{
  background: repeating-linear-gradient(0deg, {_GREY} 0 1.5px, transparent 1.5px 7px);
}}
.fer-timeline .change {{ border-left: 1.5px dotted {_GREY}; }}
.fer-timeline .cut {{ border-left: 1.5px dashed {_GREY}; }}
.fer-timeline .words {{ height: 18px; font-size: 12px; }}
.fer-timeline .words * {{ white-space: nowrap; }}
"""

_CURVES_STYLE = f"""
.fer-curves {{
  display: grid; grid-template-columns: 44px 1fr; row-gap: 4px; padding: 8px 8px 0 0;
  font-size: 12px;
}}
.fer-curves img {{ width: 100%; height: {_LINES}px; display: block; }}
.fer-curves div {{ position: relative; }}
.fer-curves div span {{ position: absolute; white-space: nowrap; }}
.fer-curves i {{ position: absolute; top: 0; height: 100%; }}
.fer-curves i:hover {{ border-left: 1px solid {_GREY}; }}
.fer-curves .words {{ height: 18px; }}
"""


@dataclass(frozen=True)
class TimeAxis:
    """Time from left to right, from a first second to a later one."""

    start: float
    end: float

    def percent(self, seconds: float) -> float:
        """Return the place of a moment, in percent of the whole."""
        return 100 * (seconds - self.start) / (self.end - self.start)

    def left(self, seconds: float) -> str:
        """Return the style of what stands at a moment."""
        return f"left:{self.percent(seconds):.2f}%"

    def span(self, first: float, last: float) -> str:
        """Return the style of what covers a time, or as much of it as there is."""
        first, last = max(first, self.start), min(last, self.end)
        width = self.percent(last) - self.percent(first)
        return f"{self.left(first)};width:{width:.2f}%"

    def late(self, seconds: float) -> bool:
        """Return whether the words about a moment have their room to the left of it."""
        return seconds > (self.start + self.end) / 2

    def times(self) -> str:
        """Return a line of round times, each in the middle below its moment."""
        length = self.end - self.start
        step = next((s for s in _STEPS if length / s <= _MAX_TICKS), _STEPS[-1])
        times = np.arange(np.ceil(self.start / step) * step, self.end + 1e-9, step).tolist()
        return "".join(
            f'<span style="{self.left(at)};transform:translateX(-50%)">{clock(at)}</span>'
            for at in times
        )


def timeline_html(
    line: Timeline, labels: Sequence[str], alt: str, cuts: Sequence[float] = ()
) -> str:
    """Return a chart with a row per person, with bars as high as the confidence.

    The colour of a bar is that of its expression. Where nothing was analysed, crosses take the
    place of a row's grey background, and where the camera was off, lines across. A dotted vertical
    line marks a change of the head, a dashed one a cut, given in seconds. What is of class ``area``
    covers all rows. `alt` says what it shows, for those who cannot see it.
    """
    axis, people = TimeAxis(line.start, line.end), line.longest
    around = _around(line, cuts, axis)
    parts = [f'<span></span><div class="words">{_names(line, axis)}</div>'] * bool(line.changes)
    first = len(parts) + 1
    for person in people:
        bars = "".join(_bars(person, labels, line.width, axis))
        parts.append(f"{_person(person.track)}<div>{around}{bars}</div>")
    parts.append(f'<b class="area" style="grid-row:{first}/{first + len(people)}"></b>')
    parts.append(f'<span></span><div class="words">{axis.times()}</div>')
    return _chart("fer-rows fer-timeline", _ROWS_STYLE + _TIP_STYLE, alt, "".join(parts))


def _chart(kind: str, style: str, alt: str, content: str) -> str:
    start = f'<div class="{kind}" role="img" aria-label="{escape(alt)}">'
    return f"<style>{style}</style>{start}{content}</div>"


def _person(track: int) -> str:
    mark = f'<u style="background:{person_colour(track)}"></u>'
    return f"<span>{person_name(track)}{mark}</span>"


def _bars(person: PersonLine, labels: Sequence[str], width: float, axis: TimeAxis) -> Iterator[str]:
    name = person_name(person.track)
    figures = (person.seconds, person.expression, person.confidence, person.uncertain)
    for seconds, expression, confidence, uncertain in zip(
        *(of_bars.tolist() for of_bars in figures), strict=True
    ):
        label = labels[expression]
        about = f"{name}, {clock(seconds)}: {label} {chance(confidence)}"
        span = axis.span(seconds - width / 2, seconds + width / 2)
        yield (
            f'<i class="bar{" late" * axis.late(seconds)}" '
            f'data-tip="{escape(about)}{", uncertain" * uncertain}" '
            f'style="{span};height:{100 * confidence:.0f}%;background:'
            f'{_filling(colour_of(label), uncertain)}"></i>'
        )


def _filling(colour: str, uncertain: bool) -> str:
    if not uncertain:
        return colour
    return f"repeating-linear-gradient(135deg,{colour} 0 1.8px,transparent 1.8px 5px)"


def _around(line: Timeline, cuts: Sequence[float], axis: TimeAxis) -> str:
    """Return what is the same in each row."""

    def parts(kind: str, what: str, spans: Sequence[Span]) -> Iterator[str]:
        for first, last in spans:
            tip = f' data-tip="{what}, {clock(first)} to {clock(last)}"' if what else ""
            late = " late" * bool(what and axis.late(first))
            yield f'<i class="{kind}{late}"{tip} style="{axis.span(first, last)}"></i>'

    lines = [("change", change.seconds) for change in line.changes] + [("cut", at) for at in cuts]
    known, gaps = parts("known", "", line.known), parts("no-data", NO_DATA, line.gaps)
    off = parts("camera-off", CAMERA_OFF, line.camera_off)
    marks = (f'<i class="{kind}" style="{axis.left(at)}"></i>' for kind, at in lines)
    return "".join([*known, *gaps, *off, *marks])


def _names(line: Timeline, axis: TimeAxis) -> str:
    return "".join(
        f'<span style="{axis.left(change.seconds)}'
        f'{";transform:translateX(-100%)" * axis.late(change.seconds)}">'
        f"{escape(change.name)}</span>"
        for change in line.changes
    )


def curves_html(curve: Curves, start: float, end: float, alt: str, *, tips: bool = False) -> str:
    """Return a chart with a line per expression, in its colour. Gaps are not joined.

    `tips` says whether the figures of a time appear where the pointer is.
    """
    axis = TimeAxis(start, end)
    # What need not be written as %XX in an attribute's address is safe.
    picture = f"data:image/svg+xml,{quote(_svg(curve, axis), safe=' /:=-.,;()')}"
    shares = "".join(
        f'<span style="right:8px;top:{_LINES * (1 - share):.0f}px;transform:translateY(-50%)">'
        f"{share:.0%}</span>"
        for share in (0, 0.5, 1)
    )
    figures = "".join(_figures(curve, axis)) if tips else ""
    content = (
        f'<div>{shares}</div><div><img alt="" src="{picture}">{figures}</div>'
        f'<span></span><div class="words">{axis.times()}</div>'
    )
    return _chart("fer-curves", _CURVES_STYLE + _TIP_STYLE, alt, content)


#: A line keeps its width where the picture is stretched.
_AS_ON_THE_PAGE = "vector-effect='non-scaling-stroke'"


def _svg(curve: Curves, axis: TimeAxis) -> str:
    grid = "".join(
        f"<path d='M0 {y}H{_WIDE}' stroke='{_GRID}' stroke-width='1' {_AS_ON_THE_PAGE}/>"
        for y in (0.5, _HIGH / 2, _HIGH - 0.5)
    )
    x = _WIDE * (curve.seconds - axis.start) / (axis.end - axis.start)
    lines = "".join(
        f"<path d='{''.join(_path(x, curve.probabilities[:, i]))}' fill='none' "
        f"stroke='{colour_of(curve.labels[i])}' stroke-width='2' stroke-linecap='round' "
        f"{_AS_ON_THE_PAGE}/>"
        for i in curve.occurring
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDE} {_HIGH}' "
        f"preserveAspectRatio='none'>{grid}{lines}</svg>"
    )


def _path(x: NDArray[np.float64], shares: NDArray[np.float64]) -> Iterator[str]:
    """Yield the steps of a line, which begins anew after a gap. A point alone is a dot."""
    y = 1 + (_HIGH - 2) * (1 - shares)
    joined = False
    for at, height, known in zip(x.tolist(), y.tolist(), (~np.isnan(shares)).tolist(), strict=True):
        if known:
            place = f"{at:.1f} {height:.1f}"
            yield f"L{place}" if joined else f"M{place}h0"
        joined = known


def _figures(curve: Curves, axis: TimeAxis) -> Iterator[str]:
    """Yield a strip around each point, up to the middle between two, that says its figures."""
    between = (curve.seconds[1:] + curve.seconds[:-1]) / 2
    edges = [axis.start, *between.tolist(), axis.end][: len(curve.seconds) + 1]
    for i, (seconds, shares) in enumerate(
        zip(curve.seconds.tolist(), curve.probabilities.tolist(), strict=True)
    ):
        known = [(curve.labels[k], share) for k, share in enumerate(shares) if share == share]
        tip = "\n".join([clock(seconds), *(f"{label} {share:.0%}" for label, share in known)])
        late = ' class="late"' * axis.late(seconds)
        if known:
            span = axis.span(edges[i], edges[i + 1])
            yield f'<i{late} data-tip="{escape(tip)}" style="{span}"></i>'


def strip_html(shares: Mapping[str, float], tips: Iterable[str], alt: str) -> str:
    """Return one strip divided by the shares of answers, each with what is told of it."""
    parts = "".join(map(_part, shares, shares.values(), tips))
    return f'<div role="img" aria-label="{escape(alt)}" style="{_STRIP_STYLE}">{parts}</div>'


def shares_html(shares: Shares, labels: Sequence[str], alt: str) -> str:
    """Return a strip per person, divided by the time of each answer, named where it is wide enough.

    Only the `MAX_PEOPLE` who were seen longest are shown.
    """
    order = np.sort(np.argsort(-shares.seconds.sum(axis=1), kind="stable")[:MAX_PEOPLE])
    answers, rows = [*labels, UNCERTAIN], []
    for i in order.tolist():
        parts = (shares.seconds[i] / max(shares.seconds[i].sum(), 1e-9)).tolist()
        strip = "".join(
            _part(answer, share, f"{share:.0%}", named=share > _MIN_NAMED_SHARE)
            for answer, share in zip(answers, parts, strict=True)
        )
        rows.append(f'{_person(shares.tracks[i])}<div style="{_STRIP_STYLE}">{strip}</div>')
    return _chart("fer-rows fer-shares", _ROWS_STYLE, alt, "".join(rows))


_STRIP_STYLE = f"display:flex;height:{_STRIP}px"


def _part(answer: str, share: float, tip: str, *, named: bool = False) -> str:
    """Return the part of a strip that is an answer's, with its name in it if it is to be read."""
    unsure = answer == UNCERTAIN
    colour = UNCERTAIN_COLOUR if unsure else colour_of(answer)
    name = ""
    if named:  # on a solid background, because hatching hides text
        style = f"padding:0 2px;background:{colour};color:{ink_on(colour)}"
        name = f'<b style="{style};font-weight:normal">{escape(answer)} {tip}</b>'
    return (
        f'<span title="{escape(answer)} {tip}" style="flex:{share:.4f} 0 0;min-width:0;'
        "display:flex;align-items:center;justify-content:center;white-space:nowrap;"
        f'overflow:hidden;background:{_filling(_GREY if unsure else colour, unsure)}">{name}</span>'
    )
