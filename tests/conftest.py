"""Fixtures of all tests: real pixels from packages, the material beside the project, a spec."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pylibsrtp  # noqa: F401 - crashes if it is imported after TensorFlow, whatever order tests have
import pytest
import skimage.data
from hypothesis import settings

from fer.model.spec import ModelSpec
from fer.types import Image
from tests.samples import ROOT, fake_spec

# How long an example takes is the machine's business; a busy one must not fail a test.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """Undo what Streamlit's AppTest leaves: a page as the main module, which processes run anew."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def astronaut() -> Image:
    """A photograph with one real, smiling face, 512 × 512; public domain, NASA."""
    return np.ascontiguousarray(skimage.data.astronaut()[..., :3])


@pytest.fixture(scope="session")
def shared() -> Path:
    """The material beside the project; in CI it must be there, unless CI says that it cannot be."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        if os.environ.get("CI") and not os.environ.get("FER_WITHOUT_SHARED"):
            pytest.fail(f"CI needs {folder.name}/ beside the project")
        pytest.skip("needs the folder shared/ beside the project")
    return folder


@pytest.fixture
def spec() -> ModelSpec:
    """A model record with three labels and a framing in 48 pixels."""
    return fake_spec()
