import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.__main__ import main
from fer.types import Image


@pytest.fixture
def photo(tmp_path: Path, astronaut: Image) -> Path:
    file = tmp_path / "a face.png"
    PillowImage.fromarray(astronaut).save(file)
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    file = tmp_path / "wall.png"
    PillowImage.fromarray(np.full((90, 120, 3), 140, np.uint8)).save(file)
    return file


def test_json_is_one_object_a_file_and_a_bad_file_stops_nothing(
    photo: Path, empty: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    status = main(["photo", str(empty), str(tmp_path / "text.jpg"), str(photo), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 1
    assert [len(line.get("faces", ())) for line in lines] == [0, 0, 1]
    assert lines[1].keys() == {"file", "error"}
    face = lines[2]["faces"][0]
    assert (lines[2]["width"], lines[2]["height"], face["expression"]) == (512, 512, "happy")
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_the_table_names_expressions_and_photos_without_a_face(
    photo: Path, empty: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["photo", str(photo), str(empty)]) == 0
    out = capsys.readouterr().out
    assert "a face.png: 1 face\n" in out
    assert "happy" in out
    assert "wall.png: no face found" in out


def test_annotated_pictures_keep_their_size(photo: Path, tmp_path: Path) -> None:
    assert main(["photo", str(photo), "--out", str(tmp_path / "new" / "out")]) == 0
    with PillowImage.open(tmp_path / "new" / "out" / "a face.png") as picture:
        assert picture.size == (512, 512)


def test_a_missing_model_is_one_clear_line(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["photo", str(photo), "--model", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: ")
