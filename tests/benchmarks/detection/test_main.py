"""What counts as found and as invented."""

import numpy as np
import pytest

from benchmarks.detection.__main__ import counted
from benchmarks.detection.material import Scene
from tests.samples import make_detections

BOX, NEAR, FAR = (0, 0, 40, 40), (4, 4, 44, 44), (200, 0, 240, 40)
PICTURE = np.zeros((50, 250, 3), np.uint8)


@pytest.mark.parametrize(
    ("boxes", "found", "expected"),
    [
        ([], [], (0, 0)),
        ([], [BOX], (0, 1)),
        ([BOX], [], (0, 0)),
        ([BOX], [NEAR], (1, 0)),
        ([BOX], [NEAR, FAR], (1, 1)),
        ([BOX, FAR], [NEAR], (1, 0)),
    ],
)
def test_a_face_is_found_where_it_is(boxes: list, found: list, expected: tuple) -> None:
    truth = np.array(boxes, np.float32).reshape(-1, 4)
    scene = Scene("kind", "name", PICTURE, truth, len(boxes))
    assert counted(scene, make_detections(*found)) == expected


@pytest.mark.parametrize(("count", "expected"), [(0, (0, 2)), (1, (1, 1)), (3, (2, 0))])
def test_where_only_the_number_is_known_it_counts(count: int, expected: tuple) -> None:
    scene = Scene("kind", "name", PICTURE, None, count)
    assert counted(scene, make_detections(BOX, FAR)) == expected
