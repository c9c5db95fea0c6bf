"""Evidence: what three networks see at a place is one figure, and the dear one is asked in doubt."""

import numpy as np
import pytest

from benchmarks.drawings import drawings
from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import MIN_EVIDENCE, SECOND_SCALES, Evidence
from fer.types import Detections, Floats, Image
from tests.samples import fake_detector, make_detections

BLACK = np.zeros((200, 200, 3), np.uint8)
FACE = make_detections((60, 60, 140, 140), score=0.9)


class Certain:
    """A close look that always says the same."""

    def __init__(self, presence: float) -> None:
        self.presence_logit, self.looks = presence, 0

    def presence(self, _image: Image, detections: Detections) -> Floats:
        self.looks += 1
        return np.full(len(detections), self.presence_logit, np.float32)


class Second:
    """A second detector that sees a face in the middle of every crop, or none."""

    def __init__(self, score: float) -> None:
        self.score, self.looks = score, 0

    def __call__(self, image: Image) -> Detections:
        self.looks += 1
        middle, half = len(image) / 2, 40
        box = (middle - half, middle - half, middle + half, middle + half)
        return make_detections(box, score=self.score) if self.score else Detections.empty()


def test_a_clear_case_needs_no_second_opinion() -> None:
    for presence, is_face in ((20.0, True), (-10.0, False)):
        second = Second(0.0)
        figure = Evidence(Certain(presence), second)(BLACK, FACE, 2.0)
        assert (figure >= MIN_EVIDENCE) == is_face
        assert second.looks == 0


def test_in_doubt_the_second_opinion_decides() -> None:
    for score, is_face in ((0.0, False), (0.95, True)):
        second = Second(score)
        figure = Evidence(Certain(3.0), second)(BLACK, FACE, 0.0)
        assert (figure >= MIN_EVIDENCE) == is_face
        assert second.looks == len(SECOND_SCALES)


def test_another_face_nearby_is_no_second_opinion() -> None:
    beside = fake_detector(make_detections((0, 0, 30, 30), score=0.99))
    figure = Evidence(Certain(3.0), beside)(BLACK, FACE, 0.0)
    assert figure == Evidence(Certain(3.0), Second(0.0))(BLACK, FACE, 0.0)


@pytest.mark.parametrize("more", ["presence", "logit", "score"])
def test_more_of_anything_is_more_evidence(more: str) -> None:
    def figure(presence: float = 3.0, logit: float = 0.0, score: float = 0.5) -> float:
        return Evidence(Certain(presence), Second(score))(BLACK, FACE, logit)

    assert figure(**{more: 0.8 if more == "score" else 4.0}) > figure()


def test_an_astronaut_is_a_face_and_a_drawn_smiley_is_none(astronaut: Image) -> None:
    evidence = Evidence.load()
    face = BlazeFace()(astronaut)
    assert evidence(astronaut, face, 2.0) > 2 * MIN_EVIDENCE
    smiley = drawings(200)["smiley in thin lines"]
    place = BlazeFace(min_score=0.2)(smiley)
    assert all(
        evidence(smiley, place.take(np.array([i])), 0.0) < MIN_EVIDENCE for i in range(len(place))
    )
