"""Paths of the app's own files and of the configured models. Does not use Streamlit."""

from __future__ import annotations

import os
from pathlib import Path

from app.core.settings import MODEL, MODELS

#: Root of the checkout that the app runs from.
ROOT = Path(__file__).resolve().parents[2]

ASSETS = ROOT / "app" / "assets"
LOGO = ASSETS / "logo.svg"
SAMPLE = ASSETS / "sample.jpg"


def model_dir() -> Path:
    """Return the directory of the model to run; relative paths start at the repository root."""
    return ROOT / MODEL.text(os.environ)


def models_dir() -> Path:
    """Return the folder of models to show; relative paths start at the repository root."""
    return ROOT / MODELS.text(os.environ)


def without_folder(text: str, folder: Path = ROOT) -> str:
    """Remove a folder's path from a message, so that it does not reveal the installation path."""
    return text.replace(f"{folder}{os.sep}", "")
