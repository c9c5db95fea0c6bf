"""A live session with a fake detector and classifier, and a clock of its own."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from app.live.streaming.frames import LiveSettings
from app.live.streaming.people import LiveModel
from app.live.streaming.record import BOX_SECONDS, FRESH_SECONDS
from app.live.streaming.session import LiveSession
from app.live.streaming.stream_limit import StreamLimit
from app.live.streaming.throughput import STAGE_SECONDS
from fer import FaceStream, ModelError
from fer.model.spec import ModelSpec
from fer.stream import STAGES
from fer.types import Detections, Image
from tests.app.live.samples import PATIENCE, waiting_session
from tests.app.samples import FACE, Clock, Detector
from tests.samples import FakeClassifier, make_detections


def picture(level: int = 0, width: int = 640, height: int = 480) -> Image:
    """A picture whose left half is of one level, and whose right half is white."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[:, : width // 2] = level
    return image


@pytest.fixture
def limit(clock: Clock) -> StreamLimit:
    return StreamLimit(1, clock)


@pytest.fixture
def session(spec: ModelSpec, detector: Detector, limit: StreamLimit, clock: Clock) -> LiveSession:
    return waiting_session(FaceStream(detector, FakeClassifier(3), spec), limit, clock)


@pytest.fixture
def play(session: LiveSession, clock: Clock) -> Callable[..., Image]:
    """Process pictures, 0.1 s apart, and return the last that is shown."""

    def frames(count: int = 1, level: int = 0, seconds: float = 0.1) -> Image:
        shown = picture()
        for _ in range(count):
            clock.seconds += seconds
            shown = session.process(picture(level))
        return shown

    return frames


def test_before_the_first_frame_there_is_nothing(session: LiveSession) -> None:
    assert (
        len(session.record)
        == len(session.record.rows())
        == len(session.record.latest().faces)
        == session.record.now
        == 0
    )
    assert (session.record.speed().analysed, session.record.speed().stages) == (0, {})
    assert session.record.silent_for == session.record.latest().age == np.inf
    assert session.record.errors.count == 0


def test_frames_are_analysed_marked_and_recorded(
    session: LiveSession, play: Callable[..., Image]
) -> None:
    shown = play(3)
    assert shown.shape == (480, 640, 3)
    assert session.record.latest().faces.expressions == ["happy"]
    rows = session.record.rows()
    assert rows.seconds == pytest.approx([0, 0.1, 0.2])
    assert rows.track.tolist() == [1, 1, 1]
    assert rows.array["box"][0].tolist() == [40, 40, 140, 140]
    assert list(session.record.speed().stages) == [*STAGES, "draw", "all"]


def test_the_picture_is_a_mirror_but_the_record_is_not(
    session: LiveSession, play: Callable[..., Image]
) -> None:
    session.settings = LiveSettings(mirrored=True, bars=False)
    assert play().mean(axis=(1, 2))[-1] > 0
    mirrored = play()
    assert mirrored[-1, 0].tolist() == [255] * 3
    session.settings = LiveSettings(mirrored=False, bars=False)
    straight = play()
    assert straight[-1, 0].tolist() == [0] * 3
    # The marks are on the person in both; letters are not mirrored, so compare the box alone.
    assert (mirrored[140, 640 - 90] != 0).any()
    assert (straight[140, 90] != 0).any()
    assert {tuple(box) for box in session.record.rows().array["box"].tolist()} == {
        (40, 40, 140, 140)
    }


def test_settings_act_on_the_next_frame_and_keep_everything(
    session: LiveSession, play: Callable[..., Image]
) -> None:
    session.settings = LiveSettings(smoothing_seconds=0.0)
    play(5, level=0)
    without = play(1, level=0)
    session.settings = LiveSettings(bars=True, mirrored=False, smoothing_seconds=100.0)
    play(1, level=130)
    # With much smoothing, one different frame changes next to nothing.
    assert session.record.latest().faces.confidence[0] > 0.9
    assert session.record.latest().faces.expressions == ["happy"]
    assert (play() != without).any()
    assert session.record.rows().track.tolist() == [1] * 8


def test_a_frame_without_a_face_has_a_row(
    session: LiveSession, detector: Detector, play: Callable[..., Image]
) -> None:
    detector.found = Detections.empty()
    play(2)
    assert session.record.rows().has_face.tolist() == [False, False]
    assert len(session.record.latest().faces) == 0


