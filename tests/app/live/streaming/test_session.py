"""A live session with a fake detector and classifier, and a clock of its own."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from app.live.streaming.frames import LiveSettings
from app.live.streaming.record import FRESH_SECONDS, STAGE_SECONDS
from app.live.streaming.session import LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer.errors import ModelError
from fer.model.spec import ModelSpec
from fer.stream import STAGES
from fer.types import Detections, Image
from tests.app.live.samples import Visitor, model_of, picture, session_of
from tests.app.samples import FACE, Clock, Detector
from tests.samples import make_detections

Play = Callable[..., Image]

BLACK = np.zeros((240, 320, 3), np.uint8)


@pytest.fixture
def limit(clock: Clock) -> StreamLimit:
    return StreamLimit(1, clock)


@pytest.fixture
def session(spec: ModelSpec, detector: Detector, limit: StreamLimit, clock: Clock) -> LiveSession:
    return session_of(spec, limit, clock, detector)


@pytest.fixture
def play(session: LiveSession, clock: Clock) -> Play:
    """Process pictures, 0.1 s apart, and return the last that is shown."""

    def frames(
        count: int = 1, level: int = 0, seconds: float = 0.1, image: Image | None = None
    ) -> Image:
        shown = picture()
        for _ in range(count):
            clock.seconds += seconds
            shown = session.process(picture(level) if image is None else image)
        return shown

    return frames


def test_frames_are_recorded(session: LiveSession, detector: Detector, play: Play) -> None:
    record, latest = session.record, session.record.latest()
    assert len(record) == len(record.rows()) == len(latest.faces) == record.now == 0
    assert (record.speed().analysed, record.speed().stages) == (0, {})
    assert (record.silent_for, latest.fresh) == (np.inf, False)
    assert play(3).shape == (480, 640, 3)
    assert session.record.latest().faces.expressions == ["happy"]
    rows = session.record.rows()
    assert rows.seconds == pytest.approx([0, 0.1, 0.2])
    assert rows.track.tolist() == [1, 1, 1]
    assert rows.array["box"][0].tolist() == [40, 40, 140, 140]
    assert list(session.record.speed().stages) == [*STAGES, "draw", "all"]
    session.ended()
    detector.found = Detections.empty()
    play(1, seconds=60.0)
    rows = session.record.rows()
    assert rows.seconds == pytest.approx([0, 0.1, 0.2, 60.2]), "a pause stays a pause"
    assert rows.has_face.tolist() == [True] * 3 + [False], "a frame without a face has a row"
    detector.found = FACE
    play()
    assert session.record.rows().track.tolist()[-1] == 1, "the same person"


def test_settings_act_on_the_next_picture_alone(session: LiveSession, play: Play) -> None:
    session.settings = LiveSettings(mirrored=True, bars=False, smoothing_seconds=0.0)
    mirrored = play(6)
    session.settings = LiveSettings(mirrored=False, bars=False, smoothing_seconds=100.0)
    straight = play(1, level=130)
    # With much smoothing, one different frame changes next to nothing.
    assert session.record.latest().faces.confidence[0] > 0.9
    assert session.record.latest().faces.expressions == ["happy"]
    assert (mirrored[-1, 0].tolist(), straight[-1, 0].tolist()) == ([255] * 3, [130] * 3)
    # The marks are on the person in both; letters are not mirrored, so compare the box alone.
    assert (mirrored[140, 640 - 90] != 0).any()
    assert (straight[140, 90] != 130).any()
    session.settings = LiveSettings(mirrored=False, bars=True)
    assert (play(1, level=130) != straight).any()
    rows = session.record.rows()
    assert rows.track.tolist() == [1] * 8
    assert rows.array["box"].tolist() == [[40, 40, 140, 140]] * 8


def test_a_camera_that_is_off_is_recorded(
    session: LiveSession, play: Play, detector: Detector, clock: Clock
) -> None:
    play(3)
    detector.found = RuntimeError("must not be asked")
    assert not play(4, image=BLACK).any()
    latest = session.record.latest()
    assert (latest.camera_off, len(latest.faces), latest.fresh) == (True, 0, True)
    rows = session.record.rows()
    assert rows.camera_off.tolist() == [False] * 3 + [True] * 4
    assert rows.seconds == pytest.approx(0.1 * np.arange(7))
    clock.seconds += FRESH_SECONDS + 0.1
    assert not session.record.latest().camera_off, "what no frame says any more"
    detector.found = FACE
    play()
    assert not session.record.latest().camera_off
    assert session.record.rows().track.tolist()[-1] == 1, "the same person"
    assert session.record.errors.count == 0
    play(1, image=BLACK)
    session.record.clear()
    assert not session.record.latest().camera_off


def test_an_error_in_one_frame_is_told_and_the_stream_goes_on(
    session: LiveSession, detector: Detector, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    session.settings = LiveSettings(mirrored=False, bars=False)
    marked = play(2)
    detector.found = RuntimeError("a fault that nobody thought of")
    with caplog.at_level(logging.CRITICAL):
        assert (play() == marked).all(), "with the boxes of the last one"
    errors = session.record.errors
    assert (errors.count, errors.in_a_row) == (1, 1)
    assert errors.last_seconds == pytest.approx(0.2)
    detector.found = FACE
    play()
    assert (session.record.errors.count, session.record.errors.in_a_row) == (1, 0)
    assert len(session.record) == 3
    detector.found = RuntimeError("broken")
    assert (play(11) == picture()).all(), "but not for long"
    assert len(session.record.latest().faces) == 1
    play(10)
    assert (len(session.record.latest().faces), session.record.silent_for) == (0, 0)


@pytest.mark.parametrize("frame", [np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4), np.uint8), None])
def test_no_frame_raises(
    session: LiveSession, frame: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.process(frame) is frame
    assert session.record.errors.count == 1
    monkeypatch.setattr(session.record, "faces_at", lambda seconds: 1 / 0)
    shown = session.process(picture(0, 320, 240))
    assert shown.shape == (480, 640, 3)
    assert shown[0, 0].tolist() == [255] * 3, "mirrored"


def test_a_frame_from_the_past_is_one_of_now(session: LiveSession, detector: Detector) -> None:
    """The stream would begin anew, and give the first person's number to the next."""
    left, right = (40, 40, 140, 140), (400, 300, 500, 400)
    detector.found = make_detections(left, right)
    session.process(picture(), 20.0)
    session.process(picture(), 20.1)
    detector.found = make_detections(right)
    session.process(picture(), 19.0)
    assert session.record.rows().seconds == pytest.approx([0, 0, 0.1, 0.1, 0.1])
    assert session.record.rows().track.tolist() == [1, 2, 1, 2, 2]


