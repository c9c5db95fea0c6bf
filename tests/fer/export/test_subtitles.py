import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.export.stream import HeadLabels, StreamResult, StreamRows, gaps, off_spans, row_type
from fer.export.subtitles import Cue, cues, srt, webvtt
from tests.fer.export.samples import HAPPY, HEADS, INFO, rows, steady


def said(script: str, **about: object) -> list[tuple[int, int, str]]:
    """Return start, end and text of each cue of a script with ten frames a second."""
    result = replace(StreamResult(steady(script), INFO), **about)
    return [(cue.start, cue.end, ", ".join(cue.lines)) for cue in cues(result)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        ("h", []),
        ("." * 20, []),
        ("o" * 20, []),
        ("h" * 10, [(0, 1000, "happy")]),
        ("u" * 10, [(0, 1000, "uncertain")]),
        ("h" * 10 + "s" * 5, [(0, 1000, "happy"), (1000, 1500, "sad")]),
        ("." * 10 + "h" * 10 + "." * 10, [(1000, 2000, "happy")]),
        ("h" * 10 + "_" * 20 + "h" * 10, [(0, 1000, "happy"), (3000, 4000, "happy")]),
        ("h" * 10 + "o" * 3 + "h" * 10, [(0, 1000, "happy"), (1300, 2300, "happy")]),
    ],
    ids=[
        *("nothing", "no time", "nobody", "off", "one", "unsure", "a change", "in view", "a gap"),
        "a moment off",
    ],
)
def test_equal_frames_are_one_cue(script: str, expected: list[tuple[int, int, str]]) -> None:
    assert said(script) == [(a, b, f"Person 1: {answer}") for a, b, answer in expected]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("hhhhhhhhsshhhhhh", ["happy"]),
        ("hhhhhhhh..hhhhhh", ["happy"]),
        ("........hh......", []),
        ("hhhhhhhhuussssss", ["happy", "sad"]),
        ("hhhshshshs", ["happy"]),
        ("sshhhhhhhhss", ["happy"]),
        ("hhs", ["happy"]),
        ("h" * 6 + "s" * 4 + "u" * 4 + "s" * 6, ["happy", "sad"]),
    ],
)
def test_a_flicker_is_taken_for_what_lasts_longer_beside_it(
    script: str, expected: list[str]
) -> None:
    assert [text.removeprefix("Person 1: ") for _, _, text in said(script)] == expected


def test_a_cut_ends_a_cue_and_a_short_scene_keeps_its_own() -> None:
    cut = said("h" * 10 + "s" * 2 + "h" * 10, cuts=(1.0, 1.2))
    assert [text for _, _, text in cut] == [f"Person 1: {e}" for e in ("happy", "sad", "happy")]
    assert [start for start, _, _ in cut] == [0, 1000, 1200]
    [first, second] = said("h" * 10, cuts=(0.55,))
    assert (first[1], second[0]) == (550, 600), "the frame before a cut stands no longer than that"


PEOPLE = (1, 2, 3)
FRAME = st.one_of(
    st.just("off"), st.fixed_dictionaries({n: st.sampled_from(["", "h", "s", "u"]) for n in PEOPLE})
)
#: Seconds to the next frame, and how many frames are the same.
FRAMES = st.lists(
    st.tuples(FRAME, st.sampled_from([0.04, 0.1, 0.7, 1.0, 5.0]), st.integers(1, 9)), max_size=25
)


def session(frames: list, **about: object) -> StreamResult:
    now, parts = 0.0, [StreamRows.empty(HEADS).array]
    for shown, gap, count in frames:
        for _ in range(count):
            signs = {n: sign for n, sign in shown.items() if sign} if shown != "off" else {}
            frame = steady("".join(signs.values()) or ("o" if shown == "off" else ".")).array
            frame["seconds"] = now
            if signs:
                frame["track"] = list(signs)
            parts.append(frame)
            now += gap
    return replace(StreamResult(StreamRows(np.concatenate(parts), HEADS), INFO), **about)


