"""Class names: the selection of classes from a data set, and whether a model has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fer.errors import DataError
from fer.labels import PLAIN, canonical, is_plain, ordered
from fer.types import UNCERTAIN


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
    if odd := sorted(name for name in names if not is_plain(name)):
        raise DataError(
            f"a class is called {odd[0]!r}; expected {PLAIN}. Rename it, or leave it out with "
            "--classes."
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
