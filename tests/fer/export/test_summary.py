import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.export.stream import NO_FACE, StreamResult, StreamRows
from fer.export.summary import summary_json, summary_record, surest_moments
from tests.fer.export.samples import HAPPY, HEADS, INFO, NOBODY, SAD, rows, steady


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from([HAPPY, SAD, NOBODY])), max_size=60))
def test_every_answered_expression_of_everybody_has_one_moment(
    seen: list[tuple[int, tuple[float, float, float]]],
) -> None:
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
