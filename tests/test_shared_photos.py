"""Real photographs beside the project: every face found, none invented, the plain smile happy."""

import json
from pathlib import Path

import pytest

from fer.analyzer import FaceAnalyzer
from fer.images import read as read_image
from fer.types import ISSUES, Faces
from tests.samples import SHIPPED_MODEL


@pytest.fixture(scope="module")
def results(shared: Path) -> dict[str, tuple[int, Faces]]:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL, threads=2)
    truth = json.loads((shared / "photos" / "photos.json").read_text())
    return {
        name: (said["faces"], analyzer(read_image(shared / "photos" / name)))
        for name, said in truth.items()
    }


def test_every_face_is_found_and_none_invented(results: dict) -> None:
    assert results
    wrong = {n: (truth, len(f)) for n, (truth, f) in results.items() if truth != len(f)}
    assert not wrong


def test_a_plain_smile_is_happy(results: dict) -> None:
    assert results["one_smiling.jpg"][1].expressions == ["happy"]


def test_only_the_photo_out_of_focus_is_blurred(results: dict) -> None:
    column = ISSUES.index("blurred")
    assert [n for n, (_, faces) in results.items() if faces.issues[:, column].any()] == [
        "blurred.jpg"
    ]
