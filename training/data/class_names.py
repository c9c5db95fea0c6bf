"""Class names: aliases, order, and the selection of classes from a data set."""

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


def check_known(model_name: str, known: Sequence[str], class_names: Sequence[str]) -> None:
    """Check that a model has the classes of a data set, in the same order.

    Args:
        model_name: name of the model in the error message.
        known: classes of the model.
        class_names: classes of the data set.

    Raises:
        DataError: the classes differ.
    """
    if tuple(known) != tuple(class_names):
        raise DataError(
            f"{model_name} knows {', '.join(known)}; the data set has {', '.join(class_names)}."
        )


def canonical(name: str) -> str:
    """Return this project's name for an expression; other names are only normalised.

    Case and surrounding whitespace are ignored for known expressions. Composed and decomposed
    letters (macOS uses the latter in file names) give the same name.
    """
    composed = unicodedata.normalize("NFC", name).strip()
    return _NAME_OF.get(composed.casefold(), composed)


def ordered(names: Collection[str]) -> tuple[str, ...]:
    """Return names in FER2013's order if it has all of them, else alphabetically."""
    if set(names) <= set(FER2013_LABELS):
        return tuple(name for name in FER2013_LABELS if name in names)
    return tuple(sorted(set(names)))


def choose(available: Collection[str], requested: Sequence[str] | None) -> tuple[str, ...]:
    """Return the classes to use, in order.

    Args:
        available: canonical names of all classes of a data set.
        requested: names or aliases of the classes to use; ``None`` for all.

    Raises:
        DataError: a requested class is missing, there are fewer than two classes, or a class has
            the name of the answer "uncertain".
    """
    names = set(available) if requested is None else {canonical(name) for name in requested}
    if UNCERTAIN in names:
        raise DataError(
            f"a class is called {UNCERTAIN!r}, which is what the app says when no expression "
            "stands out. Rename it, or leave it out with --classes."
        )
    if missing := names - set(available):
        raise DataError(
            f"no class {', '.join(sorted(missing))} here; "
            f"the data set has {', '.join(ordered(available)) or 'none'}."
        )
    if len(names) < 2:
        raise DataError(
            f"expected at least two classes to tell apart, got {', '.join(names) or 'none'}; "
            f"the data set has {', '.join(ordered(available)) or 'none'}."
        )
    return ordered(names)
