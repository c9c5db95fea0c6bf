"""Results in words and pictures: what is drawn, where, in which colour; the sample clip."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import cv2
import numpy as np
import pytest

from app.core import charts
from app.core import text as words
from app.core.pictures import (
    MAX_SIDE,
    MIN_SIDE,
    PORTRAIT_SIDE,
    marked_jpeg,
    marked_png,
    portrait_jpegs,
    small_jpeg,
)
from app.core.sample_clip import _WALL, AWAY, RATE, SECONDS, SampleClip
from app.core.settings import SAMPLE
from fer.detection.blazeface import BlazeFace
from fer.labels import COLOURS, FER2013_LABELS, FERPLUS_LABELS, colour_of
from fer.types import ISSUES, UNCERTAIN, Faces, Image
from tests.app.samples import LABELS, faces_of
from tests.samples import ROOT, make_detections


@pytest.mark.parametrize(
    ("shares", "issues", "sentence"),
    [
        ((1.0, 0.0, 0.0), (), "happy >99%"),
        ((0.5, 0.3, 0.2), (), "happy 50%"),
        ((0.3, 0.45, 0.25), (), "uncertain: sad 45%, happy 30% or neutral 25%"),
        ((0.05, 0.45, 0.4), (), "uncertain: sad 45% or neutral 40%"),
        ((0.6, 0.3, 0.1), ("small", "dark"),
         "uncertain: happy 60% or sad 30% (small: 40 pixels wide, dark)"),
        ((0.9, 0.1, 0.0), ("blurred", "turned"), "happy 90% (blurred, turned away)"),
    ],
)  # fmt: skip
def test_a_verdict_in_one_line(
    shares: tuple[float, float, float], issues: tuple[str, ...], sentence: str
) -> None:
    (verdict,) = words.verdicts(faces_of(shares, issues=issues))
    assert verdict.sentence == sentence
    assert verdict.sure == (not sentence.startswith("uncertain"))


@pytest.mark.parametrize(
    ("names", "text"), [("a", "a"), ("abc", "a, b and c"), ("abcde", "a, b, c and 2 more")]
)
def test_a_few_names_are_listed(names: str, text: str) -> None:
    assert words.listed(names) == text


def test_expressions_have_icons_and_colours() -> None:
    assert words.ICONS.keys() == COLOURS.keys()
    assert len(set(words.ICONS.values())) == len(words.ICONS)
    assert words.icon_of("bored") == words.OTHER_ICON
    assert words.icon_of(UNCERTAIN) not in {*words.ICONS.values(), words.OTHER_ICON}
    assert words.ISSUE_ICONS.keys() == set(ISSUES)
    assert words.legend([]) == ""
    assert words.legend(["uncertain"], {"uncertain": "3"}) == "▨\u00a0uncertain\u00a0**3**"
    first, second = words.legend(["sad", "happy"]).split("\u2002 ")
    assert colour_of("sad") in first
    assert first.endswith("sad")
    assert colour_of("happy") in second


@pytest.mark.parametrize(
    ("name", "shown"),
    [("holiday 2024", "holiday 2024"), ("a_b*c.jpg", r"a\_b\*c\.jpg"), ("[x](y)", r"\[x\]\(y\)"),
     (":material/face:", r"\:material/face\:"), ("$1$ <b>", r"\$1\$ \<b\>")],
)  # fmt: skip
def test_names_are_not_markdown(name: str, shown: str) -> None:
    assert words.escape_markdown(name) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(9.9, "some seconds left"), (10, "about 10 seconds left"), (89, "about 90 seconds left"),
     (90, "about 2 minutes left")],
)  # fmt: skip
def test_the_time_left_is_no_more_exact_than_it_is_known(seconds: float, said: str) -> None:
    assert words.left(seconds) == said


@pytest.mark.parametrize(("faces", "said"), [(2, "about 10 seconds"), (210, "about 10 minutes")])
def test_a_few_faces_are_not_a_minute_of_work(faces: int, said: str) -> None:
    assert words.about(60 * faces / 21) == said


@pytest.mark.parametrize(
    ("ahead", "places", "said"),
    [(0, 1, "one recording at a time. Yours is next."),
     (1, 2, "2 recordings at a time. One more"), (4, 1, "4 more are before yours.")],
)  # fmt: skip
def test_who_waits_knows_for_what(ahead: int, places: int, said: str) -> None:
    assert said in words.waiting_line(ahead, places, "recording")


def decoded(data: bytes) -> Image:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def face_at(*box: float) -> Faces:
    return Faces.of(make_detections(box), np.array([[1, 0, 0]], np.float32), LABELS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "shown"),
    [((16, 32), (MIN_SIDE // 2, MIN_SIDE)), ((800, 1000), (800, 1000)),
     ((4000, 2000), (MAX_SIDE, MAX_SIDE // 2))],
)  # fmt: skip
def test_a_picture_suits_a_browser(size: tuple[int, int], shown: tuple[int, int]) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    assert decoded(marked_jpeg(image, faces_of())).shape[:2] == shown


def test_marks_and_cut_outs_are_where_the_face_is() -> None:
    image = np.full((3200, 3200, 3), 128, np.uint8)
    shown = decoded(marked_jpeg(image, face_at(1600, 1600, 2400, 2400)))
    painted = np.argwhere(np.abs(shown.astype(int) - 128).max(axis=2) > 60)
    assert painted.min(axis=0).tolist()[1] == pytest.approx(800, abs=12)
    assert painted.max(axis=0).tolist() == pytest.approx([1200, 1200], abs=12)
    image = np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8)
    full = decoded(marked_png(image, face_at(100, 100, 200, 200)))
    assert full.shape == image.shape
    assert np.array_equal(full[220:], image[220:])
    assert not np.array_equal(full, image)
    image = np.zeros((400, 600, 3), np.uint8)
    image[180:220, 280:320] = 255
    (portrait,) = portrait_jpegs(image, face_at(260, 160, 340, 240))
    bright = np.argwhere(decoded(portrait).mean(axis=2) > 128)
    assert bright.mean(axis=0).tolist() == pytest.approx([PORTRAIT_SIDE / 2] * 2, abs=3)


@pytest.mark.parametrize("box", [(-40, -40, 60, 60), (150, 90, 400, 340), (10, 10, 11, 11)])
def test_a_face_is_cut_out_square_wherever_it_is(box: tuple[float, ...]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    (portrait,) = portrait_jpegs(image, face_at(*box))
    assert decoded(portrait).shape == (PORTRAIT_SIDE, PORTRAIT_SIDE, 3)


@pytest.mark.parametrize(
    ("size", "shown"), [((16, 32), (16, 32)), ((3000, 4000), (144, 192)), ((4000, 20), (192, 1))]
)
def test_a_thumbnail_is_small(size: tuple[int, int], shown: tuple[int, int]) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    assert decoded(small_jpeg(image, 192, 80)).shape[:2] == shown


SHARES = np.array([0.02, 0.0, 0.03, 0.9, 0.01, 0.04, 0.0], np.float32)


def test_bars_keep_the_order_of_the_labels_so_that_faces_compare() -> None:
    figure = charts.probability_bars(SHARES, FER2013_LABELS, ink="#123456")
    bars = figure.data[0]
    assert list(bars.y) == list(FER2013_LABELS)
    assert list(bars.x) == pytest.approx(SHARES.tolist())
    assert list(bars.marker.color) == [colour_of(label) for label in FER2013_LABELS]
    assert figure.layout.xaxis.range[1] > 1.1, "a full bar leaves room for its figure"
    assert bars.textfont.color == figure.layout.yaxis.tickfont.color == "#123456"
    more = charts.probability_bars(np.append(SHARES, np.float32(0)), FERPLUS_LABELS)
    margins = figure.layout.margin.t + figure.layout.margin.b
    for one, rows in ((figure, 7), (more, 8)):
        assert one.layout.height - margins == 23 * rows, "a row is as high wherever it is"
    assert list(bars.text) == ["2%", "<1%", "3%", "90%", "1%", "4%", "<1%"]


BEFORE_PANDAS = """
import sys, numpy as np
from app.core import charts
made = []
@charts.after_pandas
def make(value):
    made.append((value, hasattr(sys.modules.get("pandas"), "Series")))
