"""All detectors see all pictures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection import __main__ as benchmark
from benchmarks.detection.detectors import TimedDetector
from benchmarks.detection.kinds import KINDS, TOTALS
from benchmarks.detection.material import Scene
from fer.types import Detections, Image
from tests.samples import fake_detector, make_detections

BOX = (10, 10, 50, 50)
PICTURE = np.zeros((60, 60, 3), np.uint8)
SCENES = [
    ("things", Scene.of("cups", "a cup", PICTURE)),
    ("people", Scene.of("faces", "a face", PICTURE, [BOX])),
]


def timed(found: Detections, seconds: float = 0.01) -> TimedDetector:
    detector = fake_detector(found)
    return lambda image: (detector(image), seconds)


def test_no_picture_gives_no_result() -> None:
    assert benchmark.run({}, []) == {}
    assert benchmark.run({"any": timed(Detections.empty())}, []) == {"any": []}


def test_each_detector_has_a_result_for_each_picture(capsys: pytest.CaptureFixture) -> None:
    compared = {"blind": timed(Detections.empty()), "sees": timed(make_detections(BOX))}
    results = benchmark.run(compared, SCENES, told=True)
    assert [r.found.tolist() for r in results["blind"]] == [[], [False]]
    assert [r.found.tolist() for r in results["sees"]] == [[], [True]]
    assert [r.invented for r in results["sees"]] == [1, 0]
    told = capsys.readouterr()
    assert told.out == "sees invented 1: cups, a cup\n"
    assert "2 pictures" in told.err


@pytest.mark.parametrize("reason", [KeyboardInterrupt(), RuntimeError("gave no answer")])
def test_stopped_it_keeps_what_it_has(reason: BaseException) -> None:
    class Stopped:
        """Is stopped at the second picture."""

        seen = 0

        def __call__(self, image: Image) -> tuple[Detections, float]:
            self.seen += 1
            if self.seen == 2:
                raise reason
            return Detections.empty(), 0.0

    results = benchmark.run({"first": timed(make_detections(BOX)), "second": Stopped()}, SCENES)
    assert {name: len(rows) for name, rows in results.items()} == {"first": 1, "second": 1}


def test_only_the_kinds_asked_for_are_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def four(_material: object) -> Iterator[Scene]:
        return iter([Scene.of("noise", str(i), PICTURE) for i in range(4)])

    monkeypatch.setitem(KINDS, "textures", four)
    given = ["--photos", ".", "--data", ".", "--kinds", "textures"]
    monkeypatch.setattr("sys.argv", ["x", *given, "--every", "2", "--own", "one pass"])
    benchmark.main()
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines() if line.startswith(("noise", "all without"))]
    assert rows[0] == ["noise", "2", "0", "(0)"]
    assert rows[1] == ["all", "without", "faces", "2", "0", "(0)", "(0)"]


@pytest.mark.parametrize("name", ["absent", "broken"])
def test_an_environment_without_a_detector_is_told_in_a_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "broken").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "broken").chmod(0o700)
    given = ["--photos", ".", "--data", ".", "--own", "--haar-python", str(tmp_path / name)]
    monkeypatch.setattr("sys.argv", ["x", *given])
    with pytest.raises(SystemExit) as stopped:
        benchmark.main()
    assert stopped.value.code == 1
    assert str(tmp_path / name) in capsys.readouterr().err


def test_every_total_is_over_kinds_that_exist() -> None:
    assert {kind for total in TOTALS for kind in total.kinds} <= KINDS.keys()