def test_pictures_pass_without_a_slot(session: LiveSession, limit: StreamLimit, play: Play) -> None:
    other = Visitor()
    limit.hold(other)
    assert (play() == picture()[:, ::-1]).all()
    assert (session.refused, len(session.record)) == (True, 0)
    limit.leave(other)
    play()
    assert (session.refused, len(session.record)) == (False, 1)
    assert not limit.hold(other)
    session.ended()
    assert limit.hold(other)


def test_clear_forgets_all_that_was_seen(session: LiveSession, play: Play) -> None:
    """Times begin at zero again, so after a single frame they do not even go back."""
    session.settings = LiveSettings(smoothing_seconds=100.0)
    play(4)
    session.record.clear()
    assert (len(session.record), session.record.now, session.record.speed().analysed) == (0, 0, 0)
    play(1, level=250)
    faces, rows = session.record.latest().faces, session.record.rows()
    assert (faces.expressions, faces.confidence) == (["neutral"], pytest.approx([1]))
    assert (rows.seconds.tolist(), rows.track.tolist()) == ([0], [1])


def test_rates_are_of_some_seconds(session: LiveSession, clock: Clock, play: Play) -> None:
    for _ in range(30):
        clock.seconds += 0.2
        session.process(picture(), received=3)
    speed = session.record.speed()
    assert (speed.analysed, speed.received) == pytest.approx((5, 15), rel=0.06)
    clock.seconds += STAGE_SECONDS - 0.1
    speed = session.record.speed()
    assert (speed.analysed, speed.received) == (0, 0)
    median, p95 = speed.stages["all"]
    assert 0 < median <= p95
    clock.seconds += 0.2
    assert not session.record.speed().stages
    play(20)
    play(30, image=BLACK)
    play(10)
    speed = session.record.speed()
    assert (speed.received, speed.analysed) == pytest.approx((10, 2.5), rel=0.06)