assert "pandas" not in sys.modules
make(1)
print(made)
print(charts.probability_bars.__code__ is make.__code__)
"""


def test_pandas_is_whole_before_a_figure_is_made_and_not_there_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_PANDAS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[(1, True)]", "True"]


def test_the_sample_clip_moves_leaves_and_comes_back() -> None:
    clip = SampleClip(SAMPLE)
    detector = BlazeFace()
    seen = {t: len(detector(clip.frame(t))) for t in np.arange(0, SECONDS, 1.0).tolist()}
    far = {t: count for t, count in seen.items() if not AWAY[0] - 1.5 < t < AWAY[1] + 1.5}
    assert set(far.values()) == {1}
    assert {count for t, count in seen.items() if AWAY[0] <= t < AWAY[1]} == {0}
    times = np.arange(10, SECONDS - 4, 1 / RATE).tolist()
    frames = [clip.frame(t).astype(np.int16) for t in times]
    changes = [np.abs(b - a).mean() for a, b in pairwise(frames)]
    still = [change == 0 for change in changes]
    assert max(changes) < 60
    assert 3 * RATE < sum(still) < 4 * RATE, "it is out of view a little before it is away"
    assert (clip.frame(1.0) == clip.frame(1.0 + SECONDS)).all()
    wall = clip.frame(AWAY[0])
    assert wall.shape == (480, 640, 3)
    assert (wall[:, 0] == _WALL[0]).all()
    assert (wall[:, -1] == _WALL[1]).all()