def test_frames_of_a_camera_that_is_off_are_recorded_as_such_and_not_analysed(
    session: LiveSession, play: Callable[..., Image], detector: Detector, clock: Clock
) -> None:
    play(3)
    detector.found = RuntimeError("must not be asked")
    for _ in range(4):
        clock.seconds += 0.1
        shown = session.process(np.zeros((240, 320, 3), np.uint8))
    assert not shown.any()
    assert session.record.latest().camera_off
    assert len(session.record.latest().faces) == 0
    assert session.record.errors.count == 0
    assert session.record.latest().age == 0, "no analysis is late"
    rows = session.record.rows()
    assert rows.camera_off.tolist() == [False] * 3 + [True] * 4
    assert rows.seconds == pytest.approx(0.1 * np.arange(7))
    detector.found = FACE
    play()
    assert not session.record.latest().camera_off
    assert session.record.rows().track.tolist()[-1] == 1, "the same person"


def test_a_camera_that_was_off_is_forgotten_with_the_session(
    session: LiveSession, clock: Clock
) -> None:
    session.process(np.zeros((240, 320, 3), np.uint8))
    assert session.record.latest().camera_off
    clock.seconds += FRESH_SECONDS + 0.1
    assert not session.record.latest().camera_off, "what no frame says any more"
    session.process(np.zeros((240, 320, 3), np.uint8))
    session.record.clear()
    assert not session.record.latest().camera_off


def test_nobody_is_in_view_when_no_frames_come(
    session: LiveSession, play: Callable[..., Image], clock: Clock
) -> None:
    play()
    clock.seconds += FRESH_SECONDS + 0.1
    assert len(session.record.latest().faces) == 0


def test_nobody_is_in_view_when_frames_come_and_none_is_analysed(
    session: LiveSession, play: Callable[..., Image], detector: Detector
) -> None:
    play()
    detector.found = RuntimeError("broken")
    play(10)
    assert len(session.record.latest().faces) == 1
    play(15)
    assert len(session.record.latest().faces) == 0
    assert session.record.silent_for == 0
    assert session.record.latest().age == pytest.approx(2.5)


def test_a_frame_that_fails_looks_like_the_others(
    session: LiveSession, play: Callable[..., Image], detector: Detector
) -> None:
    detector.found = RuntimeError("broken")
    shown = session.process(picture(0, 320, 240))
    assert shown.shape == (480, 640, 3)
    assert shown[0, 0].tolist() == [255] * 3  # mirrored
    assert session.process(np.zeros(3, np.uint8)).shape == (3,)


def test_the_time_of_stages_is_of_the_last_seconds(
    session: LiveSession, play: Callable[..., Image], clock: Clock
) -> None:
    play(3)
    assert session.record.speed().stages
    clock.seconds += STAGE_SECONDS + 0.1
    assert not session.record.speed().stages


def test_a_pause_stays_a_pause_and_the_person_the_same(
    session: LiveSession, play: Callable[..., Image]
) -> None:
    play(2)
    session.ended()
    play(1, seconds=60.0)
    assert session.record.rows().seconds == pytest.approx([0, 0.1, 60.1])
    assert session.record.rows().track.tolist() == [1, 1, 1]


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


def test_an_error_in_one_frame_is_told_and_the_stream_goes_on(
    session: LiveSession,
    detector: Detector,
    play: Callable[..., Image],
    caplog: pytest.LogCaptureFixture,
) -> None:
    play(2)
    detector.found = RuntimeError("a fault that nobody thought of")
    with caplog.at_level(logging.CRITICAL):
        broken = play()
    assert broken.shape == (480, 640, 3)
    assert (session.record.errors.count, session.record.errors.in_a_row) == (1, 1)
    assert session.record.errors.last_seconds == pytest.approx(0.2)
    detector.found = FACE
    play()
    assert (session.record.errors.count, session.record.errors.in_a_row) == (1, 0)
    assert len(session.record) == 3


@pytest.mark.parametrize("frame", [np.zeros((0, 0, 3), np.uint8), np.zeros((4, 4), np.uint8), None])
def test_no_frame_makes_it_raise(session: LiveSession, frame: Image) -> None:
    assert session.process(frame) is frame
    assert session.record.errors.count == 1


