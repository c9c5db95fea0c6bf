"""A model on whole photographs, with fakes at the boundary: a detector's answer, a network."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.errors import DataError, ImageError
from fer.images import CUT_OUT_SIDE, is_cut_out
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Detections, Faces, Image
from tests.samples import FakeClassifier, make_detections
from training.data.dataset import Problem
from training.data.photographs import Photograph, Photographs
from training.evaluation.photos import (
    PhotoAnswer,
    PhotoEvaluation,
    answers,
    measured,
    with_surroundings,
)

LABELS = ("happy", "sad", "neutral")
HEAD = EXPRESSION_HEAD


class Analyzer:
    """Finds the same boxes in every image; each face is answered by its shade at its centre."""

    detector_version = "fake-1"

    def __init__(self, spec: ModelSpec, boxes: list | None = None) -> None:
        self.spec, self.boxes = spec, [(10, 10, 50, 50)] if boxes is None else boxes
        self.seen: list[Image] = []
        self._free = threading.Lock()

    def __call__(self, image: Image, *, head: str) -> Faces:
        assert self._free.acquire(blocking=False), "two images at once"
        try:
            self.seen.append(image)
            found = make_detections(*self.boxes) if self.boxes else Detections.empty()
            centres = ((found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2).astype(int)
            shares = np.zeros((len(found), 3), np.float32)
            for i, (x, y) in enumerate(centres):
                shares[i, image[y, x, 0]] = 1
            return Faces.of(found, shares, LABELS)
        finally:
            self._free.release()


def photo(label: int, shade: int, side: int = 200) -> Photograph:
    return Photograph("", label, lambda: np.full((side, side, 3), shade, np.uint8))


def broken(message: str = "is damaged.") -> Photograph:
    def read() -> Image:
        raise ImageError(message)

    return Photograph("happy/a.jpg", 0, read)


@pytest.fixture
def evaluated(spec: ModelSpec) -> Callable[..., PhotoEvaluation]:
    def of(*photographs: Photograph, boxes: list | None = None) -> PhotoEvaluation:
        data = Photographs("set", "", photographs, {"contempt": 2})
        results = answers(photographs, [Analyzer(spec, boxes)], FakeClassifier(3), HEAD)
        return measured(data, results, spec, "fake-1", HEAD)

    return of


def test_no_photographs_have_no_answers(spec: ModelSpec) -> None:
    assert list(answers([], [Analyzer(spec)], FakeClassifier(3), HEAD)) == []


def test_nothing_that_can_be_read_is_an_error(evaluated: Callable[..., PhotoEvaluation]) -> None:
    with pytest.raises(DataError, match=r"no image of set could be read. happy/a.jpg: is damaged"):
        evaluated(broken())


def test_a_face_that_is_not_found_is_a_miss(evaluated: Callable[..., PhotoEvaluation]) -> None:
    result = evaluated(photo(0, 0), photo(1, 1), boxes=[])
    assert (result.images, result.found, result.accuracy) == (2, 0, 0)
    assert result.evaluation is None
    assert result.direct is None
    assert [(c.images, c.found, c.right) for c in result.classes] == [
        (1, 0, 0), (1, 0, 0), (0, 0, 0)
    ]  # fmt: skip


def test_accuracy_is_told_of_all_and_of_the_faces_found(spec: ModelSpec) -> None:
    right, miss = np.array([1, 0, 0], np.float32), None
    results = [
        PhotoAnswer(0, 1, right, None),
        PhotoAnswer(1, 2, right, None),
        PhotoAnswer(0, 0, miss, None),
        PhotoAnswer(0, 1, right, None),
        Problem("sad/x.jpg", "is damaged."),
    ]
    result = measured(Photographs("set", "test", (), {}), results, spec, "fake-1", HEAD)
    assert (result.images, result.found, result.several) == (4, 3, 1)
    assert result.accuracy == 2 / 4
    assert result.accuracy_low < 0.5 < result.accuracy_high
    assert result.evaluation is not None
    assert result.evaluation.accuracy == pytest.approx(2 / 3)
    assert result.evaluation.confusion == ((2, 0, 0), (1, 0, 0), (0, 0, 0))
    assert [(c.images, c.found, c.right) for c in result.classes] == [
        (3, 2, 2), (1, 1, 0), (0, 0, 0)
    ]  # fmt: skip
    assert result.not_read == ("sad/x.jpg: is damaged.",)


def test_it_says_of_what_it_is(evaluated: Callable[..., PhotoEvaluation], spec: ModelSpec) -> None:
    result = evaluated(photo(0, 0))
    assert (result.model, result.sha256) == (spec.name, spec.sha256)
    assert (result.detector, result.data, result.face) == ("fake-1", "set", "largest")
    assert result.left_out == {"contempt": 2}
    assert PhotoEvaluation.model_validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize("boxes", [[(0, 0, 20, 20), (100, 100, 180, 180)],
                                   [(100, 100, 180, 180), (0, 0, 20, 20)]])  # fmt: skip
def test_the_largest_face_counts(boxes: list, spec: ModelSpec) -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[100:, 100:] = 2
    photograph = Photograph("", 2, lambda: image)
    (answer,) = answers([photograph], [Analyzer(spec, boxes)], FakeClassifier(3), HEAD)
    assert isinstance(answer, PhotoAnswer)
    assert answer.faces == 2
    assert answer.probabilities is not None
    assert answer.probabilities.tolist() == [0, 0, 1]


def test_several_threads_answer_in_order_each_with_an_analyzer_of_its_own(spec: ModelSpec) -> None:
    analyzers = [Analyzer(spec) for _ in range(4)]
    photographs = [photo(i % 3, i % 3) for i in range(60)]
    found = list(answers(photographs, analyzers, FakeClassifier(3), HEAD))
    assert [answer.label for answer in found if isinstance(answer, PhotoAnswer)] == [
        i % 3 for i in range(60)
    ]
    assert all(
        isinstance(a, PhotoAnswer) and a.probabilities is not None and a.probabilities[a.label] == 1
        for a in found
    )
    assert sum(len(analyzer.seen) for analyzer in analyzers) == 60


def test_a_photograph_is_looked_at_as_it_is(spec: ModelSpec) -> None:
    analyzer = Analyzer(spec)
    (answer,) = answers([photo(0, 1)], [analyzer], FakeClassifier(3), HEAD)
    assert isinstance(answer, PhotoAnswer)
    assert answer.direct is None
    assert analyzer.seen[0].shape == (200, 200, 3)


def test_a_cut_out_face_gets_surroundings_and_a_direct_answer(spec: ModelSpec) -> None:
    analyzer, classifier = Analyzer(spec), FakeClassifier(3)
    (answer,) = answers([photo(0, 1, side=96)], [analyzer], classifier, HEAD)
    assert isinstance(answer, PhotoAnswer)
    assert answer.direct is not None
    assert answer.direct.tolist() == [1, 0, 0]
    assert classifier.seen[0].shape == (1, spec.input_size, spec.input_size, spec.channels)
    assert analyzer.seen[0].shape == (480, 480, 3)


def test_the_points_lost_are_those_of_the_faces_found(spec: ModelSpec) -> None:
    happy, sad = np.eye(3, dtype=np.float32)[:2]
    results = [
        PhotoAnswer(0, 1, happy, happy),
        PhotoAnswer(0, 1, sad, happy),
        PhotoAnswer(0, 0, None, sad),
        PhotoAnswer(1, 1, sad, happy),
        PhotoAnswer(0, 1, sad, happy),
    ]
    data = Photographs("set", "", (), {})
    result = measured(data, results, spec, "fake-1", HEAD)
    assert result.direct is not None
    assert (result.cut_out, result.direct.count) == (5, 4)
    assert result.points_lost == pytest.approx(100 * (3 / 4 - 2 / 4))
    mixed = measured(data, [*results, PhotoAnswer(0, 1, happy, None)], spec, "fake-1", HEAD)
    assert (mixed.cut_out, mixed.direct, mixed.points_lost) == (5, None, None)


def test_a_set_without_a_class_is_measured_among_the_others_too(spec: ModelSpec) -> None:
    sad, neutral = np.eye(3, dtype=np.float32)[1:]
    results = [
        PhotoAnswer(1, 1, sad, None),
        PhotoAnswer(0, 1, 0.3 * sad + 0.1 * (1 - sad - neutral) + 0.6 * neutral, None),
        PhotoAnswer(1, 1, 0.4 * sad + 0.6 * neutral, None, flawed=True),
        PhotoAnswer(1, 0, None, None),
    ]
    data = Photographs("set", "", (), {"contempt": 2})
    result = measured(data, results, spec, "fake-1", HEAD)
    assert result.labelled is not None
    assert (result.labelled.shared, result.labelled.missing) == (("happy", "sad"), ("neutral",))
    assert result.labelled.left_out == {"contempt": 2}
    assert (result.accuracy, result.right_restricted) == (1 / 4, 2)


@pytest.mark.parametrize(
    ("height", "width", "cut_out"),
    [
        (48, 48, True),
        (CUT_OUT_SIDE, CUT_OUT_SIDE, True),
        (CUT_OUT_SIDE + 1, CUT_OUT_SIDE + 1, False),
        (48, 64, False),
        (64, 48, False),
    ],
)
def test_a_small_square_is_a_cut_out_face(height: int, width: int, cut_out: bool) -> None:
    assert is_cut_out(np.zeros((height, width, 3), np.uint8)) == cut_out


@given(st.integers(16, CUT_OUT_SIDE), st.integers(0, 255))
def test_a_face_stands_in_the_middle_and_its_border_goes_on_outwards(side: int, shade: int) -> None:
    face = np.full((side, side, 3), shade, np.uint8)
    middle = side // 2
    face[middle - 2 : middle + 2, middle - 2 : middle + 2] = 255 - shade
    made = with_surroundings(face)
    assert made.shape == (480, 480, 3)
    assert (made[:60] == shade).all()
    assert (made[:, -60:] == shade).all()
    centre = 480 * (middle + side // 2) // (side + 2 * (side // 2))
    assert abs(int(made[centre, centre, 0]) - (255 - shade)) <= 12
