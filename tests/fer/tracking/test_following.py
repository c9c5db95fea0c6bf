"""A stream that was looked at elsewhere is followed like one that is looked at here."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import Evidence
from fer.detection.face_landmark import FaceLandmark
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import softmax
from fer.model.spec import Abstention, Head
from fer.stream import STREAM_SCORE, FaceStream, FrameResult
from fer.types import Detections, Floats, Image
from tests.fer.samples import Eye
from tests.samples import (
    SHIPPED_MODEL,
    fake_detector,
    fake_spec,
    make_detections,
)

FACE = make_detections((40, 40, 100, 100))

SPEC = fake_spec()


class Levels:
    """Scores by the brightness of a crop: the darker, the happier."""

    def logits(self, crops: np.ndarray) -> dict[str, Floats]:
        level = crops.mean(axis=(1, 2, 3))[:, None] / 64 - 1
        return {EXPRESSION_HEAD: (level * np.array([-1, 0.5, 1])).astype(np.float32)}

    def __call__(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> Floats:
        return softmax(self.logits(crops)[head])


def is_face(image: Image, detections: Detections) -> Floats:
    """A close look: what is to the right of the middle is a face."""
    middle = detections.xyxy[:, [0, 2]].mean(axis=1)
    return np.where(middle > 300, 20.0, -5.0).astype(np.float32)


def assert_same(one: FrameResult, other: FrameResult) -> None:
    assert one.numbers.tolist() == other.numbers.tolist()
    assert one.faces.track_id.tolist() == other.faces.track_id.tolist()
    assert one.faces.seconds == other.faces.seconds
    assert (one.faces.head, one.faces.labels) == (other.faces.head, other.faces.labels)
    assert one.faces.answers == other.faces.answers
    assert one.faces.flaws.tolist() == other.faces.flaws.tolist()
    assert one.faces.xyxy.tolist() == other.faces.xyxy.tolist()
    assert one.faces.landmarks.tolist() == other.faces.landmarks.tolist()
    assert one.faces.score.tolist() == other.faces.score.tolist()
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


def scene() -> Image:
    """A picture that looks different everywhere."""
    y, x = np.mgrid[:240, :600]
    return np.stack([x // 3, y, (x + y) // 4], axis=-1).astype(np.uint8)


def frames(astronaut: Image) -> Iterator[tuple[Image, float]]:
    """Yield a face that moves, is away, and is back."""
    for frame in range(14):
        move = np.array([[1, 0, 6.0 * frame], [0, 1, 3.0 * frame]])
        moved = cv2.warpAffine(astronaut, move, (640, 480), borderMode=cv2.BORDER_REPLICATE)
        picture = np.asarray(moved, np.uint8)
        yield (np.zeros_like(picture) if 7 <= frame < 9 else picture), frame / 15


def test_a_real_face_has_the_same_answers_in_every_head(astronaut: Image) -> None:
    classifier = ExpressionClassifier(SHIPPED_MODEL)
    here, there = FaceStream.load(SHIPPED_MODEL), FaceStream.load(SHIPPED_MODEL)
    detector = BlazeFace(min_score=STREAM_SCORE, fitted=True)
    eye = Eye(detector, classifier, classifier.spec, Evidence(FaceLandmark()))
    heads = (*classifier.spec.head_names, None)
    results = []
    for i, (image, seconds) in enumerate(frames(astronaut)):
        head = heads[i // 3 % len(heads)]
        results.append(there.follow(eye(image), seconds, head=head))
        assert_same(results[-1], here(image, seconds, head=head))
    assert {tuple(result.faces.track_id) for result in results} == {(1,), ()}
    assert {result.faces.head for result in results} == set(classifier.spec.head_names)


def test_where_nobody_looked_nothing_is_known_and_somebody_should() -> None:
    pair = make_detections((60, 60, 130, 130), (340, 80, 410, 150))
    stream = FaceStream(fake_detector(FACE), Levels(), SPEC, is_face)
    blind, keen = (Eye(fake_detector(pair), Levels(), SPEC, check) for check in (None, is_face))
    waiting = [stream.follow(blind(scene()), i / 10) for i in range(5)]
    assert {result.wanted for result in waiting} == {(0, 1)}
    assert {tuple(result.numbers.tolist()) for result in waiting} == {(-1, -1)}
    for i in range(5, 30):
        result = stream.follow(keen(scene()), i / 10)
    assert (result.numbers.tolist(), result.wanted) == ([-1, 1], ())
    unasked = stream.follow(blind(scene()), 3.0)
    assert unasked.numbers.tolist() == [-1, 1], "known from before"
    assert 1 not in unasked.wanted, "not so soon"


def test_the_network_and_the_head_can_change() -> None:
    second = Head(
        name=FERPLUS_HEAD,
        output=FERPLUS_HEAD,
        labels=("happy", "contempt"),
        meaning="a fake",
        abstention=Abstention(threshold=0.4, degraded_threshold=0.5),
    )
    other = SPEC.model_copy(update={"name": "other", "heads": (*SPEC.heads, second)})

    class Two(Levels):
        def logits(self, crops: np.ndarray) -> dict[str, Floats]:
            votes = np.tile(np.array([0, 9], np.float32), (len(crops), 1))
            return {**super().logits(crops), FERPLUS_HEAD: votes}

    stream = FaceStream(fake_detector(FACE), Levels(), SPEC)
    image = np.zeros((140, 140, 3), np.uint8)
    old, new = Eye(fake_detector(FACE), Levels(), SPEC), Eye(fake_detector(FACE), Two(), other)
    assert stream.follow(old(image), 0.0).faces.expressions == ["happy"]
    stream.answer_with(Two(), other)
    voted = stream.follow(new(image), 0.1, head=FERPLUS_HEAD, smoothing_seconds=9).faces
    assert (voted.expressions, voted.thresholds) == (["contempt"], ((0.4, 0.4), (0.5, 0.5)))
    assert voted.track_id.tolist() == [1]
    with pytest.raises(ModelError, match="'ferplus'"):
        stream.follow(old(image), 0.2, head=FERPLUS_HEAD)
    with pytest.raises(ModelError, match="no head 'age'"):
        stream.follow(new(image), 0.2, head="age")
