"""The timeline of a running stream as HTML, which is made anew all the time. No Streamlit.

It shows what `app.live.charts.timeline_chart` shows. Of that, Streamlit makes a new chart in the
browser with each update, of a thousand elements that leave the memory late; here a bar is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from app.live.charts.html_axis import TimeAxis
from app.live.charts.people_marks import person_name
from app.live.charts.timeline import PersonLine, Timeline
from app.live.charts.timeline_chart import (
    CAMERA_OFF,
    FULL,
    NO_DATA,
    ROW_BACKGROUND,
    ROW_HEIGHT,
)
from fer.export.stream import Span
from fer.labels import colour_of, person_colour
from fer.text import chance, clock

_GREY = "#85858D"
_BAR_HEIGHT = round(FULL * ROW_HEIGHT)

#: Everything in a row is as high as it, unless it says otherwise.
_STYLE = f"""<style>
.fer-timeline {{
  display: grid; grid-template-columns: max-content 1fr; align-items: center;
  gap: {ROW_HEIGHT - _BAR_HEIGHT}px 8px; font-size: 13px; padding-right: 8px;
}}
.fer-timeline u {{
  display: inline-block; width: 6px; height: {_BAR_HEIGHT}px; margin-left: 8px;
  vertical-align: middle; border: 1px solid {_GREY};
}}
.fer-timeline div {{ position: relative; height: {_BAR_HEIGHT}px; }}
.fer-timeline div * {{ position: absolute; bottom: 0; height: 100%; }}
.fer-timeline .known {{ background: {ROW_BACKGROUND}; }}
.fer-timeline .no-data {{
  background:
    repeating-linear-gradient(45deg, {_GREY}99 0 1px, transparent 1px 6px),
    repeating-linear-gradient(-45deg, {_GREY}99 0 1px, transparent 1px 6px);
}}
.fer-timeline .camera-off {{
  background: repeating-linear-gradient(0deg, {_GREY} 0 1.5px, transparent 1.5px 7px);
}}
.fer-timeline .change {{ border-left: 1.5px dotted {_GREY}; }}
.fer-timeline .words {{ height: 18px; font-size: 12px; }}
.fer-timeline .words * {{ white-space: nowrap; }}
</style>"""


def timeline_html(line: Timeline, labels: Sequence[str], alt: str) -> str:
    """Return a timeline with a row per person, with bars as high as the confidence.

    Args:
        line: the aggregated session.
        labels: names of the expressions.
        alt: what it shows, for those who cannot see it.
    """
    axis = TimeAxis(line.start, line.end)
    parts = [*_changes(line, axis)]
    around = _around(line, axis)
    for person in line.longest:
        mark = f'<u style="background:{person_colour(person.track)}"></u>'
        parts.append(f"<span>{person_name(person.track)}{mark}</span>")
        parts.append(f"<div>{around}{''.join(_bars(person, labels, line.width, axis))}</div>")
    parts.append(f'<span></span><div class="words">{axis.times()}</div>')
    return (
        f'{_STYLE}<div class="fer-timeline" role="img" aria-label="{escape(alt)}">'
        f"{''.join(parts)}</div>"
    )


def _bars(person: PersonLine, labels: Sequence[str], width: float, axis: TimeAxis) -> Iterator[str]:
    name = person_name(person.track)
    for seconds, expression, confidence, uncertain in zip(
        person.seconds.tolist(),
        person.expression.tolist(),
        person.confidence.tolist(),
        person.uncertain.tolist(),
        strict=True,
    ):
        label = labels[expression]
        about = f"{name}, {clock(seconds)}: {label} {chance(confidence)}"
        span = axis.span(seconds - width / 2, seconds + width / 2)
        yield (
            f'<i class="bar" title="{escape(about)}{", uncertain" * uncertain}" '
            f'style="{span};height:{100 * confidence:.0f}%;background:'
            f'{_filling(colour_of(label), uncertain)}"></i>'
        )


def _filling(colour: str, uncertain: bool) -> str:
    if not uncertain:
        return colour
    return f"repeating-linear-gradient(135deg,{colour} 0 1.8px,transparent 1.8px 5px)"


def _around(line: Timeline, axis: TimeAxis) -> str:
    """Return what is the same in each row."""

    def parts(kind: str, title: str, spans: Sequence[Span]) -> str:
        return "".join(
            f'<i class="{kind}" {title and _titled(title, span)}style="{axis.span(*span)}"></i>'
            for span in spans
        )

    changes = [f'<i class="change" style="{axis.left(c.seconds)}"></i>' for c in line.changes]
    return (
        parts("known", "", line.known)
        + parts("no-data", NO_DATA, line.holes)
        + parts("camera-off", CAMERA_OFF, line.camera_off)
        + "".join(changes)
    )


def _titled(title: str, span: Span) -> str:
    return f'title="{title}, {clock(span[0])} to {clock(span[1])}" '


def _changes(line: Timeline, axis: TimeAxis) -> Iterator[str]:
    """Yield a row with the names of what answers from then on, above all others."""
    if not line.changes:
        return
    names = []
    for change in line.changes:
        late = change.seconds > (line.start + line.end) / 2
        move = ";transform:translateX(-100%)" if late else ""
        style = f"{axis.left(change.seconds)}{move}"
        names.append(f'<span style="{style}">{escape(change.name)}</span>')
    yield f'<span></span><div class="words">{"".join(names)}</div>'
