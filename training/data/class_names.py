"""What a class is called: aliases, order, and the choice of some classes of a data set."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from fer.types import UNCERTAIN

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


def check_known(who: str, known: Sequence[str], class_names: Sequence[str]) -> None:
    """Check that a model knows the classes of a data set, in their order.

    Raises:
        DataError: it knows others; `who` is the model's name in the message.
    """
    if tuple(known) != tuple(class_names):
        raise DataError(
            f"{who} knows {', '.join(known)}; the data set has {', '.join(class_names)}."
        )


def canonical(name: str) -> str:
    """Return this project's word for an expression; a name that is none stays as it is.

    Case and blanks around the name do not matter. Composed and decomposed letters (macOS writes the
    latter into file names) become the same name.
    """
    composed = unicodedata.normalize("NFC", name).strip()
    return _NAME_OF.get(composed.casefold(), composed)


def ordered(names: Collection[str]) -> tuple[str, ...]:
    """Return names in FER2013's order where it knows them all, else alphabetically."""
    if set(names) <= set(FER2013_LABELS):
        return tuple(name for name in FER2013_LABELS if name in names)
    return tuple(sorted(set(names)))


def choose(found: Collection[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Return the classes to use, in order.

    Args:
        found: canonical names of all classes of a data set.
        wanted: some of them, aliases allowed; ``None`` for all.

    Raises:
        DataError: a wanted class is not there, fewer than two are left to tell apart, or one is
            called as the answer for an unclear face is.
    """
    names = set(found) if wanted is None else {canonical(name) for name in wanted}
    if UNCERTAIN in names:
        raise DataError(
            f"a class is called {UNCERTAIN!r}, which is what the app says when no expression "
            "stands out. Rename it, or leave it out with --classes."
        )
    if missing := names - set(found):
        raise DataError(
            f"no class {', '.join(sorted(missing))} here; "
            f"the data set has {', '.join(ordered(found)) or 'none'}."
        )
    if len(names) < 2:
        raise DataError(
            f"expected at least two classes to tell apart, got {', '.join(names) or 'none'}; "
            f"the data set has {', '.join(ordered(found)) or 'none'}."
        )
    return ordered(names)
