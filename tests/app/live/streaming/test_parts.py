"""The parts of a live stream: frames, networks, rows, places, and their words."""

import gc
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import model_dir
from app.live.state import SharedNetwork, shared_face_networks, shared_model
from app.live.streaming import stream_limit
from app.live.streaming.frames import camera_is_off, working_size
from app.live.streaming.record import MAX_ROWS, LiveErrors, LiveHistory, LiveRecord
from app.live.streaming.stream_limit import STALE_SECONDS, StreamLimit
from app.live.text import describe_issues, describe_now, error_sentence
from fer.detection.evidence import FaceLandmark
from fer.export.stream import HeadLabels, StreamRows, labels_of, row_type
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.stream import FaceStream, FrameResult
from fer.types import Detections, Faces, Image
from tests.app.live.samples import Visitor
from tests.app.samples import LABELS, Clock, faces_of
from tests.fer.export.samples import HAPPY
from tests.samples import FakeClassifier, make_detections
from tools.drawings import drawings


def test_every_frame_has_the_same_size() -> None:
    given = [(640, 480), (320, 240), (1280, 720), (480, 640), (333, 250), (4000, 1)]
    frames = [working_size(np.zeros((height, width, 3), np.uint8)) for width, height in given]
    shown = [(640, 480), (640, 480), (640, 360), (480, 640), (640, 480), (640, 2)]
    assert [frame.shape[1::-1] for frame in frames] == shown


def sent(base: float, noise: float) -> list[Image]:
    """Return frames of a sensor that sees nothing, as they come out of a browser's encoder.

    Their luma is about a base, their colours about grey; VP8 at a browser's bit rate.
    """
    rng, frames = np.random.default_rng(0), []
    for _ in range(12):
        y = np.clip(np.round(base + noise * rng.standard_normal((240, 320))), 16, 235)
        chroma = np.round(128 + noise / 2 * rng.standard_normal((120, 320)))
        planes = np.concatenate([y, chroma]).astype(np.uint8)
        frames.append(av.VideoFrame.from_ndarray(planes, format="yuv420p"))
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = Fraction(1, 15), Fraction(15), 500_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8"}
    decoder = av.CodecContext.create("vp8", "r")
    packets = []
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, Fraction(1, 15)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [f.to_ndarray(format="rgb24") for packet in packets for f in decoder.decode(packet)]


@pytest.mark.parametrize(
    ("base", "noise"), [(16, 0), (16, 2), (16, 4), (18, 1), (18, 2), (20, 1), (24, 3)]
)
def test_a_camera_that_is_off_is_no_covered_lens(base: float, noise: float) -> None:
    assert {camera_is_off(image) for image in sent(base, noise)} == {not noise}


@pytest.mark.parametrize(
    ("level", "pixel", "off"),
    [(0, 0, True), (0, 1, True), (0, 2, False), (0, 255, False), (1, 1, False), (16, 16, False)],
)
def test_only_black_is_black_but_a_pixel_may_be_rounded(level: int, pixel: int, off: bool) -> None:
    image = np.full((4, 6, 3), level, np.uint8)
    image[3, 5, 2] = pixel
    assert camera_is_off(image) is off


FRAME = np.zeros((480, 640, 3), np.uint8)


@pytest.mark.parametrize("visitors", [(0, 1), (0, 2), (1, 3)])
def test_any_two_streams_run_at_once(visitors: tuple[int, int], spec: ModelSpec) -> None:
    """Also where visitors between them have opened the page and only look."""
    meeting = threading.Barrier(2, timeout=60)  # fails where one waits for another

    def detect(image: Image) -> Detections:
        meeting.wait()
        return make_detections((40, 40, 140, 140))

    detector = SharedNetwork([detect, detect])
    classifier = SharedNetwork([FakeClassifier(3) for _ in range(2)])
    streams = [FaceStream(detector, classifier, spec) for _ in range(4)]
    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda i: len(streams[i](FRAME, 0.0).faces), visitors))
    assert seen == [1, 1]


class Twins:
    """A network that counts its twins, and who has run."""

    def __init__(self, spec: ModelSpec, made: list[object], ran: set[object]) -> None:
        self.spec, self.made, self.ran = spec, made, ran
        made.append(self)

    def twin(self) -> object:
        return Twins(self.spec, self.made, self.ran)

    def __call__(self, faces: object) -> None:
        self.ran.add(self)


@pytest.mark.parametrize("size", [1, 3])
def test_a_model_has_so_many_networks_which_have_all_run_once(size: int, spec: ModelSpec) -> None:
    made, ran = list[object](), set[object]()
    model = shared_model(Twins(spec, made, ran), size, "key")  # type: ignore[arg-type]
    assert (len(made), set(made), model.key) == (size, ran, "key")


