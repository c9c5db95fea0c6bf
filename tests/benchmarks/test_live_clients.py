"""Clients over WebRTC against the live page's side of a stream, as small as it can be."""

import json
import subprocess
import sys

import pytest

from benchmarks.live_clients import StartsResult, starts_text, stream_result
from tests.samples import ROOT


def run(*arguments: str) -> dict:
    command = [sys.executable, "-m", "benchmarks.live_clients", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_stream_without_a_frame_is_one_long_gap() -> None:
    result = stream_result([], [], [], 0, (10.0, 14.0))
    assert (result.arrived, result.shown, result.analysed) == (0, 0, 0)
    assert (result.received, result.delay) == (0, 0)
    assert (result.breaks, result.longest_gap) == (1, 4.0)


def test_rates_gaps_and_delay_are_those_of_the_span_that_counts() -> None:
    calls = [(9.0, 1), (10.5, 2), (11.0, 1), (12.0, 3), (15.0, 9)]
    analyses = [(9.1, 0.5), (10.6, 0.02), (12.1, 0.04), (15.1, 0.5)]
    # The camera's clock began 8 seconds later; from 11.5 on frames come a second late.
    received = [
        (9.9, 1.9),
        (10.4, 2.4),
        (10.8, 2.8),
        *[(12.0 + i / 10, 3 + i / 10) for i in range(16)],
    ]
    result = stream_result(calls, analyses, received, 1, (10.0, 14.0))
    assert (result.arrived, result.shown, result.analysed) == (6 / 4, 3 / 4, 2 / 4)
    assert result.received == 18 / 4
    assert result.analysis_ms == pytest.approx(30)
    assert result.breaks == 1
    assert result.longest_gap == pytest.approx(1.2)
    assert result.delay == pytest.approx(1)
    assert result.errors == 1


def test_clients_get_their_frames_back() -> None:
    record = run("--clients", "1", "--seconds", "1")
    (stream,) = record["streams"]
    # Of a frame that came just before the second, the analysis may end in it.
    assert min(stream["arrived"], stream["analysed"]) > 0
    assert stream["received"] > 0
    assert stream["errors"] == 0
    assert record["server"]["most_mb"] >= record["server"]["last_mb"] > 0


def test_a_start_delivers_an_analysed_frame() -> None:
    starts = StartsResult(**run("--starts", "2")["starts"])
    assert (starts.starts, starts.failures) == (2, 0)
    assert 0 < starts.median_seconds <= starts.longest_seconds
    assert "2 starts, 0 failures" in starts_text(starts)
