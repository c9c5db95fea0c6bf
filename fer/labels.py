"""Heads and their label sets (FER2013, FER+); the colours of expressions and of people."""

from __future__ import annotations

#: Name of the head that answers with the data set's own labels.
EXPRESSION_HEAD = "expression"

#: Name of the head that answers with the distribution of FER+'s ten votes.
FERPLUS_HEAD = "ferplus"

#: FER2013's own classes, in the order of its integer labels.
FER2013_LABELS: tuple[str, ...] = (
    "angry",
    "disgust",
    "fear",
    "happy",
    "sad",
    "surprise",
    "neutral",
)

#: FER+'s classes in the order of its vote columns, in this project's words. Its last two columns,
#: "unknown" and "NF" (not a face), are no expressions.
FERPLUS_LABELS: tuple[str, ...] = (
    "neutral",
    "happy",
    "surprise",
    "sad",
    "angry",
    "disgust",
    "fear",
    "contempt",
)

#: One colour per expression, the same on boxes, charts and cards. Okabe and Ito's palette (2008),
#: which people with each kind of colour blindness can tell apart, plus a grey and a brown.
COLOURS: dict[str, str] = {
    "angry": "#D55E00",
    "disgust": "#009E73",
    "fear": "#CC79A7",
    "happy": "#E69F00",
    "sad": "#0072B2",
    "surprise": "#56B4E9",
    "neutral": "#8A8F98",
    "contempt": "#8C6D46",
}

#: For class names of other data sets.
OTHER_COLOUR = "#6B7280"

#: For faces without an answer: almost no colour, and lighter than neutral's grey.
UNCERTAIN_COLOUR = "#E5E7EB"


def colour_of(label: str) -> str:
    """Return the colour of an expression as ``#RRGGBB``; one common colour for unknown names."""
    return COLOURS.get(label, OTHER_COLOUR)


#: Colours of people, for badges and lines beside those of expressions: all deep or all but white,
#: where expressions have middling ones, and in turns, so that neighbours differ in lightness,
#: which everybody sees. Between any two, and to any expression, the CIEDE2000 difference is at
#: least 9 for normal sight and for simulated protanopia, deuteranopia and tritanopia.
PERSON_COLOURS: tuple[str, ...] = (
    "#332288",  # indigo
    "#F4EE7A",  # lemon
    "#882255",  # wine
    "#C4E8FF",  # ice
    "#1E5B34",  # forest
    "#FFD3A8",  # peach
)


def person_colour(track_id: int) -> str:
    """Return the colour of a person as ``#RRGGBB``, the same for as long as the track lives.

    Args:
        track_id: from 1, as in `fer.types.Faces`. Colours come again after six people, so the
            number has to stand beside them.
    """
    return PERSON_COLOURS[(track_id - 1) % len(PERSON_COLOURS)]