def test_a_pool_takes_a_face_for_a_person(astronaut: Image) -> None:
    detector, face_check = shared_face_networks(1, FaceLandmark())
    model = shared_model(ExpressionClassifier(model_dir()), 1)
    networks = detector, model.classifier, model.spec, face_check
    stream, other = FaceStream(*networks), FaceStream(*networks)
    assert [len(stream(astronaut, t).faces) for t in (0.0, 0.1)] == [1, 1]
    assert len(other(FRAME, 0.0).faces) == 0
    smiley = drawings(480)["yellow smiley"]
    assert [len(other(smiley, frame / 15).faces) for frame in range(1, 16)] == [0] * 15
    assert other(astronaut, 2.0).faces.track_id.tolist() == [1], "people are not shared"


TWO_LABELS = ("happy", "sad")
HEADS = (HeadLabels("expression", TWO_LABELS),)


def rows_at(seconds: float, faces: int) -> StreamRows:
    array = np.zeros(faces, row_type(TWO_LABELS))
    array["seconds"] = seconds
    array["track"] = np.arange(1, faces + 1)
    return StreamRows(array, HEADS)


@given(
    frames=st.lists(st.integers(1, 5), max_size=30),
    max_rows=st.integers(1, 12),
    since=st.integers(0, 30),
)
def test_it_keeps_the_newest_rows_in_order(frames: list[int], max_rows: int, since: int) -> None:
    history = LiveHistory(HEADS, max_rows)
    every: list[tuple[float, int]] = []
    for seconds, faces in enumerate(frames):
        history.append(rows_at(seconds, faces))
        every += [(seconds, track) for track in range(1, faces + 1)]
    kept = every[-max_rows:]
    rows = history.rows()
    assert list(zip(rows.seconds.tolist(), rows.track.tolist(), strict=True)) == kept
    assert history.dropped == len(every) - len(kept)
    late = history.rows(since)
    assert late.seconds.tolist() == [seconds for seconds, _ in kept if seconds >= since]
    history.append(rows_at(99.0, 1))
    assert 99 not in rows.seconds, "what is handed out does not change"
    assert row_type(tuple("abcdefgh")).itemsize * MAX_ROWS < 4 * 2**20, "a full history is small"


@given(
    faces=st.lists(st.integers(1, 4), max_size=12),
    max_rows=st.integers(1, 12),
    turns=st.lists(st.integers(0, 2), min_size=12, max_size=12),
)
def test_rows_of_several_models(faces: list[int], max_rows: int, turns: list[int]) -> None:
    models = [
        HEADS,
        (HeadLabels("expression", ("sad", "calm", "happy"), "b", "1"),),
        (HeadLabels("expression", ("odd",), "c", "2"), HeadLabels("ferplus", TWO_LABELS, "c", "2")),
    ]
    history = LiveHistory(HEADS, max_rows)
    every: list[tuple[float, str, str]] = []
    for seconds, (count, turn) in enumerate(zip(faces, turns, strict=False)):
        heads = models[turn]
        array = np.zeros(count, row_type(labels_of(heads)))
        array["seconds"], array["head"] = seconds, len(heads) - 1
        array["probabilities"][:, labels_of(heads).index(heads[-1].labels[-1])] = 1
        history.append(StreamRows(array, heads))
        every += [(seconds, heads[-1].model, heads[-1].labels[-1])] * count
    rows = history.rows()
    answers = [rows.labels[i] for i in rows.probabilities.argmax(axis=1)] if len(rows) else []
    told = [rows.heads[head].model for head in rows.array["head"]]
    assert list(zip(rows.seconds.tolist(), told, answers, strict=True)) == every[-max_rows:]
    assert len(history) == min(len(every), max_rows)


def test_a_frames_time_is_its_stages_and_drawing(spec: ModelSpec, clock: Clock) -> None:
    record = LiveRecord(spec, "detector", clock)
    for detect in (5.0, 5.0, 9.0):
        clock.seconds += 0.1
        nobody = replace(Faces.empty(spec.labels), seconds=record.arrived(None, 1))
        record.shown(3.0)
        result = FrameResult(nobody, {"detect": detect}, np.zeros((0, 2), np.float32))
        record.found(result, StreamRows.empty(HEADS), detect + 2, record.generation)
    stages = record.speed().stages
    assert {n: median for n, (median, _) in stages.items()} == {"detect": 5, "draw": 3, "all": 10}
    assert stages["all"][1] == pytest.approx(13.6)


