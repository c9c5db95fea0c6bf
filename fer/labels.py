"""Names of heads and expressions, aliases of the latter in other data sets, and colours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

#: Name of the head that predicts the data set's own labels.
EXPRESSION_HEAD = "expression"

#: Name of the head that predicts the distribution of FER+'s ten votes.
FERPLUS_HEAD = "ferplus"

#: Name of the head that blends the two others.
BALANCED_HEAD = "balanced"

#: FER2013's own classes, in the order of its integer labels.
FER2013_LABELS: tuple[str, ...] = (
    "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral",
)  # fmt: skip

#: FER+'s classes in the order of its vote columns, under this project's names. The last two columns
#: of FER+, "unknown" and "NF" (not a face), are left out because they are not expressions.
FERPLUS_LABELS: tuple[str, ...] = (
    "neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt",
)  # fmt: skip

#: What data sets call the expressions, by this project's names.
_ALIASES: dict[str, tuple[str, ...]] = {
    "angry": ("anger",),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy", "joyful", "smile", "smiling"),
    "sad": ("sadness",),
    "surprise": ("surprised", "suprise", "suprised", "surprize"),
    "neutral": ("neutrality", "calm"),
    "contempt": ("contemptuous",),
}
_NAME_OF = {alias: name for name, all_ in _ALIASES.items() for alias in (name, *all_)}


#: Most characters of an expression's name.
MAX_LENGTH = 60

#: Words of ``a``, with what may stand between them.
_WORDS = re.compile(r"a+(?:(?:[-_'’ ]|, | & | / | \()a+\)?)*")

#: What `is_plain` asks for, as the end of a sentence.
PLAIN = "letters and digits, with a blank, a hyphen, an apostrophe or an underscore between words"


def canonical(name: str) -> str:
    """Return this project's name for an expression; other names are only normalised.

    Case and surrounding whitespace are ignored for known expressions. Composed and decomposed
    letters (macOS uses the latter in file names) give the same name.
    """
    composed = unicodedata.normalize("NFC", name).strip()
    return _NAME_OF.get(composed.casefold(), composed)


def is_plain(name: str) -> bool:
    """Return whether a name can be that of an expression on pages and in files.

    Words of any script's letters and digits, joined by a blank, a hyphen and the like, are never
    taken for Markdown, HTML, a formula of a table, or a path.
    """
    kinds = (unicodedata.category(sign)[0] for sign in name)
    shape = "".join("a" if k in "LMN" else s for s, k in zip(name, kinds, strict=True))
    return len(name) <= MAX_LENGTH and _WORDS.fullmatch(shape) is not None


def ordered(names: Collection[str]) -> tuple[str, ...]:
    """Return names in FER2013's order if it has all of them, else alphabetically."""
    if set(names) <= set(FER2013_LABELS):
        return tuple(name for name in FER2013_LABELS if name in names)
    return tuple(sorted(set(names)))


#: One colour per expression, used for boxes, charts and cards alike. This is the palette of Okabe
#: and Ito (2008), which is safe for every kind of colour blindness, plus a grey and a brown.
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

#: Colour of class names from other data sets.
OTHER_COLOUR = "#6B7280"

#: Colour of uncertain faces: almost colourless, and lighter than the grey of "neutral".
UNCERTAIN_COLOUR = "#E5E7EB"


def colour_of(label: str) -> str:
    """Return the colour of an expression as ``#RRGGBB``; `OTHER_COLOUR` for unknown names."""
    return COLOURS.get(label, OTHER_COLOUR)


#: Colours of people, for badges and lines that appear next to expression colours. They are very
#: dark or very light, whereas expression colours have medium lightness. Dark and light alternate,
#: so that consecutive colours differ in lightness, which everybody can see. The CIEDE2000
#: difference between any two, and to any expression colour, is at least 9 for normal vision and for
#: simulated protanopia, deuteranopia and tritanopia.
PERSON_COLOURS: tuple[str, ...] = (
    "#332288",  # indigo
    "#F4EE7A",  # lemon
    "#882255",  # wine
    "#C4E8FF",  # ice
    "#1E5B34",  # forest
    "#FFD3A8",  # peach
)


def person_colour(track_id: int) -> str:
    """Return the colour of a person as ``#RRGGBB``; it is fixed for the life of the track.

    Colours repeat after six tracks, so the number must always be shown with the colour.
    """
    return PERSON_COLOURS[(track_id - 1) % len(PERSON_COLOURS)]
