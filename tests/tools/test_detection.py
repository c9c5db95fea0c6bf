"""What counts as found and as invented, and what the tables say of it; pictures without faces."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer.types import Detections, Image
from tests.samples import fake_detector, make_detections
from tools import detection
from tools.detection import (
    KINDS,
    ONE_PASS,
    TOTALS,
    Result,
    TimedDetector,
    cell,
    drawn,
    objects,
    rows,
    textures,
    without_faces,
)
from tools.detection_pictures import Scene, photographs
from tools.drawings import drawings

FACE = (10, 10, 50, 50)
BOX, NEAR, FAR = (0, 0, 40, 40), (4, 4, 44, 44), (200, 0, 240, 40)
PICTURE = np.zeros((50, 250, 3), np.uint8)


@pytest.mark.parametrize(
    ("boxes", "detected", "found", "invented"),
    [
        ([], [], [], 0),
        ([], [BOX], [], 1),
        ([BOX], [], [False], 0),
        ([BOX], [NEAR], [True], 0),
        ([BOX], [NEAR, FAR], [True], 1),
        ([BOX], [NEAR, BOX], [True], 1),
        ([BOX, FAR], [NEAR], [True, False], 0),
        ([FAR, BOX], [NEAR, FAR], [True, True], 0),
        ([(230, 0, 250, 40)], [(230, 0, 270, 40)], [True], 0),
    ],
)
def test_a_face_is_found_where_it_is_and_once(
    boxes: list, detected: list, found: list, invented: int
) -> None:
    seen = Result.of("", Scene.of("", "", PICTURE, boxes), make_detections(*detected), 0.0)
    assert (seen.found.tolist(), seen.invented) == (found, invented)


@pytest.mark.parametrize(
    ("count", "found", "invented"), [(0, [], 2), (1, [True], 1), (3, [True, True, False], 0)]
)
def test_where_only_the_number_is_known_it_counts(count: int, found: list, invented: int) -> None:
    scene = Scene("", "", PICTURE, None, count)
    seen = Result.of("", scene, make_detections(BOX, FAR), 0.0)
    assert (seen.found.tolist(), seen.invented) == (found, invented)


def result(group: str, heights: list, found: list, invented: int = 0, kind: str = "own") -> Result:
    return Result(
        kind, group, np.array(heights, np.float32), np.array(found, np.bool_), invented, 0.02
    )


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result("things", [], [], 0)], "(0)"),
        ([result("things", [], [], 2), result("things", [], [], 1)], "(3)"),
        ([result("people", [20, 30], [True, False], 1)], "0.500 (1)"),
    ],
)
def test_a_cell_tells_the_share_found_and_the_number_invented(results: list, expected: str) -> None:
    assert cell(results) == expected


def test_a_total_leaves_out_small_faces_and_other_kinds() -> None:
    results = [
        result("first", [20, 30], [False, True], 1, kind="sizes"),
        result("second", [90], [True], kind="blur"),
        result("third", [90], [False], 5, kind="tight"),
    ]
    assert rows({"detector": results})[0] == [
        ["first", "1", "2", "0.500 (1)", ""],
        ["second", "1", "1", "1.000 (0)", ""],
        ["third", "1", "1", "0.000 (5)", ""],
        ["all faces of 24 px and more", "2", "2", "1.000 (1)", "≥ 0.96"],
        ["all tight crops", "1", "1", "0.000 (5)", "≥ 0.97"],
        ["invented in 25 pictures of people", "3", "4", "(50.00)", "≤ 1"],
    ]


def test_nothing_seen_is_no_row() -> None:
    assert rows({"detector": []}) == rows({}) == ([], [])


def test_times_are_in_those_of_one_detector() -> None:
    slow = result("a", [], [])
    fast = replace(slow, seconds=0.01)
    _, cost = rows({"slow": [slow], ONE_PASS: [fast]})
    assert cost == [[name, "20 ms,   2.0 ×", "10 ms,   1.0 ×"] for name in ("a", "all pictures")]
    assert rows({"slow": [slow]})[1][0][1:] == ["20 ms"]


SCENES = [
    ("things", Scene.of("cups", "a cup", PICTURE)),
    ("people", Scene.of("faces", "a face", PICTURE, [FACE])),
]


def canned(found: Detections, seconds: float = 0.01) -> TimedDetector:
    detector = fake_detector(found)
    return lambda image: (detector(image), seconds)


def test_no_picture_gives_no_result() -> None:
    assert detection.run({}, [], names=False) == {}
    assert detection.run({"any": canned(Detections.empty())}, [], names=False) == {"any": []}


def test_each_detector_has_a_result_for_each_picture(capsys: pytest.CaptureFixture) -> None:
    compared = {"blind": canned(Detections.empty()), "sees": canned(make_detections(FACE))}
    results = detection.run(compared, SCENES, names=True)
    assert [r.found.tolist() for r in results["blind"]] == [[], [False]]
    assert [r.found.tolist() for r in results["sees"]] == [[], [True]]
    assert [r.invented for r in results["sees"]] == [1, 0]
    printed = capsys.readouterr()
    assert printed.out == "sees invented 1: cups, a cup\n"
    assert "2 pictures" in printed.err


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

    compared = {"first": canned(make_detections(FACE)), "second": Stopped()}
    results = detection.run(compared, SCENES, names=False)
    assert {name: len(rows) for name, rows in results.items()} == {"first": 1, "second": 1}


def test_only_the_kinds_asked_for_are_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def four(_material: object) -> Iterator[Scene]:
        return iter([Scene.of("noise", str(i), PICTURE) for i in range(4)])

    monkeypatch.setitem(KINDS, "textures", four)
    given = ["--photos", ".", "--data", ".", "--kinds", "textures"]
    monkeypatch.setattr("sys.argv", ["x", *given, "--every", "2", "--own", "one pass"])
    detection.main()
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines() if line.startswith(("noise", "all without"))]
    assert rows[0] == ["noise", "2", "0", "(0)"]
    assert rows[1] == ["all", "without", "faces", "2", "0", "(0)", "(0)"]


@pytest.mark.parametrize("name", ["absent", "broken"])
def test_an_environment_without_a_detector_is_named_in_a_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "broken").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "broken").chmod(0o700)
    given = ["--photos", ".", "--data", ".", "--own", "--haar-python", str(tmp_path / name)]
    monkeypatch.setattr("sys.argv", ["x", *given])
    with pytest.raises(SystemExit) as stopped:
        detection.main()
    assert stopped.value.code == 1
    assert str(tmp_path / name) in capsys.readouterr().err


def test_every_total_is_over_kinds_that_exist() -> None:
    assert {kind for total in TOTALS for kind in total.kinds} <= KINDS.keys()


@pytest.mark.parametrize("kind", [objects, drawn, textures])
def test_nobody_is_in_them(kind: object) -> None:
    assert callable(kind)
    names = []
    for scene in kind():
        assert scene.count == 0
        assert (scene.image.dtype, scene.image.ndim, scene.image.shape[2]) == (np.uint8, 3, 3)
        names.append((scene.group, scene.name))
    assert len(names) == len(set(names)) > 10


def test_every_drawing_is_shown_and_no_two_are_the_same() -> None:
    pictures = drawings(40)
    assert {picture.shape for picture in pictures.values()} == {(40, 40, 3)}
    assert len({picture.tobytes() for picture in pictures.values()}) == len(pictures)
    names = " ".join(scene.name for scene in drawn())
    assert all(f"{name} at" in names for name in pictures)


def test_faces_are_painted_over(tmp_path: Path) -> None:
    (tmp_path / "photos.json").write_text("{}")
    (whole,) = photographs(tmp_path)
    nobody = Scene.of("photographs", "sky", whole.image)
    unknown = Scene("photographs", "unknown", whole.image, None, 1)
    assert list(without_faces([])) == list(without_faces([nobody, unknown])) == []
    (scene,) = without_faces([whole])
    assert scene.count == 0
    assert scene.image[71:177, 172:278].std(axis=(0, 1)).max() == 0
    assert (scene.image[300:] == whole.image[300:]).all()
