"""The label sets of FER2013: its own seven classes, and the eight of the FER+ voters; colours."""

from __future__ import annotations

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


def colour_of(label: str) -> str:
    """Return the colour of an expression as ``#RRGGBB``; one common colour for unknown names."""
    return COLOURS.get(label, OTHER_COLOUR)
