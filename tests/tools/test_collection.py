"""The benchmark runs, and says what it measured."""

import json
from pathlib import Path

import pytest

from benchmarks import collection
from benchmarks.collection import Cost, Memory, Watch, as_text, draw_photos
from fer.images import read


def test_drawn_photographs_are_all_different(tmp_path: Path) -> None:
    draw_photos(tmp_path, 0)
    assert list(tmp_path.rglob("*.jpg")) == []
    draw_photos(tmp_path, 40)
    files = list(tmp_path.rglob("*.jpg"))
    assert len({file.read_bytes() for file in files}) == 40
    assert {read(file).shape for file in files} == {(128, 128, 3)}


def test_every_run_is_over_all_photographs_and_finds_the_faces(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    collection.main(
        ["--photos", "6", "--memory-photos", "30", "--without-ray", "--json", "--rounds", "2"]
    )
    said = json.loads(capsys.readouterr().out)
    assert [(c["engine"], c["photos"]) for c in said["costs"]] == [("local, 1", 6), ("local, 2", 6)]
    assert all(c["bytes_read"] > 6 * 1000 and c["bytes_written"] > 0 for c in said["costs"])
    assert said["memory"]["photos"] == 30
    draw_photos(tmp_path, 3)
    assert collection.run(tmp_path, collection.CollectionOptions(workers=1), print)[0].faces == 3


def test_a_watch_sees_this_process() -> None:
    with Watch() as watch:
        sum(range(10**6))
    assert watch.memory
    assert watch.memory[0][1] > 10
    assert watch.processor_seconds >= 0


def test_the_report_compares_with_the_first_run() -> None:
    costs = [
        Cost("local, 1", 100, 50, 49, 6400, 30_000),
        Cost("local, 2", 100, 25, 50, 6400, 30_000),
    ]
    watched = Memory(10, 5.0, (400.0, 500.0, *[510.0] * 7, 505.0))
    text = as_text(costs, watched, {"processor": "a processor", "cores": 2, "load": 0.5})
    assert text.splitlines()[0] == "a processor, 2 cores, load 0.5 before"
    assert text.splitlines()[5].split() == [
        "local,",
        "2",
        "100",
        "25.0",
        "4.0",
        "2.00",
        "500",
        "64",
        "300",
    ]
    assert text.endswith("second to last +1.0%")
    assert Memory(0, 0.0, (0.0,) * 10).growth == 0
