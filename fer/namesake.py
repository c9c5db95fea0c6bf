"""Another package is called ``fer`` too, on PyPI, and pip writes both into one folder.

Whichever is installed last keeps its ``__init__.py``, the rest is a mixture, and pip says nothing.
"""

from __future__ import annotations

import os

#: Files that some version of the other package has at its top level, and this one never.
_FILES = ("classes.py", "emotionsmultilanguage.py", "fer.py", "utils.py")

#: What the other package offers, and what does the same here.
_OTHER_NAMES = {
    "FER": "fer.analyze(picture)",
    "Video": "fer.Stream() for frames, or the command `fer-lens video`",
}

_WAY_OUT = (
    "The two cannot share an environment: run `pip uninstall fer fer-lens`, "
    "then install FER Lens again, or use an environment for each."
)


def refuse_mixture(folder: str) -> None:
    """Raise ImportError if files of the other package lie in this one's folder."""
    found = [name for name in _FILES if os.path.exists(os.path.join(folder, name))]
    if found:
        raise ImportError(
            f"FER Lens lies in one folder with the package `fer` on PyPI: found {', '.join(found)} "
            f"in {folder}. {_WAY_OUT}"
        )


def missing_init() -> str | None:
    """Return what to tell the user if the other package replaced this one's ``__init__.py``."""
    import fer

    if "analyze" in getattr(fer, "__all__", ()):
        return None
    return f"FER Lens is incomplete: the package `fer` on PyPI replaced parts of it. {_WAY_OUT}"


def refuse_other_name(name: str) -> None:
    """Raise ImportError if a name is one of the other package, with what to use in its place.

    It is no AttributeError, whose words ``from fer import`` replaces with its own.
    """
    if name in _OTHER_NAMES:
        raise ImportError(
            f"FER Lens has no {name!r}: use {_OTHER_NAMES[name]}. `from fer import {name}` is of "
            "the package `fer` on PyPI, another project with the same name."
        )
