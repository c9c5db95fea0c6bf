"""Jobs in a bounded number of threads, the cores of a container, and who goes first on them."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.jobs import Cancelled, Job, Jobs, State, max_jobs
from app.core.priority import (
    LINGER_SECONDS,
    RATE_WHILE_WAITED,
    Priority,
    Throttle,
    lower_priority,
    max_streams,
    usable_cores,
)
from app.core.settings import MAX_STREAMS, Setting
from fer.errors import FerError
from tests.app.samples import PATIENCE, Clock


class Work:
    """Work that begins, and ends when it is told to or when it was cancelled."""

    def __init__(self, result: object = "done", heeds: bool = True) -> None:
        self.result, self.heeds = result, heeds
        self.began, self.go, self.asked = (threading.Event() for _ in range(3))

    def __call__(self, cancelled: Cancelled) -> object:
        self.began.set()
        while not self.go.wait(0.001):
            if self.heeds and cancelled():
                raise RuntimeError("stopped")
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    ("setting", "cores", "places", "streams"),
    [("", 1, 1, 2), ("", 8, 4, 16), ("", 0.5, 1, 1), ("", 0.1, 1, 0), ("3", 1, 3, 3),
     ("0", 8, 0, 0)],
)  # fmt: skip
def test_a_setting_or_cores_decide(setting: str, cores: float, places: int, streams: int) -> None:
    assert max_jobs(Setting("JOBS", "at once"), {"JOBS": setting}, cores) == places
    assert max_streams({MAX_STREAMS.name: setting}, cores) == streams


def test_a_job_keeps_its_result_or_says_why_it_failed(caplog: pytest.LogCaptureFixture) -> None:
    work = Work("42")
    after: list[State] = []
    job: Job[object] = Job(work, lambda: after.append(job.state))
    assert (job.state, job.active, job.result) == (State.WAITING, True, None)
    Jobs(1).start(job)
    assert work.began.wait(PATIENCE)
    assert (job.state, job.active) == (State.RUNNING, True)
    work.go.set()
    assert job.wait(PATIENCE)
    assert (job.state, job.active, job.result) == (State.DONE, False, "42")
    assert after == [State.DONE]
    job.cancel()
    assert job.state is State.DONE
    for error, logged in ((FerError("refused"), False), (ValueError("no picture"), True)):
        job = Job(work := Work(error))
        work.go.set()
        Jobs(1).start(job)
        assert job.wait(PATIENCE)
        assert (job.state, job.error, job.result) == (State.FAILED, error, None)
        assert ("a job failed" in caplog.text) == logged


def test_so_many_run_at_once_in_order_and_closing_ends_all() -> None:
    jobs, works = Jobs(2), [Work() for _ in range(5)]
    queue = [Job(work) for work in works]
    for job in queue:
        jobs.start(job)
    assert works[0].began.wait(PATIENCE)
    assert works[1].began.wait(PATIENCE)
    assert not any(work.began.is_set() for work in works[2:])
    assert [jobs.ahead_of(job) for job in queue] == [0, 0, 0, 1, 2]
    queue[2].cancel()
    assert (queue[2].state, queue[2].wait(0)) == (State.CANCELLED, True), "it had not begun"
    assert [jobs.ahead_of(job) for job in queue[3:]] == [0, 1]
    works[0].go.set()
    assert works[3].began.wait(PATIENCE)
    assert not works[2].began.is_set()
    for work in works:
        work.go.set()
    assert all(job.wait(PATIENCE) for job in queue)
    assert [job.state for job in queue].count(State.DONE) == 4
    jobs, works = Jobs(1), [Work() for _ in range(3)]
    first, second, late = (Job(work) for work in works)
    jobs.start(first)
    jobs.start(second)
    assert works[0].began.wait(PATIENCE)
    jobs.close(PATIENCE)
    jobs.start(late)
    assert [job.state for job in (first, second, late)] == [State.CANCELLED] * 3
    assert all(job.wait(0) for job in (first, second))


@pytest.mark.parametrize("result", ["done", ValueError("too late")])
def test_what_comes_after_a_cancel_does_not_count(result: object) -> None:
    work, after, jobs = Work(result, heeds=False), threading.Event(), Jobs(1)
    job = Job(work, after.set)
    jobs.start(job)
    assert work.began.wait(PATIENCE)
    jobs.close(0.01)  # which does not wait for ever
    assert (job.state, job.active) == (State.CANCELLED, False)
    assert not after.is_set(), "its files may still be in use"
    work.go.set()
    assert job.wait(PATIENCE)
    assert after.is_set()
    assert (job.state, job.result, job.error) == (State.CANCELLED, None, None)


@pytest.mark.parametrize("end", [SystemExit, MemoryError])
def test_a_thread_that_is_ended_takes_no_place_with_it(end: type[BaseException]) -> None:
    jobs = Jobs(1)

    def die(*cancelled: object) -> None:
        raise end

    # What should follow the first one fails, too.
    first, second = Job(die, die if end is MemoryError else int), Job(lambda cancelled: "done")
    for job in (first, second):
        jobs.start(job)
        assert job.wait(PATIENCE)
    assert (first.state, second.state, second.result) == (State.FAILED, State.DONE, "done")


def test_a_job_without_a_thread_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, ended = Jobs(1), threading.Event()

    none_left = Mock(side_effect=RuntimeError("can't start new thread"))
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        jobs.start(job := Job(lambda cancelled: "done", after=ended.set))
    assert (job.state, ended.is_set()) == (State.FAILED, True)
    jobs.start(job := Job(lambda cancelled: "done"))
    assert job.wait(PATIENCE)
    assert job.result == "done"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 4),
        ({"cpu.max": "max 100000\n"}, 4),
        ({"cpu.max": "10000 100000\n"}, 0.1),
        ({"cpu.max": "800000 100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "50000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "0\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
    ],
)
def test_a_container_has_its_share(tmp_path: Path, files: dict[str, str], cores: float) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path, 4) == pytest.approx(cores)


def test_photographs_are_wanted_until_the_last_one_has_been_shown() -> None:
    clock = Clock()
    priority = Priority(2, clock)
    assert not priority.waiting
    with pytest.raises(OSError, match="gone"), priority.turn():
        raise OSError("gone")
    with ExitStack() as both:
        with priority.turn():
            both.enter_context(priority.turn())
        clock.seconds += 60
        assert priority.waiting
    assert priority.waiting  # its page is being made
    clock.seconds += LINGER_SECONDS
    assert not priority.waiting


@pytest.mark.parametrize("places", [1, 3])
def test_no_more_are_in_than_there_are_places(places: int) -> None:
    priority, inside, most = Priority(places), list[int](), list[int]()
    full = threading.Barrier(places, timeout=60)

    def visit(number: int) -> None:
        with priority.turn():
            inside.append(number)
            full.wait()  # so many are in at the same time
            most.append(len(inside))
            full.wait()
            inside.remove(number)

    with ThreadPoolExecutor(3 * places) as pool:
        list(pool.map(visit, range(3 * places)))
    assert max(most) == places


def taken(throttle: Throttle, clock: Clock, rate: float, seconds: float) -> int:
    """Return how many frames of a camera are taken."""
    count = 0
    for _ in range(round(rate * seconds)):
        clock.seconds += 1 / rate
        count += throttle.takes()
    return count


@given(rate=st.floats(1, 120))
def test_all_frames_are_taken_while_nobody_waits_and_fewer_while_somebody_does(rate: float) -> None:
    clock = Clock()
    priority = Priority(1, clock)
    throttle = Throttle(priority, clock)
    assert throttle.takes()
    assert taken(throttle, clock, rate, 20) == round(rate * 20)
    with priority.turn():
        expected = 20 * min(rate, RATE_WHILE_WAITED)
        assert taken(throttle, clock, rate, 20) == pytest.approx(expected, abs=2)
    clock.seconds += LINGER_SECONDS
    assert taken(throttle, clock, rate, 20) == round(rate * 20)
    with priority.turn():
        clock.seconds += 60  # who was still does not make up for it
        assert taken(throttle, clock, 15, 1) <= RATE_WHILE_WAITED + 2


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness on Linux only")
def test_a_thread_that_lets_others_first_as_those_of_jobs_do_is_the_only_one() -> None:
    def niceness(*_: object) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            pool.submit(lower_priority, 3).result()
        assert pool.submit(niceness).result() == min(19, before + 3)
    job = Job(niceness)
    Jobs(1).start(job)
    assert job.wait(PATIENCE)
    assert (job.result, niceness()) == (min(19, before + 10), before)
