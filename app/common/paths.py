"""Paths of the app's own files and of the configured models. Does not use Streamlit."""

from __future__ import annotations

import os
from pathlib import Path

#: Root of the checkout that the app runs from.
ROOT = Path(__file__).resolve().parents[2]

ASSETS = ROOT / "app" / "assets"
LOGO = ASSETS / "logo.svg"
SAMPLE = ASSETS / "sample.jpg"

#: Environment variable with the directory of the model to run, instead of the shipped one.
MODEL_VARIABLE = "FER_MODEL"

#: Environment variable with the folder of model directories to show, instead of ``models``.
MODELS_VARIABLE = "FER_MODELS"

_MODELS = Path("models")
_MODEL = _MODELS / "compact"


def model_dir() -> Path:
    """Return the directory of the model to run; relative paths start at the repository root."""
    return ROOT / (os.environ.get(MODEL_VARIABLE) or _MODEL)


def models_dir() -> Path:
    """Return the folder of models to show; relative paths start at the repository root."""
    return ROOT / (os.environ.get(MODELS_VARIABLE) or _MODELS)


def without_folder(text: str, folder: Path = ROOT) -> str:
    """Remove a folder's path from a message, so that it does not reveal the installation path."""
    return text.replace(f"{folder}{os.sep}", "")
