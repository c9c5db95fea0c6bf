"""A session that is fed by the visitor's own device."""

import base64
import io
import json
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.live.device.protocol import BURST, RATE, DeviceFeed, Reply
from app.live.streaming.frames import LiveSettings
from app.live.streaming.people import LiveModel
from app.live.streaming.record import FRESH_SECONDS, LiveErrors
from app.live.streaming.session import BATCH_LAG_SECONDS, LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer import FaceStream
from fer.errors import ModelError
from fer.export.sessions import file_bytes
from fer.export.stream import StreamResult
from fer.model.spec import ModelSpec
from fer.types import Detections
from tests.app.live.device.samples import HAPPY, SAD, Browser, model_of, no_detector, seen
from tests.app.live.device.test_messages import WRONG
from tests.app.live.samples import waiting_session
from tests.app.samples import FACE, Clock, Detector
from tests.samples import FakeClassifier, make_detections

PAIR = make_detections((40, 40, 140, 140), (400, 60, 500, 160))


def made_session(spec: ModelSpec, clock: Clock, **stream: Any) -> LiveSession:
    """Return a session for which no stream of the server is free."""
    session = LiveSession(
        FaceStream(no_detector, FakeClassifier(3), spec, **stream), StreamLimit(0, clock), clock
    )
    session.choose_model(model_of(spec))
    return session


@pytest.fixture
def session(spec: ModelSpec, clock: Clock) -> LiveSession:
    return made_session(spec, clock)


@pytest.fixture
def feed(session: LiveSession) -> DeviceFeed:
    return DeviceFeed(session, lambda key: None)


@pytest.fixture
def browser(clock: Clock) -> Browser:
    return Browser(clock)


@pytest.fixture
def play(feed: DeviceFeed, browser: Browser, clock: Clock) -> Callable[..., Reply]:
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


def times(session: LiveSession) -> list[float]:
    return session.record.rows().seconds.round(6).tolist()


def test_before_anything_came_there_is_nothing(feed: DeviceFeed, session: LiveSession) -> None:
    empty = {"run": "run-1", "life": 0, "model": "fake-1", "first": 1, "batches": [], "age": 0}
    assert feed.take(empty) == Reply("run-1")
    assert len(session.record) == session.record.now == 0
    assert session.record.silent_for == session.record.latest().age == np.inf
    assert not session.record.latest().fresh


def test_what_a_device_has_seen_is_recorded_like_what_was_seen_here(
    session: LiveSession, play: Callable[..., Reply]
) -> None:
    reply = play(10)
    assert reply.data() == {
        "run": "run-1",
        "acknowledged": 2,
        "people": {"1": 1},
        "wanted": [],
    }
    rows = session.record.rows()
    assert rows.seconds == pytest.approx(0.1 * np.arange(10))
    assert rows.track.tolist() == [1] * 10
    assert rows.array["box"][0].tolist() == [40, 40, 140, 140]
    assert session.record.latest().faces.expressions == ["happy"]
    assert session.record.errors.count == 0


def test_who_sends_too_fast_waits_and_loses_nothing(
    feed: DeviceFeed, session: LiveSession, browser: Browser, clock: Clock
) -> None:
    def send() -> int:
        for _ in range(60):
            browser.look(seen(PAIR))
        reply = feed.take(browser.message())
        browser.hear(reply.run, reply.acknowledged)
        return reply.acknowledged

    messages = BURST // 180 + 1  # 60 frames, each with two faces, at a time
    assert [send() for _ in range(messages)] == [*range(1, messages + 1)]
    assert [send(), send()] == [messages] * 2
    clock.seconds += 2 * 180 / RATE
    assert send() == messages + 3
    assert session.record.errors.count == 0
    assert len(session.record) == 2 * 60 * (messages + 3)


