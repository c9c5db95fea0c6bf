"""Facial expressions in photographs, videos and camera streams.

    import fer
    faces = fer.analyze("photo.jpg")
    print(faces[0].expression, faces[0].confidence)

Names are imported on first use, so that a script pays only for those it uses.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from fer.namesake import refuse_mixture, refuse_other_name

if TYPE_CHECKING:
    from fer.api import Face, Faces, Stream, analyze
    from fer.errors import FerError, ImageError, ModelError

__all__ = ["Face", "Faces", "FerError", "ImageError", "ModelError", "Stream", "analyze"]

__version__ = "0.1.0"

refuse_mixture(os.path.dirname(__file__))

#: Public name → its module.
_EXPORTS = dict.fromkeys(("Face", "Faces", "Stream", "analyze"), "fer.api")
_EXPORTS |= dict.fromkeys(("FerError", "ImageError", "ModelError"), "fer.errors")


def __dir__() -> list[str]:
    """Return what is meant for use, for completion."""
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name on first access (PEP 562)."""
    if name not in _EXPORTS:
        refuse_other_name(name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value
