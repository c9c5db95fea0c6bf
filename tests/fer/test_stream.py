"""A stream: who is who, averages over time, and the same for what was looked at elsewhere."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import softmax
from fer.model.spec import ModelSpec
from fer.stream import STAGES, FaceStream, FrameResult
from fer.tracking.observation import Observation
from fer.tracking.track import COAST_SECONDS
from fer.types import Detections, Faces, Floats, Image
from tests.fer.samples import VOTES, Eye
from tests.samples import SHIPPED_MODEL, FakeClassifier, fake_detector, fake_spec, make_detections
from tools.drawings import drawings

FACE = make_detections((40, 40, 100, 100))
PAIR = make_detections((40, 40, 100, 100), (340, 40, 400, 100))

SPEC = fake_spec()
BOTH = fake_spec(*SPEC.heads, VOTES)

Watch = Callable[..., Faces]


def stream(*frames: Detections, smoothing_seconds: float = 0.0) -> Watch:
    """Return what gives the faces of an image at a time, smoothed over so many seconds."""
    script = iter(frames)
    made = FaceStream(lambda image: next(script), FakeClassifier(3), SPEC)
    return lambda image, seconds: made(image, seconds, smoothing_seconds=smoothing_seconds).faces


def shade(level: int) -> Image:
    return np.full((140, 140, 3), level, np.uint8)


@pytest.mark.parametrize("rate", [5, 30])
def test_smoothing_is_in_seconds_whatever_the_frame_rate(rate: int) -> None:
    watch = stream(*[FACE] * (rate + 1), smoothing_seconds=0.5)
    watch(shade(0), 0.0)
    for frame in range(1, rate + 1):
        faces = watch(shade(255), frame / rate)
    assert faces.probabilities[0] == pytest.approx([np.exp(-2), 0, 1 - np.exp(-2)], abs=1e-4)
    plain = stream(FACE, FACE)
    assert [plain(shade(v), v / 999).expressions for v in (0, 255)] == [["happy"], ["neutral"]]


def test_a_clock_that_goes_back_begins_anew() -> None:
    watch = stream(FACE, FACE, FACE, Detections.empty(), smoothing_seconds=10.0)
    watch(shade(0), 5.0)
    assert watch(shade(255), 5.0).expressions == ["happy"], "the same time is not before"
    faces = watch(shade(255), 0.0)
    assert (faces.expressions, faces.track_id.tolist()) == (["neutral"], [1])
    nobody = watch(shade(0), 0.5)
    assert (len(nobody), nobody.seconds, nobody.labels) == (0, 0.5, SPEC.labels)


def test_after_a_cut_averages_begin_anew_whoever_is_recognised() -> None:
    watch = FaceStream(fake_detector(FACE), FakeClassifier(3), SPEC)
    watch(shade(0), 0.0, smoothing_seconds=10.0)
    without_cut = watch(shade(255), 0.1, smoothing_seconds=10.0).faces
    watch.cut()
    after_cut = watch(shade(255), 0.2, smoothing_seconds=10.0).faces
    assert without_cut.probabilities[0] == pytest.approx([0.99, 0, 0.01], abs=0.01)
    assert after_cut.probabilities[0] == pytest.approx([0, 0, 1], abs=1e-4)


@pytest.mark.parametrize("labels", [("calm",), ("sad", "happy"), ("a", "b", "c")])
def test_another_network_answers_and_who_is_who_stays(labels: tuple[str, ...]) -> None:
    watch = FaceStream(fake_detector(FACE), FakeClassifier(3), SPEC)
    before = watch(shade(0), 0.0).faces
    heads = (SPEC.heads[0].model_copy(update={"labels": labels}),)
    watch.answer_with(FakeClassifier(len(labels)), SPEC.model_copy(update={"heads": heads}))
    after = watch(shade(255), 0.1, smoothing_seconds=10.0).faces
    assert after.track_id.tolist() == before.track_id.tolist() == [1]
    assert (after.labels, after.expressions) == (labels, [labels[-1]])
    assert after.confidence == pytest.approx([1]), "the average has begun anew"


def test_an_issue_at_its_limit_does_not_flicker() -> None:
    bright, dark = shade(200), shade(5)
    watch = stream(*[FACE] * 12, smoothing_seconds=1.0)
    assert "dark" not in watch(bright, 0.0).quality[0]
    flickering = [watch((dark, bright)[i % 2], 0.1 + i / 15) for i in range(6)]
    assert not any("dark" in faces.quality[0] for faces in flickering)
    assert "dark" in [watch(dark, 1.0 + i) for i in range(3)][-1].quality[0]


@pytest.mark.parametrize("found", [Detections.empty(), FACE], ids=["nobody", "a face"])
def test_every_stage_of_the_last_frame_is_timed(found: Detections) -> None:
    made = FaceStream(fake_detector(found), FakeClassifier(3), SPEC)
    results = [made(shade(0), seconds) for seconds in (0.0, 0.1)]
    assert all(tuple(result.milliseconds) == STAGES for result in results)
    assert all(0 < spent < 6e4 for result in results for spent in result.milliseconds.values())
    assert results[0].milliseconds is not results[1].milliseconds


@pytest.mark.parametrize(
    ("seconds", "ahead"),
    [(-np.inf, 0), (10.0, 0), (10.1, 0.1), (np.inf, COAST_SECONDS), (np.nan, 0)],
)
@pytest.mark.parametrize("found", [Detections.empty(), PAIR], ids=["nobody", "two"])
def test_last_boxes_move_on_for_a_while(seconds: float, ahead: float, found: Detections) -> None:
    velocity = np.array([[100, -50], [0, 0]], np.float32)[: len(found)]
    faces = Faces.of(found, np.ones((len(found), 1), np.float32), ("happy",), seconds=10.0)
    before = faces.xyxy.copy()
    moved = FrameResult(faces, {}, velocity).moved_to(seconds)
    assert moved.xyxy == pytest.approx(before + np.tile(velocity * ahead, 2), abs=1e-4)
    expected = faces.landmarks + (velocity * ahead)[:, None]
    assert moved.landmarks == pytest.approx(expected, abs=1e-4)
    assert moved.seconds == 10.0
    assert (faces.xyxy == before).all()


def test_each_face_has_the_velocity_of_its_own_track() -> None:
    # The detector may name the right one first; the result is sorted left to right.
    pairs = (make_detections((300 + 4 * i, 40, 360 + 4 * i, 100), (40, 40, 100, 100))
             for i in range(30))  # fmt: skip
    made = FaceStream(lambda image: next(pairs), FakeClassifier(3), SPEC)
    for frame in range(30):
        last = made(np.zeros((140, 640, 3), np.uint8), frame / 15)
    assert last.faces.xyxy[:, 0].tolist() == [40, 416]
    assert last.velocity == pytest.approx(np.array([[0, 0], [60, 0]]), abs=1)
    assert last.moved_to(29 / 15 + 0.1).xyxy[:, 0] == pytest.approx([40, 422], abs=0.2)


def test_what_is_no_face_is_in_no_result() -> None:
    asked: list[int] = []

    def is_right_one(image: Image, detections: Detections) -> Floats:
        asked.append(len(detections))
        return is_face(image, detections)

    made = FaceStream(fake_detector(PAIR), FakeClassifier(3), SPEC, is_right_one)
    results = [made(scene(), frame / 15) for frame in range(30)]
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


class Levels:
    """Scores by the brightness of a crop: the darker, the happier. In the second head: contempt."""

    def logits(self, crops: np.ndarray) -> dict[str, Floats]:
        level = crops.mean(axis=(1, 2, 3))[:, None] / 64 - 1
        votes = np.tile(np.array([0, 9], np.float32), (len(crops), 1))
        shown = (level * np.array([-1, 0.5, 1])).astype(np.float32)
        return {EXPRESSION_HEAD: shown, FERPLUS_HEAD: votes}

    def __call__(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> Floats:
        return softmax(self.logits(crops)[head])


def is_face(image: Image, detections: Detections) -> Floats:
    """A close look: what is to the right of the middle is a face."""
    middle = detections.xyxy[:, [0, 2]].mean(axis=1)
    return np.where(middle > 300, 20.0, -5.0).astype(np.float32)


def assert_same(one: FrameResult, other: FrameResult) -> None:
    assert one.numbers.tolist() == other.numbers.tolist()
    for name in ("xyxy", "score", "landmarks", "issues", "track_id"):
        assert getattr(one.faces, name).tolist() == getattr(other.faces, name).tolist()
    for name in ("seconds", "head", "labels", "answers", "thresholds"):
        assert getattr(one.faces, name) == getattr(other.faces, name)
    assert one.faces.probabilities == pytest.approx(other.faces.probabilities, abs=1e-4)
    assert one.velocity == pytest.approx(other.velocity)


#: Where three people may be: one is no face, and two are close to each other.
PLACES = ((60.0, 60.0), (340.0, 80.0), (430.0, 80.0))

#: Of a frame: seconds since the last one, and for each place whether somebody is there, how far
#: from it, and the score.
MOVES = st.tuples(
    st.sampled_from([0.05, 0.1, 0.2, 0.7, 3.0, 20.0]),
    st.lists(
        st.tuples(st.booleans(), st.floats(-12, 12), st.sampled_from([0.4, 0.7, 0.95])),
        min_size=3,
        max_size=3,
    ),
)


def found_at(places: list[tuple[bool, float, float]]) -> Detections:
    there = [
        make_detections((x + by, y, x + by + 70, y + 70), score=score)
        for (x, y), (is_there, by, score) in zip(PLACES, places, strict=True)
        if is_there
    ]
    return Detections.concatenate(there)


def scene() -> Image:
    """A picture that looks different everywhere."""
    y, x = np.mgrid[:240, :600]
    return np.stack([x // 3, y, (x + y) // 4], axis=-1).astype(np.uint8)


@given(st.lists(MOVES, max_size=25), st.sampled_from([0.0, 0.6]), st.booleans())
def test_what_was_seen_elsewhere_is_followed_as_if_it_was_here(
    moves: list[tuple[float, list[tuple[bool, float, float]]]], smoothing: float, checks: bool
) -> None:
    script: list[Detections] = [found_at(places) for _, places in moves]
    here_finds, there_finds = iter(script), iter(script)
    check = is_face if checks else None
    here = FaceStream(lambda image: next(here_finds), Levels(), SPEC, check)
    there = FaceStream(fake_detector(FACE), Levels(), SPEC, check)
    eye = Eye(lambda image: next(there_finds), Levels(), SPEC, check)
    image, seconds = scene(), 0.0
    for after, _ in moves:
        seconds += after
        watched = here(image, seconds, smoothing_seconds=smoothing)
        followed = there.follow(eye(image), seconds, smoothing_seconds=smoothing)
        assert_same(followed, watched)
        assert followed.wanted == ()


def test_where_nobody_looked_nothing_is_known_and_somebody_should() -> None:
    stream = FaceStream(fake_detector(FACE), Levels(), SPEC, is_face)
    blind, keen = (Eye(fake_detector(PAIR), Levels(), SPEC, check) for check in (None, is_face))
    waiting = [stream.follow(blind(scene()), i / 10) for i in range(5)]
    assert {result.wanted for result in waiting} == {(0, 1)}
    assert {tuple(result.numbers.tolist()) for result in waiting} == {(-1, -1)}
    for i in range(5, 30):
        result = stream.follow(keen(scene()), i / 10)
    assert (result.numbers.tolist(), result.wanted) == ([-1, 1], ())
    unasked = stream.follow(blind(scene()), 3.0)
    assert unasked.numbers.tolist() == [-1, 1], "known from before"
    assert 1 not in unasked.wanted, "not so soon"


def test_the_head_can_change_here_and_there_and_who_is_who_stays() -> None:
    stream, eye = (kind(fake_detector(FACE), Levels(), BOTH) for kind in (FaceStream, Eye))
    asked = [
        lambda head, at: stream(shade(0), at, head=head, smoothing_seconds=9),
        lambda head, at: stream.follow(eye(shade(0)), at, head=head, smoothing_seconds=9),
    ]
    for i, ask in enumerate(asked):
        assert ask(EXPRESSION_HEAD, i + 0.1).faces.expressions == ["happy"]
        voted = ask(FERPLUS_HEAD, i + 0.2).faces
        assert (voted.head, voted.expressions) == (FERPLUS_HEAD, ["contempt"])
        assert voted.confidence == pytest.approx([1], abs=1e-3), "the average has begun anew"
        assert (voted.thresholds, voted.track_id.tolist()) == (((0.4, 0.4), (0.9, 0.9)), [1])
        with pytest.raises(ModelError, match="no head 'age'"):
            ask("age", i + 0.3)
    old = Eye(fake_detector(FACE), Levels(), SPEC)
    with pytest.raises(ModelError, match="'ferplus'"):
        stream.follow(old(shade(0)), 5.0, head=FERPLUS_HEAD)


def seen(spec: ModelSpec, found: Detections) -> Observation:
    return Eye(fake_detector(found), Levels(), spec)(np.zeros((140, 500, 3), np.uint8))


@pytest.mark.parametrize("what", ["looks", "issues", "evidence", "expression", "columns"])
def test_an_observation_is_about_the_same_faces(spec: ModelSpec, what: str) -> None:
    nobody, made = seen(spec, Detections.empty()), seen(spec, PAIR)
    assert (len(nobody), len(made), made.size) == (0, 2, (500, 140))
    short = {
        "looks": {"looks": made.looks.take([0])},
        "issues": {"issues": made.issues[:1]},
        "columns": {"issues": made.issues[:, :3]},
        "evidence": {"evidence": made.evidence[:1]},
        "expression": {"logits": {"expression": made.logits["expression"][:1]}},
    }
    says = "issues: expected shape" if what == "columns" else f"{what}: expected 2 faces, got 1"
    with pytest.raises(ValueError, match=says):
        replace(made, **short[what])
