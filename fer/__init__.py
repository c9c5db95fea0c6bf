"""Facial expressions in photographs, videos and camera streams.

    from fer import FaceAnalyzer, read_image, shipped_model
    faces = FaceAnalyzer.for_photos(shipped_model())(read_image(Path("photo.jpg")))

Names are imported on first use, so that a script pays only for those it uses.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from fer.namesake import refuse_mixture

if TYPE_CHECKING:
    from fer.analyzer import FaceAnalyzer
    from fer.drawing.annotate import annotate
    from fer.errors import DataError, FerError, ImageError, ModelError
    from fer.images import decode as decode_image
    from fer.images import read as read_image
    from fer.model.spec import shipped_model
    from fer.stream import FaceStream
    from fer.types import Detections, Faces

__all__ = [
    "DataError",
    "Detections",
    "FaceAnalyzer",
    "FaceStream",
    "Faces",
    "FerError",
    "ImageError",
    "ModelError",
    "annotate",
    "decode_image",
    "read_image",
    "shipped_model",
]

__version__ = "0.1.0"

refuse_mixture(os.path.dirname(__file__))

#: Public name → (module, name in that module).
_EXPORTS = {
    "DataError": ("fer.errors", "DataError"),
    "Detections": ("fer.types", "Detections"),
    "FaceAnalyzer": ("fer.analyzer", "FaceAnalyzer"),
    "FaceStream": ("fer.stream", "FaceStream"),
    "Faces": ("fer.types", "Faces"),
    "FerError": ("fer.errors", "FerError"),
    "ImageError": ("fer.errors", "ImageError"),
    "ModelError": ("fer.errors", "ModelError"),
    "annotate": ("fer.drawing.annotate", "annotate"),
    "decode_image": ("fer.images", "decode"),
    "read_image": ("fer.images", "read"),
    "shipped_model": ("fer.model.spec", "shipped_model"),
}


def __getattr__(name: str) -> Any:
    """Import a public name on first access (PEP 562)."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _EXPORTS[name]
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value
