"""Several visitors at once, and many starts in a row, through the live page's own machinery.

``python -m benchmarks.live_clients [--clients 4] [--seconds 30] [--json]`` lets clients send
640×480 at 15 frames a second over WebRTC (VP8, loopback) and prints how many frames of each were
analysed and came back. ``--starts 30`` starts and stops one client again and again instead; a start
counts only if an analysed frame was followed by a frame at the client.

The server's side is what the page runs: streamlit-webrtc's worker with the page's callback, a
`LiveSession`, and networks of the app's pool. Left out are the browser, Streamlit's websocket and
its refreshed page. Clients have processes of their own, but encode and decode on the same cores.
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
from benchmarks.rtc_client import Arrival, Client
from benchmarks.tables import machine, table

SIZE = (640, 480)
RATE = 15.0

#: Seconds without a frame that a person sees as a break.
BREAK_SECONDS = 0.5

#: Seconds after the last client is there before anything counts: encoders find their bit rate.
_SETTLE_SECONDS = 3.0

#: Seconds in which a start has to deliver, and frames that have to reach the client after the first
#: was analysed: those before it may have been on their way.
_START_SECONDS = 15.0
_FRAMES_AFTER = 3


@dataclass(frozen=True)
class StreamResult:
    """What one client had of its stream.

    Attributes:
        arrived: frames a second that reached the analysis, the skipped ones with them.
        analysed: frames a second that were analysed.
        received: frames a second that came back to the client.
        analysis_ms: median milliseconds that a frame took in the callback.
        breaks: gaps of more than `BREAK_SECONDS` between frames that came back.
        longest_gap: the longest one, in seconds.
        delay: how much later frames came back at the end than the quickest one, in seconds.
        errors: frames whose analysis failed.
    """

    arrived: float
    analysed: float
    received: float
    analysis_ms: float
    breaks: int
    longest_gap: float
    delay: float
    errors: int


@dataclass(frozen=True)
class ServerResult:
    """What it took on the server's side.

    Attributes:
        first_mb: resident memory when counting began.
        last_mb: resident memory at the end.
        most_mb: the most in between.
        cores: processor seconds a second; encoding and decoding of the server's side included.
    """

    first_mb: float
    last_mb: float
    most_mb: float
    cores: float


@dataclass(frozen=True)
class StartsResult:
    """Starts and stops in a row.

    Attributes:
        starts: how many.
        failures: how many of them delivered no analysed frame in time.
        median_seconds: from the call to the first analysed frame.
        longest_seconds: the longest of those that delivered.
        threads_left: threads that were not there after the first stop.
        grown_mb: resident memory after the last stop, less that after the first.
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
    """Let clients stream at the same time.

    Args:
        clients: how many.
        seconds: that count.
        settle: seconds before that.
    """
    server = Server(clients)
    people = [Client(RATE, SIZE) for _ in range(clients)]
    for client in people:
        client.wait()
    sessions = [server.session() for _ in people]
    process = psutil.Process()
    with ExitStack() as calls:
        received = [
            calls.enter_context(server.connected(session, client))
            for session, client in zip(sessions, people, strict=True)
        ]
        time.sleep(settle)
        began, busy = time.monotonic(), _processor_seconds(process)
        memory = [process.memory_info().rss]
        while time.monotonic() - began < seconds:
            time.sleep(min(1.0, seconds))
            memory.append(process.memory_info().rss)
        ended, busy = time.monotonic(), _processor_seconds(process) - busy
    for client in people:
        client.close()
    server.close()
    results = [
        stream_result(session.calls, arrivals, session.errors.count, (began, ended))
        for session, arrivals in zip(sessions, received, strict=True)
    ]
    first, last, most = (rss / 1e6 for rss in (memory[0], memory[-1], max(memory)))
    return results, ServerResult(first, last, most, busy / (ended - began))


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def stream_result(
    calls: Sequence[tuple[float, float, int]],
    received: Sequence[Arrival],
    errors: int,
    window: tuple[float, float],
) -> StreamResult:
    """Sum up one stream within a span of time.

    Args:
        calls: see `WatchedSession`.
        received: the frames that came back.
        errors: frames whose analysis failed, over all the time.
        window: begin and end of what counts.
    """
    began, ended = window
    span = ended - began
    counted = [(spent, frames) for at, spent, frames in calls if began <= at <= ended]
    back = [at for at, _ in received if began <= at <= ended]
    gaps = np.diff([began, *back, ended])
    behind = np.array([at - stamp for at, stamp in received if at <= ended])
    return StreamResult(
        arrived=sum(frames for _, frames in counted) / span,
        analysed=len(counted) / span,
        received=len(back) / span,
        analysis_ms=float(np.median([s for s, _ in counted])) * 1e3 if counted else float("nan"),
        breaks=int((gaps > BREAK_SECONDS).sum()),
        longest_gap=float(gaps.max()),
        delay=float(np.median(behind[-round(RATE) :]) - behind.min()) if len(behind) else 0.0,
        errors=errors,
    )


def in_a_row(starts: int) -> StartsResult:
    """Start and stop one client again and again."""
    server, client, process = Server(1), Client(RATE, SIZE), psutil.Process()
    client.wait()
    spent: list[float | None] = []
    threads, memory = 0, 0
    for start in range(starts):
        session = server.session()
        began = time.monotonic()
        with server.connected(session, client):
            delivered = _delivered(session, client, began + _START_SECONDS)
        spent.append(session.calls[0][0] - began if delivered else None)
        if start == 0:
            threads, memory = threading.active_count(), process.memory_info().rss
    grown = process.memory_info().rss - memory
    left = threading.active_count() - threads
    client.close()
    server.close()
    good = [s for s in spent if s is not None]
    return StartsResult(
        starts=starts,
        failures=spent.count(None),
        median_seconds=float(np.median(good)) if good else float("nan"),
        longest_seconds=max(good, default=float("nan")),
        threads_left=left,
        grown_mb=grown / 1e6,
    )


def _delivered(session: WatchedSession, client: Client, until: float) -> bool:
    """Wait for an analysed frame, and for frames at the client after it; False if it takes long."""
    wanted = None
    while time.monotonic() < until:
        if wanted is None and session.calls and not session.errors.count:
            wanted = client.received + _FRAMES_AFTER
        if wanted is not None and client.received >= wanted:
            return True
        time.sleep(0.02)
    return False


def main() -> None:
    """Measure and print."""
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
    """Return a table for people."""
    rows = [
        [
            str(number),
            f"{s.arrived:.1f}",
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
    rates = ["arrived/s", "analysed/s", "back/s"]
    header = ["client", *rates, "ms", "breaks", "longest s", "delay s", "errors"]
    return (
        f"each sends {RATE:.0f} frames/s of {SIZE[0]}×{SIZE[1]}\n{table(header, rows)}\n"
        f"server: {server.cores:.2f} cores; memory {server.first_mb:.0f} MB at first, "
        f"{server.last_mb:.0f} MB at last, {server.most_mb:.0f} MB at most"
    )


def starts_text(result: StartsResult) -> str:
    """Return a sentence for people."""
    return (
        f"{result.starts} starts, {result.failures} failures; first analysed frame after "
        f"{result.median_seconds:.2f} s (median), {result.longest_seconds:.2f} s (longest); "
        f"{result.threads_left} threads left, memory {result.grown_mb:+.1f} MB"
    )


if __name__ == "__main__":
    main()
