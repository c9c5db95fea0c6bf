"""How charts show who is meant: a person's name and colour. No streamlit in here."""

from __future__ import annotations

from fer.labels import person_colour

#: Rows that fit a page; who was seen longest has one.
MAX_PEOPLE = 8

#: Pixels between a person's name and their row, with room for their colour.
NAME_GAP = 16

#: Pixels left of a person's row where their colour runs, and the line around it: half of the
#: colours are nearly black, half nearly white, and it shows on both themes.
_MARK = (-9, -3)
_MARK_LINE = {"color": "#85858D", "width": 1}


def person_mark(track: int, top: float, bottom: float) -> dict[str, object]:
    """Return the shape of a person's colour, beside their row from `top` to `bottom`."""
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


def person_name(track: int) -> str:
    """Return what a person is called in charts."""
    return f"Person {track}"
