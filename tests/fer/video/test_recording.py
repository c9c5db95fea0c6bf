"""The analysis of recordings, and where another scene begins."""

from __future__ import annotations

import math
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from fer.export.stream import NO_FACE
from fer.images import decode
from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Image
from fer.video import recording as module
from fer.video.annotated import write_annotated
from fer.video.reading import VideoReader
from fer.video.recording import Cancelled, Progress, VideoOptions, analyse, prepared, result_of
from fer.video.scene_cuts import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, SceneCuts
from tests.fer.video.samples import beacon, even, red_stream, write_clip
from tests.samples import SHIPPED_MODEL

EVERY = VideoOptions(rate=None, smoothing_seconds=0)


def test_every_frame_has_its_rows_at_its_own_time(tmp_path: Path, spec: ModelSpec) -> None:
    times = [0.0, 0.033, 0.6, 0.61, 1.2, 1.9, 2.0]
    left = {0.6: 10.0, 0.61: 12.0, 1.2: 30.0}
    file = write_clip(tmp_path / "a.mp4", times, beacon(lambda s: left.get(round(s, 2), -1.0)))
    stream = red_stream(spec)
    found = analyse(file, stream, EVERY)
    assert found.rows.seconds == pytest.approx(times, abs=0.001)
    assert found.rows.track.tolist() == [NO_FACE, NO_FACE, 1, 1, 1, NO_FACE, NO_FACE]
    boxes = found.rows.array["box"][found.rows.has_face]
    assert boxes[:, 0] == pytest.approx([10, 12, 30], abs=2)
    assert boxes[:, 1:] == pytest.approx(np.array([[32, b + 32, 64] for b in (10, 12, 30)]), abs=2)
    assert (found.start, found.note, found.cuts) == (0.0, "", ())
    assert 2.0 < found.end < 3.0
    again = analyse(file, stream, EVERY)
    assert again.rows.track.tolist() == found.rows.track.tolist(), "it begins with nobody"


@pytest.mark.parametrize(("rate", "count"), [(None, 60), (30, 60), (60, 60), (7, 14), (0.5, 1)])
def test_the_rate_says_how_many_frames_are_analysed(
    tmp_path: Path, spec: ModelSpec, rate: float | None, count: int
) -> None:
    file = write_clip(tmp_path / "a.mp4", even(60, 30, start=1.02))
    rows = analyse(file, red_stream(spec), VideoOptions(rate=rate)).rows
    assert len(rows) == count
    if rate and count > 1:  # turns are counted from the first frame, whenever that is
        assert rows.seconds[1] == pytest.approx(math.ceil(30 / rate) / 30, abs=0.001)
    if count > 2:
        assert np.diff(rows.seconds).max() < (2.1 / 30 if rate is None else 1 / rate + 1 / 30)


def test_boxes_are_in_pixels_of_the_upright_recording(tmp_path: Path, spec: ModelSpec) -> None:
    draw = beacon(lambda s: 400, size=(1600, 900), side=200)
    file = write_clip(tmp_path / "a.mp4", even(2), draw, rotation=90, preset="ultrafast")
    rows = analyse(file, red_stream(spec), EVERY).rows
    assert (rows.array["width"] == 900).all()
    assert (rows.array["height"] == 1600).all()
    # Turned counter-clockwise, what was at x is at the bottom: 1600 − 600 to 1600 − 400.
    assert rows.array["box"] == pytest.approx(np.array([[32, 1000, 232, 1200]] * 2), abs=6)


def two_scenes(seconds: float) -> Image:
    """A red square over green clothes before a shelf, and over blue ones before a hall."""
    columns = np.arange(160) // 20 % 2 if seconds < 1 else np.arange(160) // 80 % 2
    shelf = np.where(columns[None, :, None], 90, 20).astype(np.uint8)
    picture = np.repeat(np.repeat(shelf, 96, axis=0), 3, axis=2)
    if seconds >= 1:
        picture[48:] = 60 - picture[48:] // 2
    picture[64:, 48:104] = (20, 120, 40) if seconds < 1 else (30, 40, 150)
    picture[32:64, 60:92] = (255, 0, 0)
    return picture


