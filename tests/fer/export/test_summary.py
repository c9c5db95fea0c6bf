import json

import pytest

from fer.export.stream_result import StreamResult
from fer.export.summary import summary_json, summary_record
from tests.fer.export.samples import HAPPY, INFO, SAD, rows, steady


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
