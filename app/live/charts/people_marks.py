"""The name and colour that identify a person in charts. Does not use Streamlit."""

from __future__ import annotations

from fer.labels import person_colour

#: Maximum number of rows in a chart; the people who were seen longest get one.
MAX_PEOPLE = 8

#: Pixels between a person's name and their row; includes the space for the colour mark.
NAME_GAP = 16

#: Left and right edge of the colour mark, in pixels from the start of the row.
_MARK_EDGES = (-9, -3)

#: Outline of the colour mark. Half of the colours are nearly black, half nearly white; the grey
#: outline makes them visible on both themes.
_MARK_LINE = {"color": "#85858D", "width": 1}


def person_mark(track: int, top: float, bottom: float) -> dict[str, object]:
    """Return the Plotly shape of a person's colour mark, left of their row.

    Args:
        track: number of the person.
        top: upper end on the vertical axis.
        bottom: lower end on the vertical axis.
    """
    return {
        "type": "rect",
        "xref": "paper",
        "xsizemode": "pixel",
        "xanchor": 0,
        "x0": _MARK_EDGES[0],
        "x1": _MARK_EDGES[1],
        "y0": top,
        "y1": bottom,
        "fillcolor": person_colour(track),
        "line": _MARK_LINE,
    }


def person_name(track: int) -> str:
    """Return the name of a person in charts."""
    return f"Person {track}"
