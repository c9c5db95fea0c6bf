"""The cleanup, whose time passes when a test says so, the memory of a process, and the start."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit import runtime

from app.core.server import start as server
from app.core.server.cleanup import (
    LOOK_SECONDS,
    REST_SECONDS,
    TIMES,
    WORK_SECONDS,
    Cleanup,
    resident_bytes,
    trim_memory,
)
from app.core.server.events import counters
from tests.app.samples import PATIENCE, Clock
from tests.browser.privacy.traces import found_in_memory
from tests.samples import ROOT


@pytest.mark.parametrize(
    ("text", "known"),
    [(None, None), ("Name:\tpython\n", None), ("VmRSS:", None), ("VmRSS:\tmuch kB\n", None),
     ("Name:\tpython\nVmHWM:\t  9000 kB\nVmRSS:\t  1234 kB\n", 1234 * 1024)],
)  # fmt: skip
def test_memory_is_what_linux_says(tmp_path: Path, text: str | None, known: int | None) -> None:
    if text is not None:
        (tmp_path / "status").write_text(text)
    assert resident_bytes(tmp_path / "status") == known


def test_what_only_refers_to_itself_is_collected() -> None:
    class Ring:
        pass

    ring = Ring()
    ring.itself = ring  # type: ignore[attr-defined]
    gone = weakref.ref(ring)
    del ring
    trim_memory()
    assert not gone()


GNU_ONLY = pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc",
    reason="only the GNU C library has such bounds",
)


@GNU_ONLY
def test_large_memory_goes_straight_back_whatever_was_freed_before() -> None:
    code = """
import numpy
NAMES = ("ARENA_MAX", "MMAP_THRESHOLD_", "TRIM_THRESHOLD_", "PERTURB_")
from app.core.server.cleanup import bound_allocator, resident_bytes
assert bound_allocator({"MALLOC_" + name: "1" for name in NAMES}) == []
assert len(bound_allocator({})) == 4
def fill():
    large = [numpy.ones(30 * 2**20, numpy.uint8) for _ in range(4)]
    last = numpy.ones(2**19, numpy.uint8)  # what lies behind holds a heap where it is
    return last
fill()
before = resident_bytes()
kept = [fill() for _ in range(3)]
print((resident_bytes() - before) // 2**20)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 20


@GNU_ONLY
@pytest.mark.parametrize(("kilobytes", "wiped"), [(40, False), (400, True)])
def test_what_is_freed_is_wiped(kilobytes: int, *, wiped: bool) -> None:
    code = f"""
import sys
from app.core.server.cleanup import bound_allocator
if {wiped}:
    bound_allocator({{}})
mark = bytes.fromhex(input())
file = [mark * {kilobytes * 1024 // 48} for _ in range(9)]
print("held", flush=True)
input()
del file
print("freed", flush=True)
sys.stdin.read()
"""
    mark = os.urandom(48)
    # Small things stand in Python's own memory, which is not wiped.
    long = {"file": 20 * mark}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdin and child.stdout  # noqa: PT018
        counts = []
        for line in (mark.hex(), ""):
            print(line, file=child.stdin, flush=True)
            child.stdout.readline()
            counts.append(bool(found_in_memory(child.pid, long)))
        child.stdin.close()
    assert counts == [True, not wiped]


class Work:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.calls, self.went = 0, False

    def look(self) -> bool:
        self.calls += 1
        return self.went


def test_each_look_runs_all_whatever_fails(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    cleanup, work = Cleanup(clock), Work()
    assert cleanup.idle_seconds is None
    cleanup.add(lambda: 1 // 0 > 0)
    cleanup.add(work.look)
    cleanup.look()
    cleanup.look()
    clock.seconds += 3
    assert (work.calls, cleanup.idle_seconds, len(caplog.records)) == (2, 3, 2)
    cleanup = Cleanup(clock)
    cleanup.add(Work().look)
    cleanup.add(lambda: False)
    cleanup.look()
    assert len(cleanup._tasks) == 1, "a task goes with its object, and a function stays"


def test_it_does_nothing_until_it_is_started_and_then_has_one_thread(clock: Clock) -> None:
    looked, waits, asked = threading.Event(), threading.Semaphore(1), list[float]()

    def wait(seconds: float) -> None:
        asked.append(seconds)
        waits.acquire()

    cleanup = Cleanup(clock, wait)
    cleanup.add(lambda: bool(looked.set()))
    assert (cleanup.running, looked.is_set()) == (False, False)
    before = threading.active_count()
    cleanup.start()
    cleanup.start()
    assert (cleanup.running, threading.active_count()) == (True, before + 1)
    assert looked.wait(PATIENCE)
    assert set(asked) == {LOOK_SECONDS}


def test_memory_is_given_back_when_something_went_or_much_was_done(clock: Clock) -> None:
    worked, given = [5.0], []
    cleanup = Cleanup(clock, worked=lambda: worked[0], trim_memory=lambda: given.append(worked[0]))
    work = Work()
    cleanup.add(work.look)
    cleanup.look()
    worked[0] += WORK_SECONDS - 1
    cleanup.look()
    assert given == []
    worked[0] += 1
    cleanup.look()
    cleanup.look()
    assert given == [5.0 + WORK_SECONDS]
    work.went = True
    clock.seconds += REST_SECONDS
    cleanup.look()
    work.went = False
    for _ in range(TIMES + 3):  # at some of which threads and connections have ended
        clock.seconds += REST_SECONDS
        cleanup.look()
    assert len(given) == 1 + TIMES


def test_who_always_leaves_does_not_make_it_collect_all_the_time(clock: Clock) -> None:
    given: list[float] = []
    cleanup = Cleanup(clock, trim_memory=lambda: given.append(clock.seconds))
    work = Work()
    work.went = True
    cleanup.add(work.look)
    for _ in range(13):  # a minute
        cleanup.look()
        clock.seconds += LOOK_SECONDS
    assert np.diff(given).tolist() == [REST_SECONDS] * 4


def test_a_server_starts_it_and_deletes_what_a_killed_one_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, streamlit_server: Callable[[object], None]
) -> None:
    cleanup = Cleanup(wait=lambda seconds: threading.Event().wait())  # for ever
    monkeypatch.setattr(server, "CLEANUP", cleanup)
    server.begin_server()
    assert not cleanup.running, "a test of a page has no server"
    (tmp_path / "fer-lens-videos-of-another" / "1").mkdir(parents=True)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    bounded: list[int] = []
    started = counters().total("server_started")
    streamlit_server(object.__new__(runtime.Runtime))
    monkeypatch.setattr(server, "bound_allocator", lambda: bounded.append(1))
    patches = "shorten_switches keep_clicks keep_downloads hold_uploads bound_uploads end_in_time"
    guards = "guard_messages guard_sessions end_on_hangup"
    for name in f"{patches} {guards} begin_log serve_metrics".split():
        monkeypatch.setattr(server, name, lambda *_: None)
    server.begin_server()
    server.begin_server()
    assert (cleanup.running, bounded, [*tmp_path.iterdir()]) == (True, [1], [])
    assert counters().total("server_started") == started + 1
