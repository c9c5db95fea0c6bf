"""Where the model that ships with the project is."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent

#: Where the wheel has it.
_INSTALLED = _PACKAGE / "_models" / "compact"

#: Where the repository has it, and where trainings write it.
_CHECKOUT = _PACKAGE.parent / "models" / "compact"


def shipped_model() -> Path:
    """Return the directory of the shipped model, in an installed package or in a checkout."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
