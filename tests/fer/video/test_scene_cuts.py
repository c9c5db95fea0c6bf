"""Where another scene begins, and what is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from fer.types import Image
from fer.video.reading import VideoReader
from fer.video.recording import prepared
from fer.video.scene_cuts import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, SceneCuts
from tests.fer.video.samples import even, write_clip

#: Photographs of very different things.
SCENES = ("astronaut", "coffee", "chelsea", "rocket")


def shot(
    name: str, dx: float = 0.0, dy: float = 0.0, zoom: float = 1.0, light: float = 1.0
) -> Image:
    """Return a thumbnail of a photograph, taken from somewhat elsewhere.

    Args:
        name: of the photograph.
        dx: how far the camera stands to the right, in widths of the picture.
        dy: how far below, in heights.
        zoom: how much nearer.
        light: factor of the brightness.
    """
    grey = cv2.cvtColor(getattr(data, name)(), cv2.COLOR_RGB2GRAY)
    height, width = grey.shape
    seen_w = 0.6 * width / zoom
    scale = THUMBNAIL_WIDTH / seen_w
    matrix = np.array(
        [
            [scale, 0, THUMBNAIL_WIDTH / 2 - scale * (width / 2 + dx * seen_w)],
            [0, scale, THUMBNAIL_HEIGHT / 2 - scale * (height / 2 + dy * seen_w * 9 / 16)],
        ]
    )
    blurred = cv2.GaussianBlur(grey, (0, 0), 0.5 / scale)
    size = (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    seen = cv2.warpAffine(blurred, matrix, size, borderMode=cv2.BORDER_REFLECT)
    return np.clip(seen * light, 0, 255).astype(np.uint8)


def cuts_in(*thumbnails: Image) -> list[bool]:
    is_cut = SceneCuts()
    return [is_cut(thumbnail) for thumbnail in thumbnails]


def test_a_recording_begins_without_a_cut() -> None:
    assert cuts_in(shot("coffee")) == [False]


def test_another_photograph_is_another_scene() -> None:
    for one in SCENES:
        for other in SCENES:
            assert cuts_in(shot(one), shot(other)) == [False, one != other]


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(
    "change",
    [{"dx": 0.15}, {"dy": -0.1}, {"zoom": 1.1}, {"zoom": 0.9}, {"light": 0.4}, {"light": 1.6}],
    ids=str,
)
def test_a_camera_that_moves_and_light_that_changes_are_no_cut(
    name: str, change: dict[str, float]
) -> None:
    assert cuts_in(shot(name), shot(name, **change)) == [False, False]


@pytest.mark.parametrize("level", [0, 16, 235, 255])
def test_a_flash_and_a_fade_through_black_end_no_scene(level: int) -> None:
    noise = np.random.default_rng(0).normal(0, 2, (THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH))
    empty = np.clip(level + noise, 0, 255).astype(np.uint8)
    assert cuts_in(shot("coffee"), empty, empty, shot("coffee")) == [False] * 4
    assert cuts_in(shot("coffee"), empty, shot("chelsea")) == [False, False, True]


def test_somebody_who_walks_through_the_picture_is_no_cut() -> None:
    thumbnails = []
    for x in range(-14, THUMBNAIL_WIDTH, 3):
        picture = shot("coffee").copy()
        picture[6:, max(0, x) : max(0, x + 14)] = 30
        thumbnails.append(picture)
    assert not any(cuts_in(*thumbnails))


def uneven(rate: int = 25, until: float = 4.0) -> list[float]:
    """Return the times of frames of which a half was dropped, those at a cut never."""
    kept = np.random.default_rng(1).random(round(until * rate)) < 0.5
    return [time for i, time in enumerate(even(len(kept), rate)) if kept[i] or i % rate == 0]


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("times", [even(100, 25), uneven()], ids=["even", "uneven"])
@pytest.mark.parametrize("speed", [30, 100])
def test_fine_detail_that_moves_is_no_cut_and_each_hard_cut_is_one(
    tmp_path: Path, rotation: int, times: list[float], speed: int
) -> None:
    """Each second shows another photograph, along which the camera moves: pixels a second."""
    width, height = 640, 360
    rng, shots = np.random.default_rng(0), []
    for name in SCENES:
        large = cv2.resize(getattr(data, name)(), (width + 120, height + 60))
        grain = rng.normal(0, 30, large.shape[:2])[..., None]
        shots.append(np.clip(large + grain, 0, 255).astype(np.uint8))

    def draw(seconds: float) -> Image:
        x = round(seconds % 1 * speed)
        return np.ascontiguousarray(shots[int(seconds)][x // 2 :, x:][:height, :width])

    file = write_clip(
        tmp_path / "a.mp4", times, draw, rotation=rotation, preset="ultrafast", crf="18"
    )
    with VideoReader(file) as reader:
        cuts = [frame.seconds for frame in prepared(reader, 0.1, 64) if frame.new_scene]
    assert cuts == pytest.approx([1.0, 2.0, 3.0], abs=0.001)
