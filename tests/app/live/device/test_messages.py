"""Whatever a browser sends is read or refused, and nothing else happens."""

import json
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.device.protocol import MAX_BATCH, Batch, Message, Reply, Report
from fer.errors import WireError
from fer.model.spec import ModelSpec
from fer.ondevice.wire import SeenFrame
from tests.app.live.device.samples import Browser, seen
from tests.app.samples import Clock


def message(**changes: Any) -> dict[str, Any]:
    browser = Browser(Clock())
    for _ in range(2):
        browser.look()
    return browser.message() | changes


BATCH = {"number": 1, "observations": ""}

WRONG: dict[str, tuple[object, str]] = {
    "nothing": (None, "message: "),
    "a text": ("batches", "message: "),
    "a number": (3, "message: "),
    "a list": ([BATCH], "message: "),
    "an empty thing": ({}, "run: Field required"),
    "no run": (message(run=""), "run: String should have at least 1"),
    "a long run": (message(run="r" * 501), "run: String should have at most 500"),
    "a run that is a number": (message(run=1), "run: "),
    "a life that is a text": (message(life="0"), "life: "),
    "a negative life": (message(life=-1), "life: "),
    "a huge life": (message(life=2**60), "life: "),
    "half a number": (message(first=1.5), "first: "),
    "first of all": (message(first=0), "first: "),
    "no age": (message(age=float("nan")), "age: "),
    "an endless age": (message(age=float("inf")), "age: "),
    "a negative age": (message(age=-1.0), "age: "),
    "an age of more than eleven days": (message(age=1_000_001.0), "age: "),
    "an age that is a text": (message(age="1"), "age: "),
    "no list": (message(batches={"0": BATCH}), "batches: "),
    "many batches": (message(batches=[BATCH] * 5001), "batches: List should have"),
    "a batch that is none": (message(batches=["batch"]), "batches.0: "),
    "a batch without a number": (
        message(batches=[{"observations": ""}]),
        "batches.0.number: Field required",
    ),
    "a batch before the first": (message(batches=[BATCH | {"number": 0}]), "batches.0.number: "),
    "a batch of bytes": (message(batches=[BATCH | {"observations": b""}]), "observations: "),
    "a huge batch": (
        message(batches=[BATCH | {"observations": "A" * 100_001}]),
        "batches.0.observations: String should have at most",
    ),
    "a huge message": (
        message(batches=[BATCH | {"observations": "A" * MAX_BATCH}] * 5),
        "batches: Value error, expected at most 400000 characters",
    ),
    "no model": (message(model=None), "model: "),
    "dropped less than nothing": (message(dropped=-3), "dropped: "),
}


@pytest.mark.parametrize(("told", "why"), WRONG.values(), ids=WRONG)
def test_what_is_no_message_is_refused(told: object, why: str) -> None:
    with pytest.raises(WireError) as refused:
        Message.of(told)
    assert why in str(refused.value)
    assert len(str(refused.value)) < 300, "and what came is not repeated"


@pytest.mark.parametrize(
    "most",
    [
        {"age": 1_000_000.0},
        {"run": "r" * 500},
        {"batches": [BATCH] * 5000},
        {"batches": [BATCH | {"observations": "A" * 100_000}] * 4},
    ],
    ids=["seconds", "a name", "batches", "characters"],
)
def test_what_is_just_within_the_limits_is_a_message(most: dict[str, Any]) -> None:
    assert Message.of(message(**most)).run
    over = [BATCH | {"observations": "A" * 100_000}] * 4 + [BATCH | {"observations": "A"}]
    with pytest.raises(WireError, match="at most 400000 characters"):
        Message.of(message(batches=over))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
)


@given(changes=st.dictionaries(st.sampled_from([*message(), "else"]), JSON), whole=st.booleans())
def test_nothing_but_a_message_or_an_error_comes_out(changes: dict, *, whole: bool) -> None:
    told = message() | changes if whole else changes
    with suppress(WireError):
        assert isinstance(Message.of(told), Message)


@pytest.mark.parametrize("kind", [dict, MappingProxyType])
def test_mappings_of_any_kind_are_read(kind: type[Mapping]) -> None:
    told = message(age=1, more="is ignored")
    told["batches"] = [kind(batch) for batch in told["batches"]]
    read = Message.of(kind(told))
    assert (read.run, read.first, len(read.batches), read.age) == ("run-1", 1, 1, 1.0)


def test_frames_are_read_by_the_model(spec: ModelSpec) -> None:
    (batch,) = Message.of(message()).batches
    assert [type(frame) for frame in batch.frames(spec)] == [SeenFrame] * 2


@pytest.mark.parametrize(
    ("observations", "errors"), [("", 0), ("?", 1), ("AQ", 1), ("AQE=", 1), ("ü", 1), ("AA==", 1)]
)
def test_what_is_no_observation_is_one_error(
    spec: ModelSpec, observations: str, errors: int
) -> None:
    batch = Batch(number=1, observations=observations)
    assert [type(found) for found in batch.frames(spec)] == [WireError] * errors


def test_one_frame_that_cannot_be_is_left_out(spec: ModelSpec) -> None:
    browser = Browser(Clock())
    for width in (640, 0, 640):
        browser.look(seen(), width=width)
    (batch,) = Message.of(browser.message()).batches
    assert [type(f) for f in batch.frames(spec)] == [SeenFrame, WireError, SeenFrame]
    assert [type(f) for f in batch.frames(None)] == [WireError] * 3


def test_a_reply_is_json() -> None:
    reply = Reply("run-1", 4, {7: 2, 8: 0}, (8,))
    assert json.loads(json.dumps(reply.data())) == {
        "run": "run-1",
        "acknowledged": 4,
        "people": {"7": 2, "8": 0},
        "wanted": [8],
    }


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING | st.fixed_dictionaries({"phase": ANYTHING, "code": ANYTHING}))
def test_whatever_a_browser_sends_is_a_report(told: object) -> None:
    report = Report.of(told)
    assert isinstance(report.phase, str)
    assert len(report.code) <= 200


def test_a_report_is_read() -> None:
    told = {"phase": "failed", "code": "camera", "detail": "x" * 500, "more": 1}
    report = Report.of(told)
    assert (report.phase, report.code, len(report.detail)) == ("failed", "camera", 200)
    assert not report.active
    assert not report.problem
    assert Report.of({"phase": "unable", "code": "simd"}).problem == "simd"
