import gc
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import skimage.data

from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import Abstention, Head, ModelSpec
from fer.stream import STAGES, FaceStream, FrameResult
from fer.tracking import COAST_SECONDS, MEMORY_SECONDS
from fer.types import Detections, Faces, Floats, Image
from tests.samples import SHIPPED_MODEL, FakeClassifier, make_detections
from tools.drawings import drawings

FACE = make_detections((40, 40, 100, 100))


class Script:
    """A detector that finds what the script says, frame by frame."""

    def __init__(self, *frames: Detections) -> None:
        self._frames = iter(frames)

    def __call__(self, image: Image) -> Detections:
        return next(self._frames)


Watch = Callable[..., Faces]


def stream(spec: ModelSpec, *frames: Detections, smoothing_seconds: float = 0.0) -> Watch:
    """Return what gives the faces of an image at a time, smoothed over so many seconds."""
    made = FaceStream(Script(*frames), FakeClassifier(3), spec)
    return lambda image, seconds: made(image, seconds, smoothing_seconds=smoothing_seconds).faces


def shade(level: int) -> Image:
    return np.full((140, 140, 3), level, np.uint8)


@pytest.mark.parametrize("rate", [5, 15, 30])
def test_smoothing_is_in_seconds_whatever_the_frame_rate(spec: ModelSpec, rate: int) -> None:
    watch = stream(spec, *[FACE] * (rate + 1), smoothing_seconds=0.5)
    watch(shade(0), 0.0)
    for frame in range(1, rate + 1):
        faces = watch(shade(255), frame / rate)
    assert faces.probabilities[0] == pytest.approx([np.exp(-2), 0, 1 - np.exp(-2)], abs=1e-4)


def test_each_person_is_smoothed_apart(spec: ModelSpec) -> None:
    pair = make_detections((0, 40, 60, 100), (200, 40, 260, 100))
    image = np.zeros((140, 300, 3), np.uint8)
    image[:, 150:] = 255
    watch = stream(spec, pair, pair, smoothing_seconds=1.0)
    watch(image, 0.0)
    faces = watch(image, 0.1)
    assert faces.expressions == ["happy", "neutral"]
    assert faces.confidence == pytest.approx([1, 1])
    assert faces.track_id.tolist() == [1, 2]


def test_a_clock_that_goes_back_begins_anew(spec: ModelSpec) -> None:
    watch = stream(spec, FACE, FACE, smoothing_seconds=10.0)
    watch(shade(0), 5.0)
    faces = watch(shade(255), 0.0)
    assert (faces.expressions, faces.track_id.tolist()) == (["neutral"], [1])