def test_what_cannot_be_read_costs_time_too(
    feed: DeviceFeed, session: LiveSession, browser: Browser
) -> None:
    nothing = [{"number": n, "observations": "?"} for n in range(1, BURST + 2)]
    assert feed.take(browser.message() | {"batches": nothing}).acknowledged == BURST + 1
    browser.number = BURST + 1
    browser.look()
    assert feed.take(browser.message()).acknowledged == BURST + 1
    assert session.record.errors.count == BURST + 1


def test_no_place_of_the_server_is_taken(session: LiveSession, play: Callable[..., Reply]) -> None:
    play(10)
    assert session.limit.refusal(session)
    assert not session.refused
    assert len(session.record) == 10


def test_the_figures_are_those_of_the_device(
    session: LiveSession, play: Callable[..., Reply], clock: Clock
) -> None:
    play(60, received=3, shown=2, milliseconds=(4, 1, 2, 8, 3))
    clock.seconds += 0.4  # the next batch is on its way
    speed = session.record.speed()
    assert (speed.analysed, speed.received, speed.shown) == pytest.approx((10, 30, 20), abs=0.3)
    found = {name: stage.median for name, stage in speed.stages.items()}
    assert found == {"detect": 4, "track": 1, "align": 2, "classify": 8, "draw": 3, "all": 18}
    clock.seconds += 30
    assert session.record.speed().analysed == 0


def test_between_two_batches_the_session_is_alive(
    session: LiveSession, play: Callable[..., Reply], clock: Clock
) -> None:
    play(5)
    clock.seconds += FRESH_SECONDS + BATCH_LAG_SECONDS - 0.1
    assert session.record.latest().fresh
    assert len(session.record.latest().faces) == 1
    assert session.record.silent_for == session.record.latest().age == pytest.approx(2.9)
    clock.seconds += 0.2
    assert not session.record.latest().fresh
    assert len(session.record.latest().faces) == 0


def test_a_camera_that_is_off_is_told_and_forgotten(
    session: LiveSession, play: Callable[..., Reply], clock: Clock
) -> None:
    play(5)
    play(5, seen(Detections.empty()), black=True)
    assert session.record.latest().camera_off
    assert len(session.record.latest().faces) == 0
    assert session.record.rows().camera_off.tolist() == [False] * 5 + [True] * 5
    assert session.record.latest().age == 0
    clock.seconds += 4.0
    assert not session.record.latest().camera_off
    reply = play(5)
    assert not session.record.latest().camera_off
    assert reply.people == {1: 1}, "the same person"


def test_a_frame_without_a_face_has_a_row(session: LiveSession, play: Callable[..., Reply]) -> None:
    play(3, seen(Detections.empty()))
    assert session.record.rows().has_face.tolist() == [False] * 3


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
    def checks(*_: object) -> Any:
        raise AssertionError("the server looked at a picture")

    session = made_session(spec, clock, face_check=checks)
    feed, browser = DeviceFeed(session, lambda key: None), Browser(clock)
    browser.look(seen(PAIR), local_ids=[4, 5])
    reply = feed.take(browser.message())
    assert (reply.people, reply.wanted) == ({4: 0, 5: 0}, (4, 5))
    for _ in range(30):
        clock.seconds += 0.1
        browser.look(seen(PAIR, evidence=20.0), local_ids=[4, 5])
    reply = feed.take(browser.message())
    assert (reply.people, reply.wanted) == ({4: 1, 5: 2}, ())


