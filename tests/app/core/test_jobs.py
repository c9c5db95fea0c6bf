"""Jobs in a bounded number of threads, with work that a test lets go on."""

import os
import sys
import threading

import pytest

from app.core.jobs import Cancelled, Job, Jobs, State, max_jobs
from app.core.settings import Setting
from tests.app.samples import PATIENCE


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
    ("setting", "cores", "places"), [("", 1, 1), ("", 8, 4), ("3", 1, 3), ("0", 8, 0)]
)
def test_the_setting_decides_or_else_the_cores(setting: str, cores: int, places: int) -> None:
    assert max_jobs(Setting("JOBS", "at once"), {"JOBS": setting}, cores) == places


def test_a_job_runs_and_keeps_its_result() -> None:
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


def test_a_job_that_fails_says_why_and_gives_its_place_back() -> None:
    jobs, error = Jobs(1), ValueError("no picture")
    job, following = Job(bad := Work(error)), Job(good := Work())
    jobs.start(job)
    jobs.start(following)
    bad.go.set()
    good.go.set()
    assert following.wait(PATIENCE)
    assert (job.state, job.error, job.result) == (State.FAILED, error, None)
    assert following.state is State.DONE


def test_as_many_run_at_once_as_there_are_places_and_the_others_wait_in_order() -> None:
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


@pytest.mark.parametrize("result", ["done", ValueError("too late")])
def test_what_comes_after_a_cancel_does_not_count(result: object) -> None:
    work, after = Work(result, heeds=False), threading.Event()
    job = Job(work, after.set)
    Jobs(1).start(job)
    assert work.began.wait(PATIENCE)
    job.cancel()
    assert (job.state, job.active) == (State.CANCELLED, False)
    assert not after.is_set(), "its files may still be in use"
    work.go.set()
    assert job.wait(PATIENCE)
    assert after.is_set()
    assert (job.state, job.result, job.error) == (State.CANCELLED, None, None)


def test_closing_ends_all_and_takes_no_more() -> None:
    jobs, works = Jobs(1), [Work(), Work()]
    queue = [Job(work) for work in works]
    for job in queue:
        jobs.start(job)
    assert works[0].began.wait(PATIENCE)
    jobs.close(PATIENCE)
    assert [job.state for job in queue] == [State.CANCELLED] * 2
    assert all(job.wait(0) for job in queue)
    late = Job(Work())
    jobs.start(late)
    assert late.state is State.CANCELLED


def test_a_job_whose_follow_up_fails_still_gives_its_place_back() -> None:
    def fail() -> None:
        raise OSError("gone")

    jobs, works = Jobs(1), [Work(), Work()]
    first, second = Job(works[0], fail), Job(works[1])
    for job, work in zip((first, second), works, strict=True):
        jobs.start(job)
        work.go.set()
    assert second.wait(PATIENCE)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness on Linux only")
def test_a_job_lets_the_other_threads_go_first() -> None:
    def niceness(_: Cancelled) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    job = Job(niceness)
    Jobs(1).start(job)
    assert job.wait(PATIENCE)
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert job.result == min(19, here + 10)


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError])
def test_a_thread_that_is_ended_takes_no_place_with_it(end: type[BaseException]) -> None:
    jobs = Jobs(1)

    def die(cancelled: object) -> None:
        raise end

    first, second = Job(die), Job(lambda cancelled: "done")
    for job in (first, second):
        jobs.start(job)
        assert job.wait(PATIENCE)
    assert (first.state, second.state, second.result) == (State.FAILED, State.DONE, "done")


def test_a_job_for_which_there_is_no_thread_fails_and_the_next_one_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs, ended = Jobs(1), threading.Event()

    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        jobs.start(job := Job(lambda cancelled: "done", after=ended.set))
    assert (job.state, ended.is_set()) == (State.FAILED, True)
    jobs.start(job := Job(lambda cancelled: "done"))
    assert job.wait(PATIENCE)
    assert job.result == "done"
