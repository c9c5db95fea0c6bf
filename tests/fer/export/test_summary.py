import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.export.stream import NO_FACE, StreamResult, StreamRows
from fer.export.summary import SETTLED_SECONDS, summary_json, summary_record, surest_moments
from tests.fer.export.samples import HAPPY, HEADS, INFO, NOBODY, SAD, rows, steady


@pytest.mark.parametrize("seen", ["", "...", "ooo", "uuu"], ids=["none", "nobody", "off", "unsure"])
def test_where_nothing_was_answered_there_is_no_moment(seen: str) -> None:
    assert surest_moments(steady(seen)).tolist() == []


def test_each_person_and_expression_has_its_surest_moment() -> None:
    seen = rows((0.0, 2, SAD), (0.1, 1, HAPPY), (0.1, 2, (0.1, 0.9, 0)), (0.2, 1, SAD))
    found = seen.take(surest_moments(seen))
    assert found.track.tolist() == [1, 1, 2]
    assert found.probabilities.argmax(axis=1).tolist() == [0, 1, 1]
    assert found.seconds.tolist() == [0.1, 0.2, 0.1]


def test_a_moment_within_a_run_counts_for_more_than_a_flicker_or_an_edge() -> None:
    seen = steady("hhhhhhhhsshsss")
    confidence = seen.array["probabilities"][:, 0]
    confidence[10] = 0.99  # a flicker
    confidence[0] = 0.95  # where the run begins
    confidence[4] = 0.85
    happy, sad = surest_moments(seen).tolist()
    assert happy == 4
    assert sad == 8, "no sad run is long enough, so the first of the surest counts"


@pytest.mark.parametrize("between", ["u", "s", "_" * 20], ids=["unsure", "another", "a hole"])
def test_what_interrupts_a_run(between: str) -> None:
    seen = steady(f"hhhh{between}hhhhhhh")
    alone = seen.track == 1
    seen.array["probabilities"][alone & (seen.seconds < 0.35), 0] = 0.9
    [happy] = [i for i in surest_moments(seen).tolist() if seen.probabilities[i].argmax() == 0]
    assert seen.seconds[happy] > 0.35


def test_a_change_of_the_head_ends_a_run() -> None:
    seen = steady("h" * 8)
    seen.array["head"][4:] = 1
    two = StreamRows(seen.array, HEADS * 2)
    two.array["probabilities"][1, 0] = 0.9
    assert surest_moments(two).tolist() == [1], "no run is long enough, so the surest of all counts"


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from([HAPPY, SAD, NOBODY])), max_size=60))
def test_every_answered_expression_of_everybody_has_one(
    seen: list[tuple[int, tuple[float, float, float]]],
) -> None:
    found = rows(*[(0.1 * i, NO_FACE if p == NOBODY else t, p) for i, (t, p) in enumerate(seen)])
    moments = found.take(surest_moments(found))
    shown = {(t, int(np.argmax(p))) for t, p in seen if p != NOBODY}
    assert [
        *zip(moments.track.tolist(), moments.probabilities.argmax(axis=1).tolist(), strict=True)
    ] == sorted(shown)


def test_a_settled_moment_is_as_far_from_both_ends_as_it_says() -> None:
    seen = steady("h" * 20, rate=10)
    seen.array["probabilities"][-2, 0] = 0.9
    [moment] = surest_moments(seen)
    assert SETTLED_SECONDS <= seen.seconds[moment] <= seen.seconds[-1] - SETTLED_SECONDS


def test_a_session_without_frames_has_no_people_and_no_length() -> None:
    told = summary_record(StreamResult(steady(""), INFO))
    assert (told["people"], told["seconds"], told["frames"], told["note"]) == ([], 0.0, 0, "")
    assert told["model"] == {"name": "compact", "sha256": "ab" * 32}
    assert told["detector"] == "stream-1 (nets 2.0)"
    assert told["started"] == "2026-03-01T23:59:59.000+00:00"


def test_each_person_has_time_shares_and_surest_moments() -> None:
    seen = steady("hhhhhhhhss" + "uu" + "." * 8)
    seen.array["probabilities"][4, 0] = 0.95
    told = summary_record(StreamResult(seen, INFO))
    assert (told["first_second"], told["last_second"], told["seconds"]) == (0.0, 2.0, 2.0)
    [person] = told["people"]
    assert (person["person"], person["seconds"]) == (1, pytest.approx(1.2))
    assert person["shares"] == pytest.approx(
        {"happy": 2 / 3, "sad": 1 / 6, "neutral": 0, "uncertain": 1 / 6}, abs=1e-3
    )
    assert person["surest_moments"] == [
        {
            "expression": "happy",
            "seconds": 0.4,
            "time": "2026-03-01T23:59:59.400+00:00",
            "confidence": 0.95,
        },
        {
            "expression": "sad",
            "seconds": 0.8,
            "time": "2026-03-01T23:59:59.800+00:00",
            "confidence": 0.7,
        },
    ]


def test_time_with_the_camera_off_is_told_and_counts_for_nobody() -> None:
    told = summary_record(StreamResult(steady("hhhhhooooo"), INFO))
    assert told["camera_off_seconds"] == pytest.approx(0.5)
    assert told["people"][0]["seconds"] == pytest.approx(0.5)


def test_a_recording_s_cuts_note_and_file_are_told() -> None:
    seen = rows((1.0, 1, HAPPY), (3.0, 2, SAD))
    result = StreamResult(
        seen, INFO, recorded=True, cuts=(2.5,), end=4.0, note="ended", source={"file": "a.mov"}
    )
    told = json.loads(summary_json(result))
    assert (told["file"], told["cuts"], told["note"]) == ("a.mov", [2.5], "ended")
    assert {p["person"]: p["seconds"] for p in told["people"]} == {1: 1.5, 2: 1.0}
    assert (told["first_second"], told["last_second"], told["seconds"]) == (1.0, 4.0, 3.0)
