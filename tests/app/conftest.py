"""A fake analyzer whose answer is painted into the picture, and the app that runs with it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image as PillowImage
from streamlit.testing.v1 import AppTest

from app import resources
from app.photos import Photo, Reading, read_photo
from fer import Faces
from fer.types import Image
from tests.conftest import ROOT, make_detections

LABELS = ("happy", "sad", "neutral")

#: Red of a picture that makes the fake analyzer fail as no analyzer should.
BROKEN = 250


def faces_of(*rows: tuple[float, float, float]) -> Faces:
    """Return faces side by side, 40 pixels wide, with these probabilities of `LABELS`."""
    boxes = [(50.0 * i + 5, 20.0, 50.0 * i + 45, 60.0) for i in range(len(rows))]
    probabilities = np.array(rows, np.float32).reshape(-1, len(LABELS))
    return Faces.of(make_detections(*boxes), probabilities, LABELS)


def png(faces: int = 1, happy: int = 90, seed: int = 0) -> bytes:
    """Return a picture in which the fake analyzer finds `faces`, each happy by `happy` per cent."""
    image = PillowImage.new("RGB", (320, 200), (faces, happy, seed))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class FakeAnalyzer:
    """Finds as many faces as a picture's red says, as happy as its green says."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, image: Image) -> Faces:
        self.calls += 1
        red, green = (int(v) for v in image[0, 0, :2])
        if red == BROKEN:
            raise RuntimeError("a fault that nobody thought of")
        happy = green / 100
        return faces_of(*[(happy, (1 - happy) * 0.6, (1 - happy) * 0.4)] * red)


@pytest.fixture
def analyzer(monkeypatch: pytest.MonkeyPatch) -> FakeAnalyzer:
    """The analyzer that the app runs with."""
    fake = FakeAnalyzer()
    monkeypatch.setattr(resources, "photo_analyzer", lambda: fake)
    monkeypatch.setattr(resources, "evidence", lambda: None)
    return fake


@pytest.fixture
def page(analyzer: FakeAnalyzer) -> AppTest:
    """The Photo page as it opens."""
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20).run()


Upload = Callable[..., AppTest]


@pytest.fixture
def upload(page: AppTest) -> Upload:
    """Upload files, given as ``name=contents`` pairs, and run the page."""

    def put(*files: tuple[str, bytes]) -> AppTest:
        page.file_uploader[0].set_value([(name, data, "image/png") for name, data in files])
        return page.run()

    return put


@pytest.fixture
def reading() -> Reading:
    """Two faces found in a picture of 320 × 200."""
    outcome = read_photo(Photo("two.png", png(faces=2)), FakeAnalyzer())
    assert isinstance(outcome, Reading)
    return outcome
