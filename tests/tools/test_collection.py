"""Every run is over all photographs, and its memory is watched."""

from pathlib import Path

import pytest

from fer.images import read
from tools import collection
from tools.collection import draw_photos


def test_drawn_photographs_are_all_different(tmp_path: Path) -> None:
    draw_photos(tmp_path, 0)
    assert list(tmp_path.rglob("*.jpg")) == []
    draw_photos(tmp_path, 40)
    files = list(tmp_path.rglob("*.jpg"))
    assert len({file.read_bytes() for file in files}) == 40
    assert {read(file).shape for file in files} == {(128, 128, 3)}


def test_every_run_is_over_all_photographs(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["x", "--photos", "6", "--memory-photos", "30", "--without-ray"]
    monkeypatch.setattr("sys.argv", arguments)
    collection.main()
    lines = capsys.readouterr().out.splitlines()
    one, two = (line.split() for line in lines[3:5])
    assert one[:3] == ["local,", "1", "6"]
    assert two[:3] == ["local,", "2", "6"]
    assert float(one[6]) > 0
    assert lines[5].startswith("MB by tenth: ")


def test_the_photographs_have_a_face_each(tmp_path: Path) -> None:
    draw_photos(tmp_path, 3)
    tally, _, written, watch = collection.run(tmp_path, collection.CollectionOptions(workers=1))
    assert tally.faces == 3
    assert written > 0
    assert watch.processor_seconds > 0
