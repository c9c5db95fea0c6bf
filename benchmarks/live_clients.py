"""Several simultaneous visitors, or many starts in a row, with the live page's server code.

``python -m benchmarks.live_clients [--clients 4] [--seconds 30] [--json]`` lets clients send
640×480 at 15 frames a second over WebRTC (VP8, loopback), and prints for each client how many
frames were analysed and came back. With ``--starts 30`` it repeatedly starts and stops one client
instead; a start succeeds only if the client received frames after an analysed frame.

The server side is the page's: streamlit-webrtc's worker with the page's callback, a `LiveSession`,
and networks of the app's pool. The browser, Streamlit's websocket and page reruns are not included.
Clients run in processes of their own, but encode and decode on the same cores.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import numpy as np
import psutil

from benchmarks.live_server import Server, WatchedSession
from benchmarks.on_device.processes import seconds_of
from benchmarks.rtc_client import Arrival, Client
from benchmarks.tables import machine, table

SIZE = (640, 480)
RATE = 15.0

#: Seconds without a frame that a person perceives as a break.
BREAK_SECONDS = 0.5

#: Seconds between the last connection and the measurement, for encoders to settle on a bit rate.
_SETTLE_SECONDS = 3.0

#: A start succeeds if, within this many seconds, this many frames reach the client after the first
#: analysed frame; a single frame might have been sent before.
_START_SECONDS = 15.0
_FRAMES_AFTER = 3


@dataclass(frozen=True)
class StreamResult:
    """Results of one client's stream.

    Attributes:
        arrived: frames a second that arrived at the server, including skipped ones.
        shown: frames a second that were drawn and sent back.
        analysed: frames a second that were analysed.
        received: frames a second that came back to the client.
        analysis_ms: median milliseconds of an analysis.
        breaks: number of gaps of more than `BREAK_SECONDS` between frames that came back.
        longest_gap: longest gap in seconds.
        delay: round-trip delay at the end minus the shortest one, in seconds.
        errors: frames whose analysis failed.
    """

    arrived: float
    shown: float
    analysed: float
    received: float
    analysis_ms: float
    breaks: int
    longest_gap: float
    delay: float
    errors: int


@dataclass(frozen=True)
class ServerResult:
    """Resources that the server used.

    Attributes:
        first_mb: resident memory at the start of the measurement.
        last_mb: resident memory at the end.
        most_mb: maximum resident memory of all samples.
        cores: CPU seconds per second, including the server's encoding and decoding.
    """

    first_mb: float
    last_mb: float
    most_mb: float
    cores: float


@dataclass(frozen=True)
class StartsResult:
    """Results of repeated starts and stops.

    Attributes:
        starts: number of starts.
        failures: number of starts without an analysed frame in time.
        median_seconds: median time from the start to the first analysed frame.
        longest_seconds: longest such time of the successful starts.
        threads_left: number of threads after the last stop minus that after the first.
        grown_mb: resident memory after the last stop minus that after the first.
    """

    starts: int
    failures: int
    median_seconds: float
    longest_seconds: float
    threads_left: int
    grown_mb: float


def together(
    clients: int, seconds: float, settle: float = _SETTLE_SECONDS
) -> tuple[list[StreamResult], ServerResult]:
    """Let several clients stream at the same time.

    Args:
        clients: number of clients.
        seconds: duration of the measurement.
        settle: seconds between the last connection and the measurement.

    Returns:
        The result of each client's stream, and that of the server.
    """
    server = Server(clients)
    visitors = [Client(RATE, SIZE) for _ in range(clients)]
    for client in visitors:
        client.wait()
    sessions = [server.session() for _ in visitors]
    process = psutil.Process()
    with ExitStack() as calls:
        received = [
            calls.enter_context(server.connected(session, client))
            for session, client in zip(sessions, visitors, strict=True)
        ]
        time.sleep(settle)
        started, cpu_started = time.monotonic(), seconds_of(process)
        memory = [process.memory_info().rss]
        while time.monotonic() - started < seconds:
            time.sleep(min(1.0, seconds))
            memory.append(process.memory_info().rss)
        ended, cpu_seconds = time.monotonic(), seconds_of(process) - cpu_started
    for client in visitors:
        client.close()
    server.close()
    results = [
        stream_result(
            session.calls, session.analyses, arrivals, session.errors.count, (started, ended)
        )
        for session, arrivals in zip(sessions, received, strict=True)
    ]
    first, last, most = (rss / 1e6 for rss in (memory[0], memory[-1], max(memory)))
    return results, ServerResult(first, last, most, cpu_seconds / (ended - started))


def stream_result(
    calls: Sequence[tuple[float, int]],
    analyses: Sequence[tuple[float, float]],
    received: Sequence[Arrival],
    errors: int,
    window: tuple[float, float],
) -> StreamResult:
    """Summarise one stream within a time window.

    Args:
        calls: the pictures that were shown; see `WatchedSession.calls`.
        analyses: the frames that were analysed; see `WatchedSession.analyses`.
        received: the frames that came back to the client.
        errors: frames whose analysis failed, over the whole stream.
        window: start and end by `time.monotonic`, in seconds.
    """
    started, ended = window
    span = ended - started
    shown = [frames for at, frames in calls if started <= at <= ended]
    took = [seconds for at, seconds in analyses if started <= at <= ended]
    back = [at for at, _ in received if started <= at <= ended]
    gaps = np.diff([started, *back, ended])
    # The two clocks have different origins, so only differences of these delays are meaningful.
    delays = np.array([at - stamp for at, stamp in received if at <= ended])
    return StreamResult(
        arrived=sum(shown) / span,
        shown=len(shown) / span,
        analysed=len(took) / span,
        received=len(back) / span,
        analysis_ms=float(np.median(took)) * 1e3 if took else float("nan"),
        breaks=int((gaps > BREAK_SECONDS).sum()),
        longest_gap=float(gaps.max()),
        delay=float(np.median(delays[-round(RATE) :]) - delays.min()) if len(delays) else 0.0,
        errors=errors,
    )


def in_a_row(starts: int) -> StartsResult:
    """Start and stop one client repeatedly."""
    server, client, process = Server(1), Client(RATE, SIZE), psutil.Process()
    client.wait()
    durations: list[float | None] = []
    threads, memory = 0, 0
    for start in range(starts):
        session = server.session()
        started = time.monotonic()
        with server.connected(session, client):
            succeeded = _wait_for_frames(session, client, started + _START_SECONDS)
        durations.append(session.analyses[0][0] - started if succeeded else None)
        if start == 0:
            threads, memory = threading.active_count(), process.memory_info().rss
    grown = process.memory_info().rss - memory
    left = threading.active_count() - threads
    client.close()
    server.close()
    successful = [s for s in durations if s is not None]
    return StartsResult(
        starts=starts,
        failures=durations.count(None),
        median_seconds=float(np.median(successful)) if successful else float("nan"),
        longest_seconds=max(successful, default=float("nan")),
        threads_left=left,
        grown_mb=grown / 1e6,
    )


def _wait_for_frames(session: WatchedSession, client: Client, until: float) -> bool:
    """Wait for an analysed frame, and for frames at the client after it; False on timeout."""
    wanted = None
    while time.monotonic() < until:
        if wanted is None and session.analyses and not session.errors.count:
            wanted = client.received + _FRAMES_AFTER
        if wanted is not None and client.received >= wanted:
            return True
        time.sleep(0.02)
    return False


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--starts", type=int, default=0, help="starts in a row, instead of clients")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args()
    record: dict[str, object] = {"machine": machine()}
    if arguments.starts:
        starts = in_a_row(arguments.starts)
        record["starts"] = asdict(starts)
        text = starts_text(starts)
    else:
        streams, server = together(arguments.clients, arguments.seconds)
        record |= {"streams": [asdict(s) for s in streams], "server": asdict(server)}
        text = streams_text(streams, server)
    if arguments.json:
        print(json.dumps(record))
    else:
        print(", ".join(f"{name} {value}" for name, value in machine().items()))
        print(text)


def streams_text(streams: Sequence[StreamResult], server: ServerResult) -> str:
    """Return the results as a text table."""
    rows = [
        [
            str(number),
            f"{s.arrived:.1f}",
            f"{s.shown:.1f}",
            f"{s.analysed:.1f}",
            f"{s.received:.1f}",
            f"{s.analysis_ms:.1f}",
            str(s.breaks),
            f"{s.longest_gap:.2f}",
            f"{s.delay:.2f}",
            str(s.errors),
        ]
        for number, s in enumerate(streams, 1)
    ]
    rates = ["arrived/s", "shown/s", "analysed/s", "back/s"]
    header = ["client", *rates, "ms", "breaks", "longest s", "delay s", "errors"]
    return (
        f"each sends {RATE:.0f} frames/s of {SIZE[0]}×{SIZE[1]}\n{table(header, rows)}\n"
        f"server: {server.cores:.2f} cores; memory {server.first_mb:.0f} MB at the start, "
        f"{server.last_mb:.0f} MB at the end, {server.most_mb:.0f} MB at most"
    )


def starts_text(result: StartsResult) -> str:
    """Return the results as a sentence."""
    return (
        f"{result.starts} starts, {result.failures} failures; first analysed frame after "
        f"{result.median_seconds:.2f} s (median), {result.longest_seconds:.2f} s (longest); "
        f"{result.threads_left} threads left, memory {result.grown_mb:+.1f} MB"
    )


if __name__ == "__main__":
    main()