def test_places_are_taken_kept_and_given_back() -> None:
    limit, first, second = StreamLimit(1), Visitor(), Visitor()
    assert limit.taken == 0
    limit.leave(first)
    assert limit.hold(first)
    assert limit.hold(first)
    assert (limit.refusal(first), limit.refusal(second), limit.taken) == ("", "full", 1)
    assert not limit.hold(second)
    assert not limit.look()
    limit.leave(first)
    assert limit.look(), "somebody has left since the last look"
    assert not limit.look()
    assert limit.hold(second)
    assert not limit.hold(first)
    assert StreamLimit(0).refusal(first) == "off"
    limit, visitors = StreamLimit(3), [Visitor() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(limit.hold, visitors))
    assert sum(held) == limit.taken == 3


@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_visitor_has_so_many_streams_and_leaves_places_to_others(most: int) -> None:
    limit, streams, other, unknown = (
        StreamLimit(9, of_visitor=most), [Visitor() for _ in range(3)], Visitor(), Visitor()
    )  # fmt: skip
    for stream in streams:
        limit.belongs(stream, "one")
    limit.belongs(other, "another")
    held = [limit.hold(stream) for stream in streams]
    assert sum(held) == most
    assert limit.refusal(streams[-1]) == "visitor"
    assert limit.hold(other) == (most > 0)
    assert limit.hold(unknown) == (most > 0)  # a visitor by itself
    if most:
        assert limit.hold(streams[0])  # who has a place keeps it
        limit.leave(streams[0])
        assert limit.hold(streams[-1])
        assert limit.refusal(streams[-1]) != "visitor"


def test_a_stream_is_logged_once_who_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[tuple[str, object]] = []
    monkeypatch.setattr(
        stream_limit, "log_event", lambda name, **facts: logged.append((name, facts))
    )
    clock, first, second = Clock(), Visitor(), Visitor()
    limit = StreamLimit(1, clock)
    for clock.seconds in (1000.0, 1000.5, 1001.0, 1001.5):
        limit.hold(first)
        limit.hold(second)
    limit.leave(first)
    limit.hold(second)
    limit.leave(second)  # no stream: it was gone at once
    refused, started = ("stream_refused", {"reason": "full"}), ("stream_started", {})
    assert logged == [refused, started, ("stream_ended", {"seconds": 1.5})]
    limit.look()
    for clock.seconds in (2000.0, 2001.0):
        limit.hold(first)
    assert not limit.look()
    assert len(logged) == 4
    clock.seconds = 2001 + STALE_SECONDS  # its tab has closed without notice
    assert limit.look()
    assert not limit.look()
    limit.leave(first)
    assert logged[3:] == [started, ("stream_ended", {"seconds": 1.0})]


def test_who_is_silent_for_long_has_lost_the_place() -> None:
    clock = Clock()
    limit, silent, other = StreamLimit(1, clock), Visitor(), Visitor()
    limit.hold(silent)
    clock.seconds += STALE_SECONDS - 0.1
    assert not limit.hold(other)
    clock.seconds = 1000 + STALE_SECONDS
    assert limit.hold(other)
    assert not limit.hold(silent)
    del other  # who is gone has left
    gc.collect()
    assert limit.taken == 0


def test_what_is_in_view_can_be_heard() -> None:
    mix = np.array([0.5, 0.1, 0.4], np.float32)
    assert describe_now(mix, LABELS) == "In view now: happy 50%, neutral 40%, sad 10%."


@pytest.mark.parametrize(
    ("issues", "said"),
    [
        ((), ""),
        (("turned",), "Person 4: turned away. What helps: facing the camera."),
        (
            ("small", "dark"),
            "Person 4: small: 40 pixels wide, dark. What helps: a step closer or more light.",
        ),
    ],
)
def test_what_helps_a_face_is_said(issues: tuple[str, ...], said: str) -> None:
    faces = replace(faces_of(HAPPY, issues=issues), track_id=np.array([4]))
    assert describe_issues(faces) == said
    assert describe_issues(faces.take(np.array([False]))) == ""


@pytest.mark.parametrize(
    ("errors", "part"),
    [
        (LiveErrors(), ""),
        (LiveErrors(3, 75.0, 1), "3 frames could not be analysed, the last at 1:15."),
        (LiveErrors(9, 75.0, 4), "is failing at the moment"),
        (LiveErrors(lost=1), "One frame is missing: the connection was away"),
        (LiveErrors(1, 12.0, lost=2000), "One frame could not .* continue. 2,000 frames are"),
    ],
)
def test_errors_are_told_in_a_sentence(errors: LiveErrors, part: str) -> None:
    sentence = error_sentence(errors)
    assert re.search(part, sentence)
    assert bool(sentence) == (errors != LiveErrors())
