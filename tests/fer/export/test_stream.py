"""How long each frame of a session stands, its summary and its subtitles."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.export.sessions import summary_json, summary_record, surest_moments
from fer.export.stream import (
    GAP_SECONDS,
    NO_FACE,
    OFF_GAP_SECONDS,
    FrameTimes,
    HeadLabels,
    StreamResult,
    StreamRows,
    gaps,
    off_spans,
    row_type,
    shares,
)
from fer.export.subtitles import Cue, cues, srt, webvtt
from tests.fer.export.samples import HAPPY, HEADS, INFO, NOBODY, SAD, rows, steady


@pytest.mark.parametrize(
    ("times", "lasted"),
    [
        ([], []),
        ([3.0], [0.0]),
        ([0.0, 0.2], [0.2, 0.2]),
        ([0.0, 0.2, 9.0], [0.2, 0.2, 0.2]),
        ([0.0, 2.5, 5.0], [GAP_SECONDS] * 3),
    ],
    ids=["none", "one", "two", "before a gap", "a slow analysis"],
)
def test_a_frame_stands_until_the_next_or_a_hole(times: list[float], lasted: list[float]) -> None:
    nobody = rows(*[(t, NO_FACE, NOBODY) for t in times])
    assert FrameTimes.of(nobody).lasted == pytest.approx(lasted)


@pytest.mark.parametrize(
    ("times", "until", "expected"),
    [
        ([], 50.5, []),
        ([], 60.0, [(50.0, 60.0)]),
        ([50.2, 50.4, 50.6], 51.0, []),
        ([50.2, 50.4, 50.6], 55.0, [(50.8, 55.0)]),
        ([53.0, 53.1, 60.0, 60.1], 60.1, [(50.0, 53.0), (53.2, 60.0)]),
    ],
    ids=["just begun", "nothing came", "now", "stalls now", "stopped twice"],
)
def test_holes_are_where_nothing_was_analysed(
    times: list[float], until: float, expected: list[tuple[float, float]]
) -> None:
    nobody = rows(*[(t, NO_FACE, NOBODY) for t in times])
    assert np.array(gaps(nobody, 50.0, until)) == pytest.approx(np.array(expected))


def test_time_is_shared_among_expressions_and_holes_count_for_none() -> None:
    sums = shares(rows((0.0, 1, HAPPY), (0.2, 1, SAD), (0.5, NO_FACE, NOBODY), (60.0, 1, SAD)))
    assert sums.tracks == [1]
    # The frames before the hole and at the end stand for as long as the others, 0.25 s.
    assert sums.seconds[0] == pytest.approx([0.2, 0.3 + 0.25, 0, 0])


def test_in_a_recording_a_frame_stands_until_the_next_the_cut_or_the_end() -> None:
    slow = rows((0.0, 1, HAPPY), (5.0, 1, SAD), (60.0, 1, HAPPY))
    assert StreamResult(slow, INFO).times.lasted.tolist() == [1.0, 1.0, 1.0], "a camera may stop"
    recorded = StreamResult(slow, INFO, recorded=True, end=61.5)
    assert recorded.times.lasted.tolist() == [5.0, 55.0, 1.5]
    assert gaps(slow, 0.0, 61.5, gap_seconds=recorded.gap_seconds) == []
    assert shares(slow, recorded.times).seconds.tolist() == [[6.5, 55.0, 0.0, 0.0]]
    cut = StreamResult(slow, INFO, recorded=True, cuts=(0.25, 5.0, 61.0), end=61.5)
    assert cut.times.lasted.tolist() == [0.25, 55.0, 1.0]
    nothing = FrameTimes.of(StreamRows.empty(HEADS), end=5.0)
    assert (len(nothing.seconds), len(nothing.frame), off_spans(nothing)) == (0, 0, [])


def test_a_camera_that_is_off_sends_few_frames_and_only_a_longer_stop_is_a_hole() -> None:
    frames = [steady("hhhhh"), steady("ooo", rate=0.8, start=0.5), steady("hh", start=4.25)]
    seen = StreamRows(np.concatenate([part.array for part in frames]), HEADS)
    assert off_spans(FrameTimes.of(seen)) == [pytest.approx((0.5, 4.25))]
    assert gaps(seen, 0.0, 4.4) == []
    assert shares(seen).seconds[0, 0] == pytest.approx(0.7)
    later = 0.3 + OFF_GAP_SECONDS
    assert gaps(steady("oooo"), 0.0, later) == []
    assert gaps(steady("oooo"), 0.0, later + 1) == [pytest.approx((0.4, later + 1))]


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from([HAPPY, SAD, NOBODY])), max_size=60))
def test_each_expression_has_one_moment(seen: list[tuple[int, tuple[float, float, float]]]) -> None:
    found = rows(*[(0.1 * i, NO_FACE if p == NOBODY else t, p) for i, (t, p) in enumerate(seen)])
    moments = found.take(surest_moments(found))
    shown = {(t, int(np.argmax(p))) for t, p in seen if p != NOBODY}
    assert [
        *zip(moments.track.tolist(), moments.probabilities.argmax(axis=1).tolist(), strict=True)
    ] == sorted(shown)
    assert surest_moments(steady("uo.")).tolist() == []


def test_a_moment_within_a_run_counts_for_more_than_a_flicker_or_an_edge() -> None:
    seen = steady("hhhhhhhhsshsss")
    confidence = seen.array["probabilities"][:, 0]
    confidence[[10, 0, 4]] = 0.99, 0.95, 0.85  # a flicker, where the run begins, and within it
    assert surest_moments(seen).tolist() == [4, 8], "no sad run is long enough, so the first sad"
    long = steady("h" * 20)
    long.array["probabilities"][[2, 3, 16, 17], 0] = 0.99, 0.9, 0.91, 0.99
    assert surest_moments(long).tolist() == [16], "0.3 s from either end"


@pytest.mark.parametrize("between", ["u", "s", "_" * 20, "h"], ids=["unsure", "other", "hole", ""])
def test_what_interrupts_a_run(between: str) -> None:
    seen = steady(f"hhhh{between}hhhhhhh")
    if between == "h":  # the head changes
        seen = StreamRows(seen.array, HEADS * 2)
        seen.array["head"][5:] = 1
    seen.array["probabilities"][(seen.track == 1) & (seen.seconds < 0.35), 0] = 0.9
    [happy] = [i for i in surest_moments(seen).tolist() if seen.probabilities[i].argmax() == 0]
    assert seen.seconds[happy] > 0.35


def test_each_person_has_time_shares_and_surest_moments() -> None:
    seen = steady("hhhhhhhhss" + "uu" + "." * 8 + "ooooo")
    seen.array["probabilities"][4, 0] = 0.95
    told = summary_record(StreamResult(seen, INFO))
    assert (told["first_second"], told["last_second"], told["seconds"]) == (0.0, 2.5, 2.5)
    assert (told["frames"], told["note"]) == (25, "")
    assert told["camera_off_seconds"] == pytest.approx(0.5)
    [person] = told["people"]
    assert (person["person"], person["seconds"]) == (1, pytest.approx(1.2))
    assert person["shares"] == pytest.approx(
        {"happy": 2 / 3, "sad": 1 / 6, "neutral": 0, "uncertain": 1 / 6}, abs=1e-3
    )
    assert person["surest_moments"] == [
        {
            "expression": expression,
            "seconds": seconds,
            "time": f"2026-03-01T23:59:59.{1000 * seconds:03.0f}+00:00",
            "confidence": confidence,
        }
        for expression, seconds, confidence in (("happy", 0.4, 0.95), ("sad", 0.8, 0.7))
    ]


def test_a_session_without_frames_and_a_recording_s_cuts_note_and_file_are_told() -> None:
    told = summary_record(StreamResult(steady(""), INFO))
    assert (told["people"], told["seconds"], told["frames"]) == ([], 0.0, 0)
    assert told["model"] == {"name": "compact", "sha256": "ab" * 32}
    assert told["detector"] == "stream-1 (nets 2.0)"
    assert told["started"] == "2026-03-01T23:59:59.000+00:00"
    seen = rows((1.0, 1, HAPPY), (3.0, 2, SAD))
    result = StreamResult(
        seen, INFO, recorded=True, cuts=(2.5,), end=4.0, note="ended", source={"file": "a.mov"}
    )
    told = json.loads(summary_json(result))
    assert (told["file"], told["cuts"], told["note"]) == ("a.mov", [2.5], "ended")
    assert {p["person"]: p["seconds"] for p in told["people"]} == {1: 1.5, 2: 1.0}
    assert (told["first_second"], told["last_second"], told["seconds"]) == (1.0, 4.0, 3.0)


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
def test_a_flicker_is_taken_for_what_lasts_longer(script: str, expected: list[str]) -> None:
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
def test_players_read_it(write: Callable[[StreamResult], str], ending: str, tmp_path: Path) -> None:
    result = session([({1: "h", 2: ""}, 0.1, 10), ({1: "h", 2: "u"}, 0.1, 10), ("off", 0.1, 10)])
    assert write(StreamResult(steady("." * 20), INFO)) == {".vtt": "WEBVTT\n", ".srt": ""}[ending]
    file = tmp_path / f"seen{ending}"
    file.write_text(write(result), encoding="utf-8")
    assert read_back(file) == [
        (0, 1000, "Person 1: happy"),
        (1000, 2000, "Person 1: happy\nPerson 2: uncertain"),
    ]


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
