"""A janitor whose time passes when a test says so."""

import gc
import logging
import threading

import numpy as np
import pytest

from app.housekeeping.janitor import LOOK_SECONDS, REST_SECONDS, TIMES, WORK_SECONDS, Janitor
from tests.app.samples import PATIENCE, Clock


class Work:
    """Counts how often it was asked, and fails if it is told to."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.calls, self.fault, self.went = 0, fault, False

    def look(self) -> bool:
        self.calls += 1
        if self.fault:
            raise self.fault
        return self.went


def test_without_tasks_it_looks_and_knows_when(clock: Clock) -> None:
    janitor = Janitor(clock)
    assert janitor.idle_seconds is None
    janitor.look()
    clock.seconds += 3
    assert janitor.idle_seconds == 3


def test_each_look_runs_each_task_and_a_fault_stops_nothing(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    janitor, broken, sound = Janitor(clock), Work(ValueError("no")), Work()
    janitor.add(broken.look)
    janitor.add(sound.look)
    with caplog.at_level(logging.ERROR):
        janitor.look()
        janitor.look()
    assert (broken.calls, sound.calls) == (2, 2)
    assert len(caplog.records) == 2


def test_a_task_goes_with_its_object_and_a_function_stays(clock: Clock) -> None:
    janitor, calls = Janitor(clock), []
    work = Work()
    janitor.add(work.look)
    janitor.add(lambda: bool(calls.append(1)))
    janitor.look()
    del work
    gc.collect()
    janitor.look()
    assert len(calls) == 2
    assert len(janitor._tasks) == 1


def test_it_does_nothing_until_it_is_started_and_then_has_one_thread(clock: Clock) -> None:
    looked, waits = threading.Event(), threading.Semaphore(1)
    asked: list[float] = []

    def wait(seconds: float) -> None:
        asked.append(seconds)
        waits.acquire()

    janitor = Janitor(clock, wait)
    janitor.add(lambda: bool(looked.set()))
    assert (janitor.running, looked.is_set()) == (False, False)
    before = threading.active_count()
    janitor.start()
    janitor.start()
    assert janitor.running
    assert threading.active_count() == before + 1
    assert looked.wait(PATIENCE)
    assert set(asked) == {LOOK_SECONDS}


def test_memory_is_given_back_when_something_went_or_much_was_done(clock: Clock) -> None:
    worked, given = [5.0], []
    janitor = Janitor(clock, worked=lambda: worked[0], give_back=lambda: given.append(worked[0]))
    work = Work()
    janitor.add(work.look)
    janitor.look()
    worked[0] += WORK_SECONDS - 1
    janitor.look()
    assert given == []
    worked[0] += 1
    janitor.look()
    janitor.look()
    assert given == [5.0 + WORK_SECONDS]
    work.went = True
    clock.seconds += REST_SECONDS
    janitor.look()
    work.went = False
    for _ in range(TIMES + 3):  # at some of which threads and connections have ended
        clock.seconds += REST_SECONDS
        janitor.look()
    assert len(given) == 1 + TIMES


def test_who_always_leaves_does_not_make_it_collect_all_the_time(clock: Clock) -> None:
    given: list[float] = []
    janitor = Janitor(clock, give_back=lambda: given.append(clock.seconds))
    work = Work()
    work.went = True
    janitor.add(work.look)
    for _ in range(13):  # a minute
        janitor.look()
        clock.seconds += LOOK_SECONDS
    assert np.diff(given).tolist() == [REST_SECONDS] * 4