class Votes(FakeClassifier):
    """In the second head everybody shows contempt."""

    def __call__(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> np.ndarray:
        if head == EXPRESSION_HEAD:
            return super().__call__(crops)
        return np.tile(np.array([0, 1], np.float32), (len(crops), 1))


def test_the_head_can_change_and_who_is_who_stays(spec: ModelSpec) -> None:
    second = Head(
        name=FERPLUS_HEAD,
        output=FERPLUS_HEAD,
        labels=("happy", "contempt"),
        meaning="a fake",
        abstention=Abstention(threshold=0.4, degraded_threshold=0.5),
    )
    both = spec.model_copy(update={"heads": (*spec.heads, second)})
    made = FaceStream(Script(FACE, FACE, Detections.empty(), FACE), Votes(3), both)

    def ask(seconds: float, head: str) -> Faces:
        return made(shade(0), seconds, head=head, smoothing_seconds=9).faces

    assert ask(0.0, EXPRESSION_HEAD).expressions == ["happy"]
    voted = ask(0.1, FERPLUS_HEAD)
    assert (voted.head, voted.labels, voted.track_id.tolist()) == (FERPLUS_HEAD, second.labels, [1])
    assert (voted.confidence.tolist(), voted.thresholds) == ([1.0], ((0.4, 0.4), (0.5, 0.5)))
    nobody = ask(0.2, FERPLUS_HEAD)
    assert (len(nobody), nobody.labels) == (0, second.labels)
    assert ask(0.3, EXPRESSION_HEAD).labels == spec.labels


@pytest.mark.parametrize("labels", [("calm",), ("sad", "happy"), ("a", "b", "c")])
def test_another_network_answers_and_who_is_who_stays(
    spec: ModelSpec, labels: tuple[str, ...]
) -> None:
    watch = FaceStream(Script(FACE, FACE), FakeClassifier(3), spec)
    before = watch(shade(0), 0.0).faces
    heads = (spec.heads[0].model_copy(update={"labels": labels}),)
    watch.answer_with(
        FakeClassifier(len(labels)), spec.model_copy(update={"name": "other", "heads": heads})
    )
    after = watch(shade(255), 0.1, smoothing_seconds=10.0).faces
    assert after.track_id.tolist() == before.track_id.tolist() == [1]
    assert after.labels == labels
    assert after.expressions == [labels[-1]]
    assert after.confidence == pytest.approx([1]), "the average has begun anew"


def test_memory_does_not_grow_with_the_number_of_people(spec: ModelSpec) -> None:
    def forgetful(crops: np.ndarray, head: str) -> np.ndarray:
        return np.full((len(crops), 3), 1 / 3, np.float32)

    watch, memory, picture = FaceStream(lambda image: FACE, forgetful, spec), [], shade(99)
    tracemalloc.start()
    try:
        for person in range(1, 251):
            # The one before is forgotten by then.
            faces = watch(picture, (MEMORY_SECONDS + 1) * person).faces
            assert faces.track_id.tolist() == [person]
            if person in (50, 250):
                gc.collect()
                memory.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert memory[1] - memory[0] < 200 * 100  # bytes


def test_a_flaw_at_its_limit_does_not_flicker(spec: ModelSpec) -> None:
    bright, dark = shade(200), shade(5)
    watch = stream(spec, *[FACE] * 12, smoothing_seconds=1.0)
    assert "dark" not in watch(bright, 0.0).quality[0]
    flickering = [watch((dark, bright)[i % 2], 0.1 + i / 15) for i in range(6)]
    assert not any("dark" in faces.quality[0] for faces in flickering)
    assert "dark" in [watch(dark, 1.0 + i) for i in range(3)][-1].quality[0]


@pytest.mark.parametrize("found", [Detections.empty(), FACE], ids=["nobody", "a face"])
def test_every_stage_of_the_last_frame_is_timed(spec: ModelSpec, found: Detections) -> None:
    made = FaceStream(Script(FACE, found), FakeClassifier(3), spec)
    results = [made(shade(0), seconds) for seconds in (0.0, 0.1)]
    assert all(tuple(result.milliseconds) == STAGES for result in results)
    assert all(spent > 0 for result in results for spent in result.milliseconds.values())
    assert results[0].milliseconds is not results[1].milliseconds


def result(velocity: Floats, *boxes: tuple[float, float, float, float]) -> FrameResult:
    """Return a frame at 10 s with faces at `boxes`, who move."""
    found = make_detections(*boxes) if boxes else Detections.empty()
    faces = Faces.of(found, np.ones((len(found), 1), np.float32), ("happy",))
    return FrameResult(replace(faces, seconds=10.0), {}, velocity)


@pytest.mark.parametrize(
    ("seconds", "ahead"),
    [
        (-np.inf, 0),
        (9.5, 0),
        (10.0, 0),
        (10.1, 0.1),
        (11.0, COAST_SECONDS),
        (np.inf, COAST_SECONDS),
        (np.nan, 0),
    ],
)
def test_last_boxes_move_on_for_a_while(seconds: float, ahead: float) -> None:
    velocity = np.array([[100, -50], [0, 0]], np.float32)
    made = result(velocity, (40, 40, 100, 100), (200, 40, 260, 100))
    before = made.faces.xyxy.copy()
    moved = made.moved_to(seconds)
    expected = np.array([[100, -50], [0, 0]]) * ahead
    assert moved.xyxy == pytest.approx(before + np.tile(expected, 2), abs=1e-4)
    assert moved.landmarks == pytest.approx(made.faces.landmarks + expected[:, None], abs=1e-4)
    assert moved.seconds == 10.0
    assert (made.faces.xyxy == before).all()


def test_each_face_has_the_velocity_of_its_own_track(spec: ModelSpec) -> None:
    def pair(frame: int) -> Detections:
        # The detector may name the right one first; the result is sorted left to right.
        return make_detections((300 + 4 * frame, 40, 360 + 4 * frame, 100), (40, 40, 100, 100))

    made = FaceStream(Script(*(pair(i) for i in range(30))), FakeClassifier(3), spec)
    for frame in range(30):
        last = made(np.zeros((140, 640, 3), np.uint8), frame / 15)
    assert last.faces.xyxy[:, 0].tolist() == [40, 416]
    assert last.velocity == pytest.approx(np.array([[0, 0], [60, 0]]), abs=1)
    assert last.moved_to(29 / 15 + 0.1).xyxy[:, 0] == pytest.approx([40, 422], abs=0.2)


def test_what_is_no_face_is_in_no_result(spec: ModelSpec) -> None:
    pair = make_detections((40, 40, 100, 100), (200, 40, 260, 100))
    asked: list[int] = []

    def is_right_one(image: Image, detections: Detections) -> Floats:
        asked.append(len(detections))
        return np.where(detections.xyxy[:, 0] > 150, 20.0, -5.0).astype(np.float32)

    made = FaceStream(Script(*[pair] * 30), FakeClassifier(3), spec, is_right_one)
    results = [made(np.zeros((140, 300, 3), np.uint8), frame / 15) for frame in range(30)]
    assert {tuple(r.faces.track_id.tolist()) for r in results[2:]} == {(1,)}
    assert {len(r.velocity) for r in results[2:]} == {1}
    assert set(asked) == {1}
    assert len(asked) < 10


def held_up(thing: Image, side: int, seconds: float) -> Iterator[tuple[float, Image]]:
    """Yield frames, 15 a second, of a picture held into the camera: shaken, and with noise."""
    rng, size = np.random.default_rng(0), (640, 480)
    room = cv2.GaussianBlur(cv2.resize(skimage.data.coffee(), size), (0, 0), 12)
    small = cv2.resize(thing, (side, side), interpolation=cv2.INTER_AREA)
    for frame in range(round(seconds * 15)):
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 2), rng.normal(1, 0.02))
        turn[:, 2] += (np.array(size) - side) / 2 + rng.normal(0, 2, 2)
        picture = room.copy()
        cv2.warpAffine(small, turn, size, dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
        noisy = picture * rng.normal(1, 0.02) + rng.normal(0, 3, picture.shape)
        yield frame / 15, np.clip(noisy, 0, 255).astype(np.uint8)


def test_a_photograph_held_into_the_camera_is_a_person(astronaut: Image) -> None:
    watch = FaceStream.load(SHIPPED_MODEL)
    assert [len(watch(image, at).faces) for at, image in held_up(astronaut, 440, 0.4)][-1] == 1


@pytest.mark.parametrize("name", [n for n in drawings() if n != "pencil portrait"])
def test_a_drawing_held_into_the_camera_is_no_person(name: str) -> None:
    watch = FaceStream.load(SHIPPED_MODEL)
    for seconds, image in held_up(drawings()[name], 300, 1.0):
        assert len(watch(image, seconds).faces) == 0


def test_after_a_stop_and_start_a_real_face_is_the_same_person(astronaut: Image) -> None:
    watch = FaceStream.load(SHIPPED_MODEL)
    numbers = [
        watch(np.ascontiguousarray(picture), seconds).faces.track_id.tolist()
        for picture, seconds in (
            (astronaut, 0.0),
            (astronaut, 0.1),
            (np.zeros_like(astronaut), 0.2),
            (astronaut[:, ::-1], 60.0),
            (astronaut[:, ::-1], 60.1),
        )
    ]
    assert numbers == [[1], [1], [], [1], [1]]