def test_after_a_cut_somebody_else_in_the_same_place_is_somebody_else(
    tmp_path: Path, spec: ModelSpec
) -> None:
    found = analyse(write_clip(tmp_path / "a.mp4", even(20), two_scenes), red_stream(spec), EVERY)
    assert found.cuts == pytest.approx((1.0,))
    assert found.rows.track.tolist() == [1] * 10 + [2] * 10


def test_who_is_seen_again_after_other_scenes_has_the_same_number(
    tmp_path: Path, spec: ModelSpec
) -> None:
    def draw(seconds: float) -> Image:
        return two_scenes(seconds % 2)

    found = analyse(write_clip(tmp_path / "a.mp4", even(40), draw), red_stream(spec), EVERY)
    assert found.cuts == pytest.approx((1.0, 2.0, 3.0))
    assert found.rows.track.tolist() == ([1] * 10 + [2] * 10) * 2


def test_progress_is_told_and_comes_to_its_end(tmp_path: Path, spec: ModelSpec) -> None:
    draw = beacon(lambda s: 40 * s if 0.5 <= s < 1.5 else -1)
    file = write_clip(tmp_path / "a.mp4", even(30), draw)
    told: list[Progress] = []
    shapes = []

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        shapes.append(progress.picture().shape)

    found = analyse(file, red_stream(spec), EVERY, on_progress=on_progress)
    assert (told[-1].stage, told[-1].share) == ("analysis", pytest.approx(1.0, abs=0.05))
    assert (told[-1].frames, told[-1].analysed, shapes[-1]) == (30, 30, (96, 160, 3))
    shares = [progress.share or 0.0 for progress in told]
    assert shares == sorted(shares)
    rows = [progress.rows.array for progress in told if progress.rows]
    assert np.concatenate(rows)["seconds"].tolist() == found.rows.seconds.tolist()


def test_it_stops_when_it_is_told_to(tmp_path: Path, spec: ModelSpec) -> None:
    file = write_clip(tmp_path / "a.mp4", even(30))
    answers, told = iter([False] * 5 + [True] * 99), list[Progress]()
    with pytest.raises(Cancelled):
        analyse(file, red_stream(spec), EVERY, on_progress=told.append,
                cancelled=lambda: next(answers))  # fmt: skip
    assert all(progress.frames <= 5 for progress in told)


def test_once_it_is_stopped_the_frames_before_are_the_result(
    tmp_path: Path, spec: ModelSpec
) -> None:
    file = write_clip(tmp_path / "a.mp4", even(30))
    answers = iter([False] * 5 + [True] * 99)
    found = analyse(file, red_stream(spec), EVERY, stopped=lambda: next(answers))
    whole = analyse(file, red_stream(spec), EVERY)
    assert len(found.times.seconds) == 5
    assert found.times.seconds.tolist() == whole.times.seconds[:5].tolist()


def test_files_tell_time_name_size_and_end(tmp_path: Path, spec: ModelSpec) -> None:
    clip = write_clip(tmp_path / "a.mp4", even(20), sound="aac", created="2024-05-01T10:00:00Z")
    found = analyse(clip, red_stream(spec), VideoOptions(5), portraits=False)
    assert (found.info.time, found.info.detector) == (datetime(2024, 5, 1, 10, tzinfo=UTC), "red-1")
    assert result_of(found, "holiday.mov").source == {
        "file": "holiday.mov", "width": 96, "height": 64, "codec": "h264", "has_sound": True,
        "frame_rate": found.video.frame_rate,
    }  # fmt: skip
    assert found.times.until[-1] == found.end, "the last frame stands to the end"
    assert found.times.lasted.min() > 0.1
    before = datetime.now(UTC)
    silent = analyse(write_clip(tmp_path / "b.mp4", even(2)), red_stream(spec), EVERY)
    assert before <= silent.info.time <= datetime.now(UTC)