@given(FRAMES, st.lists(st.floats(0, 60), max_size=3).map(sorted), st.booleans())
def test_cues_hold_to_what_was_seen(frames: list, cuts: list[float], recorded: bool) -> None:
    result = session(frames, cuts=tuple(cuts), recorded=recorded)
    found = cues(result)
    assert all(a.end <= b.start for a, b in pairwise(found)), "none overlaps another"
    last = result.times.until[-1] if found else 0
    nothing = gaps(result.rows, 0.0, last, gap_seconds=result.gap_seconds)
    for cue in found:
        start, end = cue.start / 1000, cue.end / 1000
        assert cue.start < cue.end
        assert cue.lines
        assert not any(start < cut - 1e-3 and cut + 1e-3 < end for cut in cuts)
        for a, b in [*nothing, *off_spans(result.times)]:
            assert end <= a + 1e-3 or b <= start + 1e-3, "nothing is said of what nobody saw"
        for line in cue.lines:
            person, answer = re.fullmatch(r"Person (\d): (\w+)", line).groups()
            faces = result.rows.take(result.rows.track == int(person))
            sign = {"happy": 0, "sad": 1}.get(answer)
            same = faces.array["uncertain"] if sign is None else (
                (faces.probabilities.argmax(axis=1) == sign) & ~faces.array["uncertain"]
            )  # fmt: skip
            near = (faces.seconds > start - 60) & (faces.seconds < end + 60)
            assert (same & near).any()


@given(FRAMES)
def test_what_lasts_is_shown_as_it_is(frames: list) -> None:
    """With stretches of a second, nothing is a flicker, and every frame is in a cue of its own."""
    result = session([(shown, 0.1, 10) for shown, _, _ in frames])
    found = cues(result)
    names = [*result.rows.labels, "uncertain"]
    for i, seconds in enumerate(result.times.seconds.tolist()):
        frame = result.rows.take((result.times.frame == i) & result.rows.has_face)
        expected = [
            f"Person {row['track']}: "
            f"{names[-1] if row['uncertain'] else names[int(row['probabilities'].argmax())]}"
            for row in np.sort(frame.array, order="track")
        ]
        middle = 1000 * seconds + 1
        assert [list(c.lines) for c in found if c.start <= middle < c.end] == (
            [expected] if expected else []
        )


def read_back(file: Path) -> list[tuple[int, int, str]]:
    """Return start, end and text of each cue as FFmpeg reads the file."""
    with av.open(str(file)) as opened:
        return [
            (
                round(1000 * packet.pts * packet.time_base),
                round(1000 * (packet.pts + packet.duration) * packet.time_base),
                bytes(packet).decode(),
            )
            for packet in opened.demux()
            if packet.size
        ]


@pytest.mark.parametrize(("write", "ending"), [(webvtt, ".vtt"), (srt, ".srt")])
def test_players_read_the_files(
    write: Callable[[StreamResult], str], ending: str, tmp_path: Path
) -> None:
    result = session([({1: "h", 2: ""}, 0.1, 10), ({1: "h", 2: "u"}, 0.1, 10), ("off", 0.1, 10)])
    file = tmp_path / f"seen{ending}"
    file.write_text(write(result), encoding="utf-8")
    assert read_back(file) == [
        (0, 1000, "Person 1: happy"),
        (1000, 2000, "Person 1: happy\nPerson 2: uncertain"),
    ]


def test_the_files_of_a_session_without_anybody() -> None:
    nobody = StreamResult(steady("." * 20), INFO)
    assert webvtt(nobody) == "WEBVTT\n"
    assert srt(nobody) == ""


def test_times_and_signs_are_written_as_the_formats_want_them() -> None:
    late = 100 * 3600 + 59.9996
    labels = ("a <b> & c --> d\n\ne",)
    heads = (HeadLabels("odd", labels),)
    array = np.zeros(11, row_type(labels))
    array["seconds"], array["track"], array["probabilities"] = late + np.arange(11) / 10, 1, 1
    result = StreamResult(StreamRows(array, heads), INFO, end=late + 1)
    assert webvtt(result) == (
        "WEBVTT\n\n100:01:00.000 --> 100:01:01.000\nPerson 1: a &lt;b&gt; &amp; c --&gt; d e\n"
    )
    assert srt(result) == ("1\n100:01:00,000 --> 100:01:01,000\nPerson 1: a <b> & c → d e\n")


def test_a_cue_that_is_no_millisecond_long_is_left_out() -> None:
    short = StreamResult(rows((0.0001, 1, HAPPY), (0.0002, 1, HAPPY)), INFO, end=0.0004)
    assert cues(short) == []
    assert cues(replace(short, end=0.002)) == [Cue(0, 2, ("Person 1: happy",))]
