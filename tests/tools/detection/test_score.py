"""What counts as found and as invented, and what the tables tell of it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.detection.material import Scene
from benchmarks.detection.score import Result, Total, cell, counted, found_rows, time_rows
from tests.samples import make_detections

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
    mask, count = counted(Scene.of("", "", PICTURE, boxes), make_detections(*detected))
    assert (mask.tolist(), count) == (found, invented)


@pytest.mark.parametrize(
    ("count", "found", "invented"), [(0, [], 2), (1, [True], 1), (3, [True, True, False], 0)]
)
def test_where_only_the_number_is_known_it_counts(count: int, found: list, invented: int) -> None:
    mask, extra = counted(Scene("", "", PICTURE, None, count), make_detections(BOX, FAR))
    assert (mask.tolist(), extra) == (found, invented)


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
        result("first", [20, 30], [False, True], 1),
        result("second", [90], [True]),
        result("third", [90], [False], 5, kind="other"),
    ]
    total = Total("all large", "≥ 0.9", ("own",), least_height=24)
    ghosts = Total("in 10", "≤ 1", ("own",), per_pictures=10)
    nothing = Total("of no kind that ran", "", ("absent",))
    assert found_rows({"detector": results}, (total, ghosts, nothing)) == [
        ("first", "1", "2", "0.500 (1)", ""),
        ("second", "1", "1", "1.000 (0)", ""),
        ("third", "1", "1", "0.000 (5)", ""),
        ("all large", "2", "2", "1.000 (1)", "≥ 0.9"),
        ("in 10", "2", "3", "(5.00)", "≤ 1"),
    ]


def test_nothing_seen_is_no_row() -> None:
    total = Total("all", "", ("own",))
    assert found_rows({"detector": []}, (total,)) == []
    assert time_rows({"detector": []}, "detector") == []


def test_times_are_told_in_those_of_one_detector() -> None:
    slow = result("a", [], [])
    fast = replace(slow, seconds=0.01)
    rows = time_rows({"slow": [slow], "fast": [fast]}, "fast")
    assert [cells[0] for cells in rows] == ["a", "all pictures"]
    assert rows[0][1:] == ("20 ms,   2.0 ×", "10 ms,   1.0 ×")
    assert time_rows({"slow": [slow]}, "fast")[0][1:] == ("20 ms",)
