"""Where the app's own files are, and which models it is told to use. No streamlit in here."""

from __future__ import annotations

import os
from pathlib import Path

#: The checkout that the app runs from.
ROOT = Path(__file__).resolve().parents[2]

ASSETS = ROOT / "app" / "assets"
LOGO = ASSETS / "logo.svg"
SAMPLE = ASSETS / "sample.jpg"

#: Environment variable that names another model directory.
MODEL_VARIABLE = "FER_MODEL"

#: Environment variable that names another folder of model directories.
MODELS_VARIABLE = "FER_MODELS"

_MODELS = Path("models")
_MODEL = _MODELS / "compact"


def model_dir() -> Path:
    """Return the directory of the model to run; a relative one is meant from the repository."""
    return ROOT / (os.environ.get(MODEL_VARIABLE) or _MODEL)


def models_dir() -> Path:
    """Return the folder of models to show; a relative one is meant from the repository."""
    return ROOT / (os.environ.get(MODELS_VARIABLE) or _MODELS)


def without_folder(text: str, folder: Path = ROOT) -> str:
    """Return a message without the place of the installation, which is nobody's business."""
    return text.replace(f"{folder}{os.sep}", "")