def test_a_cut_brings_others_unless_alike(session: LiveSession, play: Play) -> None:
    numbers = []
    for number in (0, 1, 2, 0):
        colours = np.random.default_rng(number).choice(np.array([0, 255], np.uint8), (6, 8, 3))
        play(20, image=cv2.resize(colours, (640, 480), interpolation=cv2.INTER_CUBIC))
        numbers += session.record.latest().faces.track_id.tolist()
    assert numbers == [1, 2, 3, 1]


def test_page_and_stream_at_once(two_heads: ModelSpec, limit: StreamLimit, clock: Clock) -> None:
    session, other = session_of(two_heads, limit, clock), model_of(two_heads, "calm", "happy")
    first, frames = session.model, 60
    # As many looks as frames allow: one look after another may keep the lock from the stream.
    looks = threading.Semaphore(0)

    def look() -> None:
        for _ in range(5 * frames):
            looks.acquire()
            session.settings = LiveSettings(mirrored=not session.settings.mirrored)
            session.choose_model(first)
            session.choose_head("ferplus")
            session.choose_model(other)
            assert (np.diff(session.record.rows().seconds) >= 0).all()
            session.record.speed()
            session.record.latest()

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for frame in range(frames):
            clock.seconds += 0.05
            looks.release(5)
            session.process(picture())
            if frame == 30:
                session.record.clear()
        looking.result()
    assert session.record.errors.count == 0
    assert len(session.record) == 29


def test_another_head_counts_next(two_heads: ModelSpec, limit: StreamLimit, clock: Clock) -> None:
    session = session_of(two_heads, limit, clock)
    session.process(picture())
    session.choose_head("ferplus")
    session.process(picture())
    assert session.record.latest().faces.head == "ferplus"
    rows = session.record.rows()
    assert [rows.heads[head].name for head in rows.array["head"]] == ["expression", "ferplus"]
    assert rows.track.tolist() == [1, 1]
    with pytest.raises(ModelError, match="no head 'age'"):
        session.choose_head("age")
    session.choose_model(model_of(two_heads, "calm", "happy"))  # has only the usual head
    session.process(picture())
    assert session.record.latest().faces.labels == ("calm", "happy")
    assert (len(session.record), session.record.errors.count) == (3, 0)


@pytest.mark.parametrize(
    "labels", [("happy", "sad", "neutral"), ("calm", "happy"), ("a", "b", "c", "d")]
)
def test_another_model_answers_from_the_next_frame_on_and_nothing_is_lost(
    labels: tuple[str, ...], session: LiveSession, play: Play, spec: ModelSpec
) -> None:
    own = session.model
    play(2)
    session.choose_model(model_of(spec, *labels))
    play(2)
    assert session.record.latest().faces.expressions == [labels[0]]
    rows = session.record.rows()
    assert rows.track.tolist() == [1, 1, 1, 1], "it is the same person"
    models = [rows.heads[head].model for head in rows.array["head"]]
    assert models == ["fake", "fake", "other", "other"]
    answers = [rows.labels[i] for i in rows.probabilities.argmax(axis=1)]
    assert answers == ["happy", "happy", labels[0], labels[0]]
    assert rows.probabilities.max(axis=1) == pytest.approx(1), "averages have started anew"
    session.choose_model(own)
    play()
    info = session.record.info
    assert (info.model, info.others) == ("fake", (("other", "1" * 64),)), "two, not three"
    session.record.clear()
    session.choose_model(model_of(spec, *labels))  # before the first frame: the only one
    play()
    info = session.record.info
    assert (info.model, info.others, info.heads) == ("other", (), {"expression": labels})
    assert session.record.errors.count == 0