def test_without_a_slot_pictures_pass_unanalysed_until_there_is_one(
    session: LiveSession, limit: StreamLimit, play: Callable[..., Image]
) -> None:
    class Other:
        pass

    other = Other()
    limit.hold(other)
    assert session.limit.refusal(session) == "full"
    play()
    assert (session.refused, len(session.record)) == (True, 0)
    limit.leave(other)
    play()
    assert (session.refused, len(session.record)) == (False, 1)
    assert not limit.hold(other)
    session.ended()
    assert limit.hold(other)


class HeldUpDetector:
    """A detector that waits for permission, and tells when it has begun."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.allowed = threading.Semaphore(0)

    def __call__(self, image: Image) -> Detections:
        self.begun.release()
        assert self.allowed.acquire(timeout=PATIENCE)
        return FACE


@pytest.fixture
def held_up() -> HeldUpDetector:
    return HeldUpDetector()


@pytest.fixture
def stalling(
    spec: ModelSpec, held_up: HeldUpDetector, limit: StreamLimit, clock: Clock
) -> Iterator[LiveSession]:
    """A session whose analysis does not come to an end before it is allowed to."""
    stream = FaceStream(held_up, FakeClassifier(3), spec)
    session = LiveSession(stream, limit, clock, match_seconds=0.0)
    yield session
    session.ended()
    held_up.allowed.release(100)


def show(session: LiveSession, clock: Clock, seconds: float = 0.1) -> Image:
    clock.seconds += seconds
    return session.process(picture())


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)  # between two looks at the condition


def test_the_video_goes_on_while_an_analysis_takes_long(
    stalling: LiveSession, held_up: HeldUpDetector, clock: Clock
) -> None:
    shown = [show(stalling, clock)]
    assert held_up.begun.acquire(timeout=PATIENCE)
    shown += [show(stalling, clock) for _ in range(29)]
    assert len(shown) == 30
    assert all((frame == picture()[:, ::-1]).all() for frame in shown)
    assert len(stalling.record) == 0
    assert stalling.record.speed().shown == stalling.record.speed().received == pytest.approx(10)
    held_up.allowed.release(2)
    wait_until(lambda: len(stalling.record) == 2)
    # The first frame, and the newest one when the analysis became free.
    assert stalling.record.rows().seconds == pytest.approx([0, 2.9])


def test_boxes_stay_a_while_when_the_analysis_stalls_and_then_vanish(
    stalling: LiveSession, held_up: HeldUpDetector, clock: Clock
) -> None:
    stalling.settings = LiveSettings(mirrored=False, bars=False)
    held_up.allowed.release()
    show(stalling, clock)
    wait_until(lambda: len(stalling.record) == 1)
    assert (show(stalling, clock) != picture()).any()
    assert (show(stalling, clock, BOX_SECONDS - 0.11) != picture()).any()
    assert (show(stalling, clock, 0.02) == picture()).all()


def test_a_clear_does_not_wait_for_the_analysis_and_drops_what_it_finds(
    stalling: LiveSession, held_up: HeldUpDetector, clock: Clock
) -> None:
    show(stalling, clock)
    assert held_up.begun.acquire(timeout=PATIENCE)
    stalling.record.clear()
    show(stalling, clock)
    held_up.allowed.release()
    assert held_up.begun.acquire(timeout=PATIENCE)  # the next one
    assert len(stalling.record) == 0
    held_up.allowed.release()
    wait_until(lambda: len(stalling.record) == 1)
    assert stalling.record.rows().seconds.tolist() == [0]
    assert stalling.record.rows().track.tolist() == [1]


def test_no_thread_outlives_its_stream(
    stalling: LiveSession, held_up: HeldUpDetector, clock: Clock
) -> None:
    before = set(threading.enumerate())
    show(stalling, clock)
    assert held_up.begun.acquire(timeout=PATIENCE)
    (thread,) = set(threading.enumerate()) - before
    stalling.ended()
    held_up.allowed.release()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_frame_that_cannot_be_analysed_keeps_the_boxes_of_the_last_one(
    session: LiveSession, play: Callable[..., Image], detector: Detector
) -> None:
    session.settings = LiveSettings(mirrored=False, bars=False)
    marked = play()
    detector.found = RuntimeError("broken")
    assert (play() == marked).all()
    assert (play(10) == picture()).all()


def test_clear_forgets_everything_and_the_stream_goes_on(
    session: LiveSession, play: Callable[..., Image]
) -> None:
    play(4)
    session.record.clear()
    assert (len(session.record), session.record.now, session.record.speed().analysed) == (0, 0, 0)
    play(2)
    assert session.record.rows().seconds == pytest.approx([0, 0.1])
    assert session.record.rows().track.tolist() == [1, 1]


def test_after_clear_nobody_is_judged_by_what_was_seen_before(
    session: LiveSession, play: Callable[..., Image]
) -> None:
    """Times begin at zero again, so after a single frame they do not even go back."""
    session.settings = LiveSettings(smoothing_seconds=100.0)
    play(1, level=0)
    assert session.record.latest().faces.expressions == ["happy"]
    session.record.clear()
    play(1, level=250)
    assert session.record.latest().faces.expressions == ["neutral"]
    assert session.record.latest().faces.confidence == pytest.approx([1])


def test_rates_tell_received_from_analysed(session: LiveSession, clock: Clock) -> None:
    for _ in range(30):
        clock.seconds += 0.2
        session.process(picture(), received=3)
    speed = session.record.speed()
    assert speed.analysed == pytest.approx(5, rel=0.06)
    assert speed.received == pytest.approx(15, rel=0.06)
    clock.seconds += 60
    assert session.record.speed().analysed == session.record.speed().received == 0


def test_no_more_is_analysed_than_received_after_a_black_picture(
    session: LiveSession, clock: Clock
) -> None:
    for shown in [picture()] * 20 + [np.zeros_like(picture())] * 30 + [picture()] * 10:
        clock.seconds += 0.1
        session.process(shown)
    speed = session.record.speed()
    assert speed.received == pytest.approx(10, rel=0.06)
    assert speed.analysed == pytest.approx(2.5, rel=0.06), "10 frames in four seconds"


def shot(number: int) -> Image:
    """Return a picture of its own for each number."""
    colours = np.random.default_rng(number).choice(np.array([0, 255], np.uint8), (6, 8, 3))
    return cv2.resize(colours, (640, 480), interpolation=cv2.INTER_CUBIC)


def test_who_is_in_the_same_place_after_a_cut_is_somebody_else_unless_they_look_alike(
    session: LiveSession, clock: Clock
) -> None:
    numbers = []
    for number in (0, 1, 2, 3, 4, 5, 0):
        for _ in range(20):
            clock.seconds += 0.1
            session.process(shot(number))
        numbers += session.record.latest().faces.track_id.tolist()
    assert numbers == [1, 2, 3, 4, 5, 6, 1]


def test_page_and_stream_may_work_at_once(session: LiveSession, clock: Clock) -> None:
    frames, looks_per_frame = 60, 5
    # As many looks as frames allow: one look after another may keep the lock from the stream.
    looks = threading.Semaphore(0)
    errors: list[Exception] = []

    def look() -> None:
        try:
            for _ in range(frames * looks_per_frame):
                looks.acquire()
                session.settings = LiveSettings(mirrored=not session.settings.mirrored)
                rows = session.record.rows()
                assert (np.diff(rows.seconds) >= 0).all()
                session.record.speed()
                session.record.latest()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    for frame in range(frames):
        clock.seconds += 0.05
        looks.release(looks_per_frame)
        session.process(picture())
        if frame == 30:
            session.record.clear()
    thread.join()
    assert errors == []
    assert session.record.errors.count == 0
    assert len(session.record) == 29


def test_another_head_counts_from_the_next_frame_on(
    detector: Detector, limit: StreamLimit, clock: Clock, spec: ModelSpec
) -> None:
    votes = spec.heads[0].model_copy(update={"name": "ferplus", "labels": ("happy", "sad", "calm")})
    both = spec.model_copy(update={"heads": (*spec.heads, votes)})
    session = waiting_session(FaceStream(detector, FakeClassifier(3), both), limit, clock)
    session.process(picture())
    assert session.record.rows().used().labels == spec.labels
    session.choose_head("ferplus")
    assert (len(session.record), session.spec.head(session.settings.head).labels) == (
        1,
        votes.labels,
    )
    session.process(picture())
    assert session.record.latest().faces.labels == votes.labels
    rows = session.record.rows()
    assert len(rows) == 2
    assert rows.track[0] == rows.track[1]
    assert set(rows.labels) == {*spec.labels, *votes.labels}
    with pytest.raises(ModelError, match="no head 'age'"):
        session.choose_head("age")
    assert len(session.record) == 2


def other_model(spec: ModelSpec, *labels: str) -> LiveModel:
    """Return a model called "other" with these labels."""
    heads = (spec.heads[0].model_copy(update={"labels": labels}),)
    update = {"name": "other", "sha256": "1" * 64, "heads": heads}
    return LiveModel(FakeClassifier(len(labels)), spec.model_copy(update=update))


@pytest.mark.parametrize(
    "labels", [("happy", "sad", "neutral"), ("calm", "happy"), ("a", "b", "c", "d", "e")]
)
def test_another_model_answers_from_the_next_frame_on_and_nothing_is_lost(
    labels: tuple[str, ...], session: LiveSession, play: Callable[..., Image], spec: ModelSpec
) -> None:
    play(2)
    session.choose_model(other_model(spec, *labels))
    assert (len(session.record), session.spec.head(session.settings.head).labels) == (2, labels)
    play(2)
    assert session.record.latest().faces.expressions == [labels[0]]
    rows = session.record.rows()
    assert rows.track.tolist() == [1, 1, 1, 1], "it is the same person"
    models = [rows.heads[head].model for head in rows.array["head"]]
    assert models == ["fake", "fake", "other", "other"]
    answers = [rows.labels[i] for i in rows.probabilities.argmax(axis=1)]
    assert answers == ["happy", "happy", labels[0], labels[0]]
    assert rows.probabilities.max(axis=1) == pytest.approx(1), "averages have started anew"
    info = session.record.info
    assert (info.model, info.others) == ("fake", (("other", "1" * 64),))
    assert session.record.errors.count == 0


def test_a_model_that_is_chosen_before_the_first_frame_is_the_only_one(
    session: LiveSession, play: Callable[..., Image], spec: ModelSpec
) -> None:
    session.choose_model(other_model(spec, "calm", "happy"))
    play()
    assert {head.model for head in session.record.rows().heads} == {"other"}
    assert (session.record.info.model, session.record.info.others) == ("other", ())
    assert session.record.info.heads == {"expression": ("calm", "happy")}


def test_after_the_way_back_there_are_two_models_not_three(
    session: LiveSession, play: Callable[..., Image], spec: ModelSpec
) -> None:
    own, other = LiveModel(FakeClassifier(3), spec), other_model(spec, "calm", "happy")
    for model in (own, other, own):
        session.choose_model(model)
        play()
    assert [head.model for head in session.record.rows().heads] == ["fake", "other"]
    session.record.clear()
    play()
    assert (session.record.info.model, session.record.info.others) == ("fake", ())


def test_a_head_that_another_model_lacks_gives_way(
    detector: Detector, limit: StreamLimit, clock: Clock, spec: ModelSpec
) -> None:
    votes = spec.heads[0].model_copy(update={"name": "ferplus"})
    both = spec.model_copy(update={"heads": (*spec.heads, votes)})
    session = waiting_session(FaceStream(detector, FakeClassifier(3), both), limit, clock)
    session.choose_head("ferplus")
    session.process(picture())
    session.choose_model(other_model(spec, "calm", "happy"))
    session.process(picture())
    assert session.record.latest().faces.labels == ("calm", "happy")
    assert (len(session.record), session.record.errors.count) == (2, 0)


def test_models_may_change_while_frames_come(
    session: LiveSession, spec: ModelSpec, clock: Clock
) -> None:
    votes = spec.heads[0].model_copy(update={"name": "ferplus"})
    both = spec.model_copy(update={"heads": (*spec.heads, votes)})
    first, second = LiveModel(FakeClassifier(3), both), other_model(spec, "calm", "happy")
    ended = threading.Event()

    def change() -> None:
        for _ in range(200):
            session.choose_model(first)
            session.choose_head("ferplus")
            session.choose_model(second)
        ended.set()

    changing = threading.Thread(target=change)
    changing.start()
    while not ended.is_set():
        clock.seconds += 0.1
        session.process(picture())
    changing.join()
    assert session.record.errors.count == 0
    assert len(session.record) > 0
