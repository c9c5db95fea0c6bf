import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from fer.__main__ import main
from fer.detection.blazeface import photo_detector
from fer.labels import FERPLUS_LABELS
from fer.model.spec import Abstention, ModelSpec
from fer.types import Image
from tests.fer.folder.samples import draw
from tests.samples import SHIPPED_MODEL


@pytest.fixture
def photo(tmp_path: Path, astronaut: Image) -> Path:
    file = tmp_path / "a face.png"
    PillowImage.fromarray(astronaut).save(file)
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    draw(tmp_path, "wall.png")
    return tmp_path / "wall.png"


HEAD = ["--head", "ferplus"]


def test_json_is_one_object_a_file_and_a_bad_file_stops_nothing(
    photo: Path, empty: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    status = main(["photo", str(empty), str(tmp_path / "text.jpg"), str(photo), "--json", *HEAD])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 1
    assert [len(line.get("faces", ())) for line in lines] == [0, 0, 1]
    assert lines[1].keys() == {"file", "error"}
    assert {lines[i]["detector"] for i in (0, 2)} == {photo_detector()}
    assert lines[2]["model"]["name"] == "compact"
    face = lines[2]["faces"][0]
    assert (lines[2]["width"], lines[2]["height"], face["expression"]) == (512, 512, "happy")
    assert lines[2]["head"] == "ferplus"
    assert tuple(face["probabilities"]) == FERPLUS_LABELS
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_the_table_names_expressions_and_photos_without_a_face(
    photo: Path, empty: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["photo", str(photo), str(empty)]) == 0
    out = capsys.readouterr().out
    assert "a face.png: 1 face\n" in out
    assert "happy" in out
    assert "wall.png: no face found" in out


def test_the_table_says_uncertain_and_why(
    photo: Path, tmp_path: Path, astronaut: Image, capsys: pytest.CaptureFixture
) -> None:
    model = shutil.copytree(SHIPPED_MODEL, tmp_path / "model")
    spec = ModelSpec.load(model)
    never = {"abstention": Abstention(threshold=1, degraded_threshold=1)}
    heads = tuple(head.model_copy(update=never) for head in spec.heads)
    spec.model_copy(update={"heads": heads}).save(model)
    dark = tmp_path / "dark.png"
    PillowImage.fromarray((astronaut * 0.15).astype(np.uint8)).save(dark)
    assert main(["photo", str(photo), str(dark), "--model", str(model)]) == 0
    out = capsys.readouterr().out
    assert out.count("  uncertain") == 2
    assert " or " in out
    assert "dark)" in out


def test_annotated_pictures_keep_their_size_and_stay(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    command = ["photo", str(photo), "--out", str(tmp_path / "new" / "out")]
    assert main(command) == 0
    made = tmp_path / "new" / "out" / "a face-expressions.png"
    with PillowImage.open(made) as picture:
        assert picture.size == (512, 512)
    made.write_text("of an earlier run")
    assert main(command) == 1
    assert "is there already" in capsys.readouterr().err
    assert made.read_text() == "of an earlier run"
    assert main([*command, "--overwrite"]) == 0
    assert made.read_bytes().startswith(b"\x89PNG")


def test_no_picture_is_written_over_another(photo: Path, tmp_path: Path) -> None:
    """Neither over a photograph beside which it is put, nor over one of the same name."""
    other = tmp_path / "other" / "a face.jpg"
    other.parent.mkdir()
    kept = tmp_path / "a face-expressions.png"
    PillowImage.open(photo).convert("RGB").save(other)
    PillowImage.open(photo).save(kept)
    before = kept.read_bytes()
    assert main(["photo", str(photo), str(other), str(kept), "--out", str(tmp_path)]) == 0
    assert kept.read_bytes() == before
    made = sorted(file.name for file in tmp_path.glob("*-expressions*"))
    assert made == [
        "a face-expressions-2.png",
        "a face-expressions-3.png",
        "a face-expressions-expressions.png",
        "a face-expressions.png",
    ]
