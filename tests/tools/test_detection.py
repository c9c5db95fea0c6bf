"""What counts as found and as invented, what the table says, and where pictures have faces."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.types import Detections, Floats, Image
from tests.samples import fake_detector, make_detections
from tools import detection
from tools.detection import KINDS, Result, TimedDetector, drawn, objects, rows, textures
from tools.detection_pictures import (
    OUTSIDE,
    Portraits,
    Scene,
    clipped,
    cut_photographs,
    photographs,
    turned,
)

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
        (0, [BOX, FAR], [], 2),  # of these only the number is known
        (1, [BOX, FAR], [True], 1),
        (3, [BOX, FAR], [True, True, False], 0),
    ],
)
def test_a_face_is_found_where_it_is_and_once(
    boxes: list | int, detected: list, found: list, invented: int
) -> None:
    scene = Scene("", "", PICTURE, None, boxes) if isinstance(boxes, int) else None
    scene = scene or Scene.of("", "", PICTURE, boxes)  # type: ignore[arg-type]
    seen = Result.of("", scene, make_detections(*detected), 0.0)
    assert (seen.found.tolist(), seen.invented) == (found, invented)


def result(group: str, heights: list, found: list, invented: int = 0, kind: str = "own") -> Result:
    truth = np.array(heights, np.float32), np.array(found, np.bool_)
    return Result(kind, group, *truth, invented, 0.02)


def test_a_row_has_the_share_found_and_the_number_invented() -> None:
    assert rows({"detector": []}) == rows({}) == []
    results = [
        result("first", [20, 30], [False, True], 1, kind="sizes"),
        result("second", [90], [True], kind="blur"),
        result("third", [90], [False], 5, kind="tight"),
        result("things", [], [], 3, kind="objects"),
    ]
    assert rows({"detector": results}) == [
        ["first", "1", "2", "0.500 (1)     20 ms", ""],
        ["second", "1", "1", "1.000 (0)     20 ms", ""],
        ["third", "1", "1", "0.000 (5)     20 ms", ""],
        ["things", "1", "0", "(3)     20 ms", ""],
        ["all faces of 24 px and more", "2", "2", "1.000 (1)     20 ms", "≥ 0.96"],
        ["all tight crops", "1", "1", "0.000 (5)     20 ms", "≥ 0.97"],
        ["invented in 25 pictures of people", "3", "4", "(50.00)     20 ms", "≤ 1"],
        ["all without faces", "1", "0", "(3)     20 ms", "(0)"],
    ]


SCENES = [
    ("things", Scene.of("cups", "a cup", PICTURE)),
    ("people", Scene.of("faces", "a face", PICTURE, [BOX])),
]


def canned(found: Detections) -> TimedDetector:
    detector = fake_detector(found)
    return lambda image: (detector(image), 0.01)


def test_each_detector_has_a_result_for_each_picture(capsys: pytest.CaptureFixture) -> None:
    compared = {"blind": canned(Detections.empty()), "sees": canned(make_detections(BOX))}
    results = detection.run(compared, SCENES, names=True)
    assert [r.found.tolist() for r in results["blind"]] == [[], [False]]
    assert [r.invented for r in results["sees"]] == [1, 0]
    assert capsys.readouterr().out == "sees invented 1: cups, a cup\n"


@pytest.mark.parametrize("reason", [KeyboardInterrupt(), RuntimeError("gave no answer")])
def test_stopped_it_keeps_what_it_has(reason: BaseException) -> None:
    seen: list[Image] = []

    def stops(image: Image) -> tuple[Detections, float]:
        seen.append(image)
        if len(seen) == 2:
            raise reason
        return Detections.empty(), 0.0

    compared = {"first": canned(make_detections(BOX)), "second": stops}
    results = detection.run(compared, SCENES, names=False)
    assert {name: len(rows) for name, rows in results.items()} == {"first": 1, "second": 1}


def test_only_what_was_asked_for_is_seen_and_a_python_without_a_detector_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    four = [Scene.of("noise", str(i), PICTURE) for i in range(4)]
    monkeypatch.setitem(KINDS, "textures", lambda _: iter(four))
    given = ["x", "--photos", ".", "--data", ".", "--kinds", "textures", "--every", "2", "--own"]
    monkeypatch.setattr("sys.argv", [*given, "one pass"])
    detection.main()
    assert "\nnoise                     2      0  (0) " in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", [*given, "--haar-python", str(tmp_path / "absent")])
    with pytest.raises(SystemExit):
        detection.main()
    assert str(tmp_path / "absent") in capsys.readouterr().err


@pytest.mark.parametrize("kind", [objects, drawn, textures])
def test_nobody_is_in_pictures_of_things(kind: Callable) -> None:
    names = []
    for scene in kind():
        assert scene.count == 0
        assert (scene.image.dtype, scene.image.ndim, scene.image.shape[2]) == (np.uint8, 3, 3)
        names.append((scene.group, scene.name))
    assert len(names) == len(set(names)) > 10


def portraits(count: int) -> Portraits:
    """White faces that fill their pictures."""
    boxes = np.tile(np.array([4, 4, 44, 44], np.float32), (count, 1))
    return Portraits(np.full((count, 48, 48), 255, np.uint8), boxes)


@pytest.mark.parametrize("height", [20, 40, 100])
@pytest.mark.parametrize("middle", [(100, 80), (5, 80), (195, 150), (100, -8)])
def test_a_face_is_pasted_where_its_box_says(height: int, middle: tuple[int, int]) -> None:
    picture = np.zeros((160, 200), np.uint8)
    box = portraits(1).paste(0, picture, np.array(middle), height)
    assert (box[:2] + box[2:]) / 2 == pytest.approx(middle, abs=0.6)
    assert box[3] - box[1] == pytest.approx(height)
    left, top, right, bottom = clipped(box[None], picture)[0].round().astype(int)
    assert (picture[top + 1 : bottom - 1, left + 1 : right - 1] > 200).all()
    picture[max(0, top - height // 2) : bottom + height // 2, max(0, left - height // 2) :] = 0
    assert picture.max() == 0


def test_photographs_are_those_of_the_list(tmp_path: Path) -> None:
    names = '{"own.png": {"faces": 3}, "landscape.jpg": {"faces": 0}, "portrait.jpg": {"faces": 2}}'
    (tmp_path / "photos.json").write_text(names)
    for name in ("own.png", "landscape.jpg", "portrait.jpg"):
        cv2.imwrite(str(tmp_path / name), np.zeros((30, 40, 3), np.uint8))
    own, landscape, portrait, astronaut = photographs(tmp_path)
    assert (own.count, own.boxes) == (3, None)
    assert (landscape.count, landscape.boxes is None) == (0, False)
    # Somebody else's photograph of that name: the boxes are not those of its faces.
    assert (portrait.count, portrait.boxes) == (2, None)
    scenes = list(cut_photographs([own, landscape, portrait, astronaut]))
    assert len(scenes) == 6
    for scene in scenes:
        assert scene.boxes is not None
        outside = 1 - (scene.boxes[0, 2:] - scene.boxes[0, :2]).prod() / 106**2
        assert OUTSIDE[0] - 0.01 < outside < OUTSIDE[1] + 0.01
    (scene,) = detection.without_faces([own, landscape, astronaut])
    assert scene.count == 0
    assert scene.image[71:177, 172:278].std(axis=(0, 1)).max() == 0
    assert (scene.image[300:] == astronaut.image[300:]).all()


def spot(x: int, y: int, side: int = 21) -> tuple[Image, Floats]:
    """A black picture with a white square, and its box."""
    image, box = np.zeros((120, 160, 3), np.uint8), np.array([x, y, x + side, y + side])
    image[y : y + side, x : x + side] = 255
    return image, box.astype(np.float32)


@given(st.integers(0, 139), st.integers(0, 99), st.integers(0, 359))
def test_a_face_turns_with_its_picture(x: int, y: int, degrees: int) -> None:
    image, box = spot(x, y)
    scene = turned(Scene.of("photographs", "spot", image, [box]), "turned", degrees)
    rows, columns = np.nonzero(scene.image[..., 0] > 127)
    assert scene.boxes is not None
    left, top, right, bottom = scene.boxes[0]
    if min(left, top) > 0 and right < scene.image.shape[1] and bottom < scene.image.shape[0]:
        middle = columns.mean() + 0.5, rows.mean() + 0.5
        assert middle == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=1.2)
        assert right - left == pytest.approx(21, abs=0.01)