def test_moments_have_a_portrait_of_the_people_seen_longest(
    tmp_path: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def two(seconds: float) -> Image:
        picture = two_scenes(seconds)
        if seconds >= 1.3:  # the second person is seen for a shorter time
            picture[32:64, 60:92] = 60
        return picture

    file = write_clip(tmp_path / "a.mp4", even(20), two)
    found = analyse(file, red_stream(spec), EVERY)
    assert [(m.person, m.expression, m.confidence) for m in found.moments] == [
        (1, "happy", 1.0), (2, "happy", 1.0),
    ]  # fmt: skip
    assert [m.seconds < 1 for m in found.moments] == [True, False]
    picture = decode(found.moments[0].portrait)
    assert picture.shape == (160, 160, 3)
    assert picture[..., 0].mean() > 120
    monkeypatch.setattr(module, "_MAX_MOMENTS", 1)
    assert [m.person for m in analyse(file, red_stream(spec), EVERY).moments] == [1]
    assert not analyse(file, red_stream(spec), EVERY, portraits=False).moments


def peak_of(found_in: Path, spec: ModelSpec) -> int:
    tracemalloc.start()
    analyse(found_in, red_stream(spec), VideoOptions(rate=10), portraits=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_depend_on_the_length(tmp_path: Path, spec: ModelSpec) -> None:
    short = write_clip(tmp_path / "a.mp4", even(20), beacon(lambda s: 40))
    long = write_clip(tmp_path / "b.mp4", even(600), beacon(lambda s: 40))
    peak_of(short, spec)
    assert peak_of(long, spec) < peak_of(short, spec) + 400_000


def test_a_fine_search_finds_what_a_stream_does_not(tmp_path: Path) -> None:
    def far(seconds: float) -> Image:
        picture = np.full((1080, 1920, 3), 96, np.uint8)
        face = cv2.resize(data.astronaut()[:256, 96:352], (64, 64), interpolation=cv2.INTER_AREA)
        picture[300:364, 600:664] = face
        return picture

    file = write_clip(tmp_path / "a.mp4", even(4), far, crf="10")
    usual = analyse(file, FaceStream.load(SHIPPED_MODEL), EVERY)
    fine = analyse(file, FaceStream.load(SHIPPED_MODEL, fine=True), EVERY)
    assert usual.rows.track.tolist() == [NO_FACE] * 4
    assert fine.rows.track.tolist() == [1] * 4
    assert fine.info.detector != usual.info.detector
    assert fine.rows.array["box"][:, 0] == pytest.approx([625] * 4, abs=12)


@pytest.mark.parametrize("rotation", [0, 90])
def test_who_is_upside_down_is_found_and_marked_upright(tmp_path: Path, rotation: int) -> None:
    astronaut = data.astronaut()[:256, 64:320]
    stored = np.ascontiguousarray(np.rot90(astronaut, -rotation // 90))
    upside_down = np.ascontiguousarray(stored[::-1, ::-1])
    stream = FaceStream.load(SHIPPED_MODEL)
    right = tmp_path / "a.mp4"
    wrong = tmp_path / "b.mp4"
    write_clip(right, even(6), lambda s: stored, rotation=rotation, crf="18")
    write_clip(wrong, even(6), lambda s: upside_down, rotation=rotation, crf="18")
    expected, found = (analyse(file, stream, EVERY) for file in (right, wrong))
    assert (expected.turn, expected.note) == (0, "")
    assert found.turn == 180
    assert found.note == "The picture was upside down and has been turned."
    assert found.rows.track.tolist() == expected.rows.track.tolist() == [1] * 6
    assert found.rows.array["box"] == pytest.approx(expected.rows.array["box"], abs=3)
    assert len(found.moments) == len(expected.moments) == 1
    write_annotated(wrong, found, tmp_path / "c.mp4", stream.spec)
    with VideoReader(tmp_path / "c.mp4") as reader:
        picture = next(reader.frames()).picture()
    # Below the face, where nothing is drawn, the picture is upright.
    assert np.abs(picture[200:].astype(int) - astronaut[200:]).mean() < 12


def test_where_nobody_is_either_way_nothing_is_turned(tmp_path: Path, spec: ModelSpec) -> None:
    found = analyse(write_clip(tmp_path / "a.mp4", even(6)), red_stream(spec), EVERY)
    assert (found.turn, found.note, len(found.rows)) == (0, "", 6)


#: Photographs of very different things.
SCENES = ("astronaut", "coffee", "chelsea", "rocket")


def shot(
    name: str, dx: float = 0.0, dy: float = 0.0, zoom: float = 1.0, light: float = 1.0
) -> Image:
    """Return a thumbnail of a photograph, taken from somewhat elsewhere.

    The camera stands so many widths of the picture to the right, heights below, and times nearer.
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


def cuts_in(*thumbnails: Image, rate: float = 25) -> list[bool]:
    """Return at which thumbnails, of so many a second, a scene begins."""
    is_cut = SceneCuts()
    return [is_cut(thumbnail, frame / rate) for frame, thumbnail in enumerate(thumbnails)]


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
def test_neither_moves_nor_light_are_a_cut(name: str, change: dict[str, float]) -> None:
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


def thumbnail_of(picture: Image) -> Image:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    size = (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def waving(frame: int) -> Image:
    """Draw a person who waves a large disc in front of the body."""
    picture = data.astronaut().copy()
    centre = round(256 + 230 * np.sin(frame / 2.2)), 330
    cv2.circle(picture, centre, 150, (214, 168, 140), -1)
    return picture


def test_who_waves_in_front_of_the_camera_makes_no_cut() -> None:
    thumbnails = [thumbnail_of(waving(frame)) for frame in range(60)]
    assert not any(cuts_in(*thumbnails, rate=30))


def test_an_overexposed_frame_is_no_cut() -> None:
    picture = thumbnail_of(data.astronaut())
    lighter_left = np.linspace(40, -60, THUMBNAIL_WIDTH)
    flash = np.clip(picture // 4 + 185 + lighter_left, 0, 255).astype(np.uint8)
    assert not any(cuts_in(picture, flash, flash, picture))


@pytest.mark.parametrize("name", SCENES)
def test_a_camera_may_move_farther_between_frames_that_are_farther_apart(name: str) -> None:
    steps = [shot(name, dx=0.22 * (i % 2), dy=0.05 * (i % 2)) for i in range(6)]
    assert not any(cuts_in(*steps, rate=5))


@pytest.mark.parametrize("rate", [1, 5, 25, 60])
def test_a_cut_is_one_at_any_rate(rate: float) -> None:
    for one in SCENES:
        for other in SCENES:
            found = cuts_in(shot(one), shot(one), shot(other), shot(other), rate=rate)
            assert found == [False, False, one != other, False]


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_frame_that_mixes_two_scenes_makes_one_cut(share: float) -> None:
    for one in SCENES:
        for other in SCENES:
            before, after = shot(one), shot(other)
            mixed = np.round(share * before + (1 - share) * after).astype(np.uint8)
            found = cuts_in(before, before, mixed, after, after)
            assert sum(found) == (one != other)
            assert not any(found[:2] + found[4:])


def test_a_clock_that_goes_back_is_no_cut() -> None:
    is_cut = SceneCuts()
    assert not is_cut(shot("coffee"), 5.0)
    assert not is_cut(shot("chelsea"), 1.0)
    assert is_cut(shot("coffee"), 1.1)


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
        cuts = [frame.seconds for frame in prepared(reader, 0.1, 64) if frame.is_cut]
    assert cuts == pytest.approx([1.0, 2.0, 3.0], abs=0.001)