def test_two_minutes_with_a_break_and_a_stop_are_recorded_to_the_last_frame(
    session: LiveSession, feed: DeviceFeed, browser: Browser, clock: Clock
) -> None:
    taken = []
    for frame in range(1200):
        clock.seconds = 1000 + 0.1 * frame
        taken.append(clock.seconds)
        browser.look(seen(scores=HAPPY if frame < 600 else SAD))
        if frame % 5 < 4:
            continue
        message = browser.message()
        if 400 <= frame < 500:
            continue  # the connection is broken
        reply = feed.take(message)
        if frame % 3:  # every third answer is lost
            browser.hear(reply.run, reply.acknowledged)
    clock.seconds += 0.5
    reply = feed.take(browser.message())
    browser.hear(reply.run, reply.acknowledged)
    assert not browser.kept
    rows = session.record.rows()
    assert rows.seconds == pytest.approx(np.array(taken) - 1000, abs=1e-6)
    assert rows.track.tolist() == [1] * 1200
    happy = rows.array["probabilities"][:, 0]
    assert (happy[:600] > 0.9).all()
    assert (happy[650:] < 0.1).all()
    assert session.record.errors.count == 0


def test_exports_have_the_columns_of_a_session_of_the_server(
    spec: ModelSpec, session: LiveSession, play: Callable[..., Reply], clock: Clock
) -> None:
    play(30)
    there = waiting_session(
        FaceStream(Detector(), FakeClassifier(3), spec), StreamLimit(1, clock), clock
    )
    there.choose_model(model_of(spec))
    for _ in range(30):
        clock.seconds += 0.1
        there.process(np.full((480, 640, 3), 99, np.uint8))
    device, server = (
        StreamResult(recorded.record.rows().used(), recorded.record.info)
        for recorded in (session, there)
    )
    for ending in (".json", "-summary.json"):
        device_says, server_says = (
            keys(json.loads(file_bytes(result, ending))) for result in (device, server)
        )
        assert device_says == server_says
    tables = [pq.read_table(io.BytesIO(file_bytes(r, ".parquet"))) for r in (device, server)]
    assert tables[0].schema.equals(tables[1].schema)
    heads = [file_bytes(result, ".csv").splitlines()[0] for result in (device, server)]
    assert heads[0] == heads[1]


def keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    return keys(value[0]) if isinstance(value, list) and value else None


