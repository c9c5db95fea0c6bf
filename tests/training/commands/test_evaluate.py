"""``python -m training evaluate --photos``, on a real photograph through the real path."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.detection.version import photo_detector
from fer.types import Image
from tests.samples import SHIPPED_MODEL
from tests.training.samples import save_image
from training.__main__ import main


@pytest.fixture
def photos(tmp_path: Path, astronaut: Image) -> Path:
    """A smiling face, a wall, a class that the model does not know, and a broken file."""
    folder = tmp_path / "photos"
    save_image(folder / "Smiling" / "astronaut.png", astronaut)
    save_image(folder / "Smiling" / "wall.png", np.full((90, 120, 3), 140, np.uint8))
    save_image(folder / "bored" / "wall.png", np.full((90, 120, 3), 140, np.uint8))
    (folder / "Smiling" / "text.jpg").write_text("no image")
    return folder


def evaluate(data: Path, *options: str) -> int:
    return main(["evaluate", str(SHIPPED_MODEL), "--photos", "--data", str(data), *options])


def test_photographs_in_class_folders_are_measured(
    photos: Path, capsys: pytest.CaptureFixture
) -> None:
    assert evaluate(photos) == 0
    told = capsys.readouterr()
    assert photo_detector() in told.out
    assert "accuracy of all    50.00%" in told.out
    assert "accuracy of found  100.00%" in told.out
    assert "left out: 1 of bored" in told.out
    assert "not read: Smiling/text.jpg: is not an image" in told.out
    assert "3 of 3 images, 100 %" in told.err


def test_every_figure_is_printed_as_json(photos: Path, capsys: pytest.CaptureFixture) -> None:
    assert evaluate(photos, "--json", "--threads", "1") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["images"], record["found"], record["accuracy"]) == (2, 1, 0.5)
    assert record["detector"] == photo_detector()
    assert record["evaluation"]["accuracy"] == 1


def test_a_cut_out_face_is_found_after_it_got_surroundings(
    tmp_path: Path, astronaut: Image, capsys: pytest.CaptureFixture
) -> None:
    face = PillowImage.fromarray(astronaut[60:190, 160:290]).convert("L").resize((48, 48))
    save_image(tmp_path / "happy" / "a.png", np.asarray(face))
    assert evaluate(tmp_path, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["found"], record["cut_out"]) == (1, 1)
    assert record["evaluation"]["accuracy"] == record["direct"]["accuracy"] == 1


def test_a_limit_is_kept(photos: Path, capsys: pytest.CaptureFixture) -> None:
    assert evaluate(photos, "--json", "--limit", "1") == 0
    assert json.loads(capsys.readouterr().out)["images"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--photos", "--limit", "0"], "at least 1 image, got 0"),
        (["--photos", "--threads", "0"], "at least 1 thread, got 0"),
        (["--limit", "5"], "are for --photos"),
    ],
)
def test_wrong_options_are_one_clear_line(
    options: list[str], message: str, photos: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["evaluate", str(SHIPPED_MODEL), "--data", str(photos), *options]) == 1
    assert message in capsys.readouterr().err
