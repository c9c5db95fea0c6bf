"""A session that is fed by the visitor's own device: whatever comes is read, or refused."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.live.device.protocol import (
    BURST,
    MAX_BATCH,
    RATE,
    DeviceFeed,
    Message,
    Reply,
    Report,
)
from app.live.streaming.frames import LiveSettings
from app.live.streaming.record import FRESH_SECONDS, LiveErrors
from app.live.streaming.session import BATCH_LAG_SECONDS, LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer.errors import WireError
from fer.model.spec import ModelSpec
from fer.types import Detections
from tests.app.live.device.samples import Browser, no_detector, seen
from tests.app.live.samples import model_of, session_of
from tests.app.samples import FACE, Clock
from tests.samples import make_detections

PAIR = make_detections((40, 40, 140, 140), (400, 60, 500, 160))

Play = Callable[..., Reply]


def made_session(spec: ModelSpec, clock: Clock, **stream: Any) -> LiveSession:
    """Return a session for which no stream of the server is free."""
    return session_of(spec, StreamLimit(0, clock), clock, no_detector, **stream)


@pytest.fixture
def session(spec: ModelSpec, clock: Clock) -> LiveSession:
    return made_session(spec, clock)


@pytest.fixture
def feed(session: LiveSession) -> DeviceFeed:
    return DeviceFeed(session)


@pytest.fixture
def browser(clock: Clock) -> Browser:
    return Browser(clock)


@pytest.fixture
def play(feed: DeviceFeed, browser: Browser, clock: Clock) -> Play:
    """See frames, 0.1 s apart, sent five at a time; return the last reply."""

    def frames(count: int = 5, what: Any = None, **header: Any) -> Reply:
        reply = Reply()
        for i in range(count):
            clock.seconds += 0.1
            browser.look(what, **header)
            if i % 5 == 4 or i == count - 1:
                reply = feed.take(browser.message())
                browser.hear(reply.run, reply.acknowledged)
        return reply

    return frames


def test_what_a_device_has_seen_is_recorded(
    session: LiveSession, feed: DeviceFeed, browser: Browser, play: Play
) -> None:
    assert feed.take(browser.message()) == Reply("run-1"), "nothing yet"
    assert session.record.silent_for == np.inf
    reply = play(10)
    said = {"run": "run-1", "acknowledged": 2, "people": {"1": 1}, "wanted": []}
    assert json.loads(json.dumps(reply.data())) == said
    rows = session.record.rows()
    assert rows.seconds == pytest.approx(0.1 * np.arange(10))
    assert rows.track.tolist() == [1] * 10
    assert rows.array["box"][0].tolist() == [40, 40, 140, 140]
    assert session.record.latest().faces.expressions == ["happy"]
    assert session.record.errors.count == 0
    assert not session.refused, "no place of the server is taken"
    play(1, seen(Detections.empty()))
    assert not session.record.rows().has_face[-1]


@pytest.mark.parametrize("late", [0.4, 16.0])
def test_the_session_starts_with_its_first_frame_however_late_that_comes(
    session: LiveSession, feed: DeviceFeed, browser: Browser, clock: Clock, late: float
) -> None:
    browser.look()
    clock.seconds += late
    browser.look()
    before = datetime.now(UTC)
    feed.take(browser.message())
    after = datetime.now(UTC)
    first = session.record.result(UTC).info.time
    assert before <= first + timedelta(seconds=late) <= after
    assert session.record.rows().seconds == pytest.approx([0, late])


def test_figures_are_the_devices(session: LiveSession, play: Play, clock: Clock) -> None:
    play(60, received=3, shown=2, milliseconds=(4, 1, 2, 8, 3))
    clock.seconds += 0.4  # the next batch is on its way
    speed = session.record.speed()
    assert (speed.analysed, speed.received, speed.shown) == pytest.approx((10, 30, 20), abs=0.3)
    found = {name: median for name, (median, _) in speed.stages.items()}
    assert found == {"detect": 4, "track": 1, "align": 2, "classify": 8, "draw": 3, "all": 18}
    clock.seconds += FRESH_SECONDS + BATCH_LAG_SECONDS - 0.5
    assert len(session.record.latest().faces) == 1, "between two batches it is alive"
    assert session.record.silent_for == pytest.approx(2.9)
    clock.seconds += 0.2
    assert not session.record.latest().fresh
    assert len(session.record.latest().faces) == 0
    clock.seconds += 30
    assert session.record.speed().analysed == 0


def test_a_camera_that_is_off_and_another_scene_are_told(session: LiveSession, play: Play) -> None:
    play(5)
    play(5, seen(Detections.empty()), black=True)
    assert session.record.latest().camera_off
    assert session.record.rows().camera_off.tolist() == [False] * 5 + [True] * 5
    assert play(5).people == {1: 1}, "the same person"
    assert not session.record.latest().camera_off
    play(1, seen(looks=1), cut=True)
    play(9, seen(looks=1))
    assert session.record.rows().track.tolist()[-1] == 2, "in the same place"


def test_faces_are_told_their_persons(feed: DeviceFeed, browser: Browser, clock: Clock) -> None:
    for _ in range(10):
        clock.seconds += 0.1
        browser.look(seen(PAIR), local_ids=[7, 3])
    assert feed.take(browser.message()).people == {7: 1, 3: 2}
    clock.seconds += 0.1
    browser.look(seen(FACE), local_ids=[7])
    assert feed.take(browser.message()).people == {7: 1, 3: 2}, "who was not found is not forgotten"
    clock.seconds += 0.1
    browser.look(seen(PAIR), local_ids=[0, 9])
    assert feed.take(browser.message()).people == {7: 1, 3: 2, 9: 2}, "0 is followed by nobody"


def test_a_close_look_is_asked_for_where_none_was_taken(spec: ModelSpec, clock: Clock) -> None:
    session = made_session(spec, clock, face_check=no_detector)
    feed, browser = DeviceFeed(session), Browser(clock)
    browser.look(seen(PAIR), local_ids=[4, 5])
    reply = feed.take(browser.message())
    assert (reply.people, reply.wanted) == ({4: 0, 5: 0}, (4, 5))
    for _ in range(30):
        clock.seconds += 0.1
        browser.look(seen(PAIR, evidence=20.0), local_ids=[4, 5])
    reply = feed.take(browser.message())
    assert (reply.people, reply.wanted) == ({4: 1, 5: 2}, ())


@pytest.mark.parametrize("missing", ["restarted", "dropped"])
@pytest.mark.parametrize("faces", [1, 3])
def test_kept_results_have_their_people_though_the_server_has_not_had_the_close_looks(
    spec: ModelSpec, clock: Clock, missing: str, faces: int
) -> None:
    people = make_detections(*((40 + 200 * n, 40, 140 + 200 * n, 140) for n in range(faces)))

    def look(evidence: float, *, believed: bool) -> None:
        clock.seconds += 0.1
        browser.look(seen(people, evidence=evidence), believed=[believed] * faces)

    browser = Browser(clock)
    feed = DeviceFeed(made_session(spec, clock, face_check=no_detector))
    for _ in range(10):
        look(20.0, believed=True)
    assert max(feed.take(browser.message()).people.values()) == faces
    browser.hear("run-1", 1)
    if missing == "restarted":
        feed = DeviceFeed(made_session(spec, clock, face_check=no_detector))
    else:
        clock.seconds += 900
    before = len(feed.session.record)
    for _ in range(40):
        look(np.nan, believed=True)
    message = browser.message() | {"dropped": 7 if missing == "dropped" else 0}
    assert feed.take(message).wanted == ()
    tracks = feed.session.record.rows().track[before:]
    assert (tracks > 0).mean() > 0.95
    assert len({*tracks.tolist()} - {-1, 0}) == faces


def test_what_a_device_does_not_believe_in_is_looked_at(spec: ModelSpec, clock: Clock) -> None:
    session = made_session(spec, clock, face_check=no_detector)
    feed, browser = DeviceFeed(session), Browser(clock)
    for _ in range(30):
        clock.seconds += 0.1
        browser.look(seen(FACE), believed=[False])
    assert feed.take(browser.message()).wanted == (1,)
    for _ in range(30):
        clock.seconds += 0.1
        browser.look(seen(FACE), believed=[True])
    assert feed.take(browser.message()).wanted == (1,), "long after the beginning"
    assert not session.record.rows().has_face.any()


def test_a_session_goes_to_the_device_and_back(spec: ModelSpec, clock: Clock) -> None:
    session = session_of(spec, StreamLimit(1, clock), clock)
    feed, browser = DeviceFeed(session), Browser(clock)
    for kind in ("server", "device", "server"):
        for _ in range(5):
            clock.seconds += 0.1
            if kind == "server":
                session.process(np.full((480, 640, 3), 99, np.uint8))
            else:
                browser.look()
        feed.take(browser.message())
        session.ended()
    rows = session.record.rows()
    assert rows.seconds == pytest.approx(0.1 * np.arange(15))
    assert rows.track.tolist()[:5] == rows.track.tolist()[-5:] == [1] * 5
    assert session.record.errors.count == 0


STEPS = ["look", "look", "send", "arrive", "again", "lose", "hear"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_frame_is_recorded_once_in_order(spec: ModelSpec, data: st.DataObject) -> None:
    clock = Clock()
    session = made_session(spec, clock)
    feed, browser = DeviceFeed(session), Browser(clock)
    there: list[dict] = []
    back: list[Reply] = []
    frames = 0
    for _ in range(data.draw(st.integers(1, 25))):
        clock.seconds += 0.1
        match data.draw(st.sampled_from(STEPS)):
            case "look":
                frames += 1
                browser.look()
            case "send":
                there.append(browser.message())
            case "arrive" if there:
                back.append(feed.take(there.pop(data.draw(st.integers(0, len(there) - 1)))))
            case "again" if there:
                back.append(feed.take(there[data.draw(st.integers(0, len(there) - 1))]))
            case "lose" if there:
                there.pop()
            case "hear" if back:
                reply = back.pop(data.draw(st.integers(0, len(back) - 1)))
                browser.hear(reply.run, reply.acknowledged)
    for late in [*there, browser.message(), *there]:
        browser.hear("run-1", feed.take(late).acknowledged)
    assert not browser.kept
    assert len(session.record) == frames
    assert (np.diff(session.record.rows().seconds) > 0.04).all()
    assert session.record.errors.count == 0


def message(**changes: Any) -> dict[str, Any]:
    browser = Browser(Clock())
    for _ in range(2):
        browser.look()
    return browser.message() | changes


BATCH = {"number": 1, "observations": ""}
FULL = {"number": 1, "observations": "A" * MAX_BATCH}

WRONG: list[tuple[object, str]] = [
    (None, "message: "),
    ({}, "run: Field required"),
    (message(run=""), "run: String should have at least 1"),
    (message(run="r" * 501), "run: String should have at most 500"),
    (message(generation="0"), "generation: "),
    (message(generation=-1), "generation: "),
    (message(generation=2**60), "generation: "),
    (message(first=1.5), "first: "),
    (message(first=0), "first: "),
    *((message(age=age), "age: ") for age in (float("nan"), float("inf"), -1.0, 1_000_001.0)),
    (message(batches={"0": BATCH}), "batches: "),
    (message(batches=[BATCH] * 5001), "batches: List should have"),
    (message(batches=[{"observations": ""}]), "batches.0.number: Field required"),
    (message(batches=[BATCH | {"number": 0}]), "batches.0.number: "),
    (message(batches=[BATCH | {"observations": b""}]), "observations: "),
    (message(batches=[BATCH | {"observations": "A" * 100_001}]), "String should have at most"),
    (message(batches=[FULL] * 4 + [BATCH | {"observations": "A"}]), "at most 400000 characters"),
    (message(dropped=-3), "dropped: "),
]


@pytest.mark.parametrize(("sent", "why"), WRONG)
def test_what_is_no_message_is_refused(
    feed: DeviceFeed, session: LiveSession, play: Play, sent: object, why: str
) -> None:
    with pytest.raises(WireError) as refused:
        Message.of(sent)
    assert why in str(refused.value)
    assert len(str(refused.value)) < 300, "and what came is not repeated"
    before = play(5)
    assert feed.take(sent) == before
    play(5)
    errors = session.record.errors
    assert (errors.count, errors.in_a_row, len(session.record)) == (1, 0, 10)


@pytest.mark.parametrize("batches", [[BATCH] * 5000, [FULL] * 4])
def test_what_is_just_within_the_limits_is_a_message(batches: list[dict[str, Any]]) -> None:
    assert Message.of(message(batches=batches, age=1e6, run="r" * 500)).run


def test_who_sends_too_fast_waits_and_loses_nothing(
    feed: DeviceFeed, session: LiveSession, browser: Browser, clock: Clock
) -> None:
    nothing = [{"number": n, "observations": "?"} for n in range(1, BURST + 2)]
    assert feed.take(browser.message() | {"batches": nothing}).acknowledged == BURST + 1
    browser.number = BURST + 1
    for _ in range(60):
        browser.look(seen(PAIR))
    assert feed.take(browser.message()).acknowledged == BURST + 1
    clock.seconds += 2 / RATE
    assert feed.take(browser.message()).acknowledged == BURST + 2
    for _ in range(60):
        browser.look(seen(PAIR))
    clock.seconds += 178 / RATE  # 60 frames and 120 faces, and the batch
    assert feed.take(browser.message()).acknowledged == BURST + 2
    clock.seconds += 2 / RATE
    assert feed.take(browser.message()).acknowledged == BURST + 3
    assert session.record.errors.count == BURST + 1
    assert len(session.record) == 240


@pytest.mark.parametrize(
    "observations", ["?", "AQ", "ü", "AA==", base64.b64encode(b"\x02" * 100).decode()]
)
def test_what_cannot_be_read_is_counted(
    feed: DeviceFeed, session: LiveSession, browser: Browser, observations: str
) -> None:
    for width in (640, 0, 640):  # one frame is absurd
        browser.look(width=width)
    sent = browser.message()
    sent["batches"].append({"number": 2, "observations": observations})
    assert feed.take(sent).acknowledged == 2
    assert (session.record.errors.count, len(session.record)) == (2, 2)


def test_dropped_frames_are_counted(
    feed: DeviceFeed, session: LiveSession, browser: Browser
) -> None:
    for _ in range(3):
        browser.look()
        browser.message()
    browser.hear("run-1", 2)  # which were dropped
    reply = feed.take(browser.message() | {"dropped": 2})
    assert (reply.acknowledged, len(session.record)) == (3, 1)
    feed.take(browser.message() | {"dropped": 2})  # told again, not lost again
    assert session.record.errors == LiveErrors(lost=2)
    feed.take(browser.message() | {"dropped": 3})
    assert session.record.errors.lost == 3
    session.record.clear()
    feed.take(browser.message() | {"dropped": 9})  # of the generation before
    assert session.record.errors == LiveErrors()


def test_an_earlier_generation_is_no_news(
    session: LiveSession, feed: DeviceFeed, play: Play, clock: Clock
) -> None:
    play(5)
    session.record.clear()
    assert play(5).acknowledged == 2
    assert (session.record.generation, len(session.record), session.record.now) == (1, 0, 0)
    after = Browser(clock, run="run-2", generation=1)
    for _ in range(3):
        clock.seconds += 0.1
        after.look()
    reply = feed.take(after.message())
    assert (reply.run, reply.acknowledged, reply.people) == ("run-2", 1, {1: 1})
    assert session.record.rows().seconds == pytest.approx([0.0, 0.1, 0.2])


def test_runs_follow_each_other(
    session: LiveSession, feed: DeviceFeed, play: Play, browser: Browser, clock: Clock
) -> None:
    play(5)
    clock.seconds += 0.1
    browser.look()  # the last frame, which comes when the next run has begun
    late = browser.message()
    clock.seconds += 60
    after = Browser(clock, run="run-2", began=clock.seconds - 0.1)
    after.look(local_ids=[9])
    assert feed.take(after.message()).people == {9: 1}
    assert DeviceFeed(session).take(late).acknowledged == 2, "also where its beginning is not known"
    assert feed.take(late).acknowledged == feed.take(late).acknowledged == 2
    assert session.record.rows().seconds[:6] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 60.5])
    assert (np.diff(session.record.rows().seconds) >= 0).all(), "time never goes backwards"
    assert len(session.record) == 8
    for i in range(100):
        feed.take(Browser(clock, run=f"run-{i}").message())
    assert len(feed._runs) == 64, "and no more"


def test_frames_of_unknown_models_are_counted(
    session: LiveSession, feed: DeviceFeed, browser: Browser, clock: Clock
) -> None:
    gone = Browser(clock, run="run-0", model="gone")
    gone.look()
    gone.look()
    assert feed.take(gone.message()).acknowledged == 1
    browser.look(seen(scores=(1.0, 2.0)))
    assert feed.take(browser.message()).acknowledged == 1
    assert (len(session.record), session.record.errors.count) == (0, 3)


def test_another_model_answers_late_frames_too_and_people_stay(
    spec: ModelSpec, session: LiveSession, feed: DeviceFeed, browser: Browser, clock: Clock
) -> None:
    other = model_of(spec, "calm", "cross", key="other-1")
    browser.look()
    feed.take(browser.message())
    clock.seconds += 0.1
    browser.look()
    late = browser.message()
    session.choose_model(other)
    feed.answer_with(other)
    assert feed.take(late).acknowledged == 2
    after = Browser(clock, run="run-2", model="other-1")
    clock.seconds += 0.1
    after.look(seen(scores=(0.0, 5.0)))
    assert feed.take(after.message()).people == {1: 1}
    assert session.record.latest().faces.expressions == ["cross"]
    assert (len(session.record), session.record.errors.count) == (3, 0)
    heads = session.record.rows().used().heads
    assert [head.labels for head in heads] == [spec.labels, ("calm", "cross")]
    for key in "abcd":
        feed.answer_with(model_of(spec, key=key))
    browser.look()
    feed.take(browser.message())
    assert session.record.errors.count == 1, "four models are known, no more"


def test_late_frames_have_their_times_settings(two_heads: ModelSpec, clock: Clock) -> None:
    session = made_session(two_heads, clock)
    feed, browser = DeviceFeed(session), Browser(clock)
    both = seen(outputs=("expression", "ferplus"))
    session.settings = LiveSettings(head="expression", smoothing_seconds=0.5)
    browser.look(both)
    feed.take(browser.message())
    for _ in range(3):  # while the connection is lost
        clock.seconds += 0.1
        browser.look(both)
    clock.seconds += 0.1
    session.settings = LiveSettings(head="ferplus", smoothing_seconds=2.0)
    browser.look(both)
    feed.take(browser.message())
    rows = session.record.rows()
    heads = [rows.heads[i].name for i in rows.array["head"]]
    assert heads == ["expression"] * 4 + ["ferplus"]
    assert rows.array["smoothing_ms"].tolist() == [500] * 4 + [2000]


def test_a_message_says_how_it_goes(feed: DeviceFeed, browser: Browser) -> None:
    for sent in (None, 3, [], {}, {"number": "x", "batches": 7, "phase": 1}):
        feed.hear(sent)
        assert (feed.report, feed.heard, feed.has_setup) == (Report(), 0, "")
    phase = {"phase": "running", "code": "", "detail": ""}
    feed.hear({"number": 3, "setup": "abc", "phase": phase})
    assert (feed.report, feed.heard, feed.has_setup) == (Report("running"), 3, "abc")
    assert feed.reply is None
    browser.look()
    feed.hear({"number": 4, "setup": "", "phase": {}, **browser.message()})
    assert (feed.report, feed.heard, feed.has_setup) == (Report(), 4, "")
    assert feed.reply == Reply("run-1", 1, {1: 1})
    report = Report.of({"phase": "failed", "code": "camera", "detail": "x" * 500, "more": 1})
    assert (report.phase, report.code, len(report.detail)) == ("failed", "camera", 200)
    assert (report.active, report.problem) == (False, "")
    assert Report.of({"phase": "unable", "code": "simd"}).problem == "simd"