STEPS = ["look", "look", "send", "arrive", "again", "lose", "hear"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_line_does_every_frame_is_recorded_once_and_in_order(
    spec: ModelSpec, data: st.DataObject
) -> None:
    clock = Clock()
    session = made_session(spec, clock)
    feed, browser = DeviceFeed(session, lambda key: None), Browser(clock)
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


@pytest.mark.parametrize("told", [told for told, _ in WRONG.values()], ids=WRONG)
def test_what_is_no_message_is_counted_and_nothing_else(
    feed: DeviceFeed, session: LiveSession, play: Callable[..., Reply], told: object
) -> None:
    before = play(5)
    assert feed.take(told) == before
    assert (session.record.errors.count, len(session.record)) == (1, 5)
    play(5)
    assert (session.record.errors.count, session.record.errors.in_a_row, len(session.record)) == (
        1,
        0,
        10,
    )


BAD = {
    "not base64": ("?", 1),
    "no observation": ("AAAA", 1),
    "another version": (base64.b64encode(b"\x02" * 100).decode(), 1),
}


@pytest.mark.parametrize(("observations", "errors"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_counted_and_not_asked_for_again(
    feed: DeviceFeed, session: LiveSession, browser: Browser, observations: str, errors: int
) -> None:
    browser.look()
    message = browser.message()
    message["batches"].append({"number": 2, "observations": observations})
    browser.number = 2
    assert feed.take(message).acknowledged == 2
    assert (session.record.errors.count, len(session.record)) == (errors, 1)


def test_one_absurd_frame_does_not_cost_the_others(
    feed: DeviceFeed, session: LiveSession, browser: Browser, clock: Clock
) -> None:
    for seconds in (None, np.nan, None):
        clock.seconds += 0.1
        browser.look(**({} if seconds is None else {"width": 0}))
    assert feed.take(browser.message()).acknowledged == 1
    assert times(session) == [0.0, 0.2]
    assert session.record.errors.count == 1


def test_what_comes_after_a_gap_waits_for_what_is_missing(
    feed: DeviceFeed, session: LiveSession, browser: Browser, clock: Clock
) -> None:
    browser.look()
    first = browser.message()
    clock.seconds += 0.1
    browser.look()
    both = browser.message()
    second = {**both, "batches": both["batches"][1:]}
    assert feed.take(second).acknowledged == 0
    assert len(session.record) == 0
    assert feed.take(first).acknowledged == 1
    assert feed.take(second).acknowledged == 2
    assert feed.take(both).acknowledged == 2
    assert times(session) == [0.0, 0.1]


def test_what_the_browser_could_not_keep_is_not_waited_for(
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
    feed.take(browser.message() | {"dropped": 9})  # of the life before
    assert session.record.errors == LiveErrors()


def test_frames_of_an_earlier_life_are_acknowledged_and_not_recorded(
    session: LiveSession, feed: DeviceFeed, play: Callable[..., Reply], clock: Clock
) -> None:
    play(5)
    session.record.clear()
    reply = play(5)
    assert (reply.acknowledged, session.record.life, len(session.record), session.record.now) == (
        2,
        1,
        0,
        0,
    )
    after = Browser(clock, run="run-2", life=1)
    for _ in range(3):
        clock.seconds += 0.1
        after.look()
    reply = feed.take(after.message())
    assert (reply.run, reply.acknowledged, reply.people) == ("run-2", 1, {1: 1})
    assert times(session) == [0.0, 0.1, 0.2]


def test_a_run_after_another_goes_on_with_the_same_people(
    session: LiveSession, feed: DeviceFeed, play: Callable[..., Reply], clock: Clock
) -> None:
    play(5)
    clock.seconds += 60
    after = Browser(clock, run="run-2", began=clock.seconds - 0.1)
    after.look(local_ids=[9])
    assert feed.take(after.message()).people == {9: 1}
    assert times(session) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 60.4])


def test_runs_do_not_disturb_each_other(
    session: LiveSession, feed: DeviceFeed, browser: Browser, clock: Clock
) -> None:
    browser.look()
    feed.take(browser.message())
    clock.seconds += 0.1
    browser.look()  # the last frame, which comes when the next run has begun
    late = browser.message()
    clock.seconds += 0.5
    after = Browser(clock, run="run-2", began=clock.seconds - 5)
    after.look()
    assert feed.take(after.message()).acknowledged == 1
    assert feed.take(late).acknowledged == 2
    assert feed.take(late).acknowledged == 2
    assert len(session.record) == 3
    assert (np.diff(session.record.rows().seconds) >= 0).all(), "time never goes backwards"


def test_a_run_of_which_the_beginning_is_not_known_goes_on(
    session: LiveSession, browser: Browser, clock: Clock
) -> None:
    for _ in range(3):
        clock.seconds += 0.1
        browser.look()
        browser.message()
    browser.hear("run-1", 2)
    anew = DeviceFeed(session, lambda key: None)
    assert anew.take(browser.message()).acknowledged == 3
    assert len(session.record) == 1


def test_the_number_of_runs_that_are_remembered_is_bounded(feed: DeviceFeed, clock: Clock) -> None:
    def runs(first: int, last: int) -> int:
        for i in range(first, last):
            clock.seconds += 0.1
            browser = Browser(clock, run=f"{i:0100}", life=9)
            browser.look(local_ids=[i])
            feed.take(browser.message())
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        begin, end = runs(0, 100), runs(100, 400)
    finally:
        tracemalloc.stop()
    assert end - begin < 300 * 100  # bytes


def test_a_model_that_is_not_known_is_told_and_counted(
    session: LiveSession, feed: DeviceFeed, browser: Browser
) -> None:
    browser.model = "gone"
    browser.look()
    browser.look()
    reply = feed.take(browser.message())
    assert reply.acknowledged == 1
    assert (len(session.record), session.record.errors.count) == (0, 2)


def test_a_model_that_went_meanwhile_is_like_one_that_is_not_known(
    session: LiveSession, browser: Browser
) -> None:
    def gone(key: str) -> LiveModel:
        raise ModelError("it was there a moment ago")

    browser.model = "gone"
    browser.look()
    assert DeviceFeed(session, gone).take(browser.message()).acknowledged == 1
    assert session.record.errors.count == 1


def test_frames_of_another_network_than_was_said_are_counted(
    session: LiveSession, feed: DeviceFeed, browser: Browser
) -> None:
    browser.look(seen(scores=(1.0, 2.0)))
    assert feed.take(browser.message()).acknowledged == 1
    assert (len(session.record), session.record.errors.count) == (0, 1)


def test_another_model_answers_late_frames_too_and_people_stay(
    spec: ModelSpec, session: LiveSession, browser: Browser, clock: Clock
) -> None:
    head = spec.heads[0].model_copy(update={"labels": ("calm", "cross")})
    other = model_of(spec.model_copy(update={"name": "other", "heads": (head,)}), "other-1")
    first = session.model
    feed = DeviceFeed(session, {"fake-1": first, "other-1": other}.get)
    browser.look()
    feed.take(browser.message())
    clock.seconds += 0.1
    browser.look()
    late = browser.message()
    session.choose_model(other)
    assert feed.take(late).acknowledged == 2
    after = Browser(clock, run="run-2", model="other-1")
    clock.seconds += 0.1
    after.look(seen(scores=(0.0, 5.0)))
    assert feed.take(after.message()).people == {1: 1}
    assert session.record.latest().faces.expressions == ["cross"]
    assert session.record.errors.count == 0
    assert len(session.record) == 3
    assert [head.labels for head in session.record.rows().used().heads] == [
        spec.labels,
        head.labels,
    ]


def test_late_frames_are_followed_with_the_settings_of_their_time(
    two_heads: ModelSpec, clock: Clock
) -> None:
    session = made_session(two_heads, clock)
    feed, browser = DeviceFeed(session, lambda key: None), Browser(clock)
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


def test_a_session_goes_from_the_server_to_the_device_and_back(
    spec: ModelSpec, clock: Clock
) -> None:
    session = waiting_session(
        FaceStream(Detector(), FakeClassifier(3), spec), StreamLimit(1, clock), clock
    )
    session.choose_model(model_of(spec))
    feed, browser = DeviceFeed(session, lambda key: None), Browser(clock)
    picture = np.full((480, 640, 3), 99, np.uint8)
    for kind in ("server", "device", "server"):
        for _ in range(5):
            clock.seconds += 0.1
            if kind == "server":
                session.process(picture)
            else:
                browser.look(seen(FACE))
        feed.take(browser.message())
        session.ended()
    rows = session.record.rows()
    assert rows.seconds == pytest.approx(0.1 * np.arange(15))
    assert rows.track.tolist()[:5] == rows.track.tolist()[-5:] == [1] * 5
    assert session.record.errors.count == 0


def test_a_clock_that_jumps_costs_no_frame(
    session: LiveSession, play: Callable[..., Reply], browser: Browser, clock: Clock
) -> None:
    play(10)
    clock.seconds += 300  # the computer slept, and its clock stood still
    browser.began += 300
    play(60)
    browser.began -= 300
    play(10)
    assert len(session.record) == 80
    assert (np.diff(session.record.rows().seconds) >= 0).all()
    assert session.record.latest().age == pytest.approx(0, abs=0.1)


def test_threads_may_bring_the_same_at_once(
    session: LiveSession, feed: DeviceFeed, browser: Browser, clock: Clock
) -> None:
    messages = []
    for _ in range(20):
        clock.seconds += 0.1
        browser.look()
        messages.append(browser.message())

    def bring() -> None:
        for message in messages:
            assert isinstance(feed.take(message), Reply)

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(session.record) == 20
    assert (np.diff(session.record.rows().seconds) > 0).all()
