import numpy as np
import pytest

from fer.analyzer import FaceAnalyzer
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import Abstention, Head, ModelSpec
from tests.fer.samples import heat_in_photo
from tests.samples import SHIPPED_MODEL, FakeClassifier, fake_detector, make_detections


def test_each_face_is_classified_by_its_own_pixels_from_left_to_right(spec: ModelSpec) -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200], image[:, 200:] = 128, 255
    found = make_detections((230, 30, 270, 70), (30, 30, 70, 70), (130, 30, 170, 70))
    classifier = FakeClassifier(3)
    analyzer = FaceAnalyzer(fake_detector(found), classifier, spec)
    faces = analyzer(image)
    assert faces.expressions == ["happy", "sad", "neutral"]
    assert faces.xyxy[:, 0].tolist() == [30, 130, 230]
    assert classifier.seen[0].shape == (3, 48, 48, 1)
    for look in (analyzer, analyzer.all_heads, analyzer.cut_out):
        with pytest.raises(ValueError, match="expected an RGB image"):
            look(image[..., 0])


@pytest.fixture
def two_heads(spec: ModelSpec) -> ModelSpec:
    """A model with two heads, of which the second is hard to convince."""
    heads = (
        spec.heads[0].model_copy(update={"activation_map": "activation_map_expression"}),
        Head(
            name=FERPLUS_HEAD,
            output=FERPLUS_HEAD,
            labels=("happy", "contempt"),
            meaning="a fake",
            abstention=Abstention(threshold=0.4, degraded_threshold=0.9),
        ),
    )
    return spec.model_copy(update={"heads": heads})


class TwoHeads(FakeClassifier):
    """Half sure in the second head; finds the first label in the top left, and only there."""

    def __call__(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> np.ndarray:
        if head == EXPRESSION_HEAD:
            return super().__call__(crops)
        return np.full((len(crops), 2), 0.5, np.float32)

    def activation_maps(self, crops: np.ndarray, head: str = EXPRESSION_HEAD) -> np.ndarray:
        maps = np.zeros((len(crops), 2, 2, self.labels), np.float32)
        maps[:, 0, 0, 0] = 1
        return maps


#: Sharp, bright and large enough: drawn noise.
NOISE = np.random.default_rng(0).integers(0, 256, (100, 300, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("boxes", "answers"),
    [
        ([], []),
        ([(10, 10, 80, 80)], ["happy"]),
        ([(200, 40, 212, 52), (10, 10, 80, 80)], ["happy", "uncertain"]),
    ],
)
def test_labels_and_thresholds_are_those_of_the_head_that_answers(
    two_heads: ModelSpec, boxes: list, answers: list[str]
) -> None:
    analyzer = FaceAnalyzer(fake_detector(make_detections(*boxes)), TwoHeads(3), two_heads)
    plain, voted = analyzer(NOISE), analyzer(NOISE, head=FERPLUS_HEAD)
    assert (plain.labels, plain.thresholds) == (two_heads.labels, ((0, 0, 0), (0, 0, 0)))
    assert voted.labels == ("happy", "contempt")
    assert voted.thresholds == ((0.4, 0.4), (0.9, 0.9))
    assert (plain.head, voted.head) == (EXPRESSION_HEAD, FERPLUS_HEAD)
    assert voted.answers == answers
    with pytest.raises(ModelError, match="no head 'age'"):
        analyzer(NOISE, head="age")


def test_class_activation_is_of_the_face_that_is_asked_for(two_heads: ModelSpec) -> None:
    found = make_detections((10, 10, 80, 80), (200, 10, 250, 60))
    analyzer = FaceAnalyzer(fake_detector(found), TwoHeads(3), two_heads)
    assert analyzer.has_class_activation(EXPRESSION_HEAD)
    assert not analyzer.has_class_activation(FERPLUS_HEAD)
    made = analyzer.class_activation(NOISE, analyzer(NOISE), 1)
    heat = heat_in_photo(made, "happy", (300, 100))
    assert not heat[:, :190].any()
    assert heat[10:35, 200:225].mean() > 0.3 > abs(heat[40:60, 230:250].mean())


def test_all_heads_answer_from_one_pass_as_each_does_alone() -> None:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    image = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    found = make_detections((100, 100, 180, 180), (30, 30, 90, 90))
    answers = analyzer.all_heads(image, found)
    assert answers.keys() == set(analyzer.spec.head_names)
    for head, faces in answers.items():
        alone = analyzer(image, head=head, detections=found)
        assert np.allclose(faces.probabilities, alone.probabilities)
        assert faces.xyxy[:, 0].tolist() == [30, 100], "left to right"
        assert faces.answers == alone.answers
        assert faces.quality == alone.quality
    assert not len(analyzer.all_heads(np.zeros((64, 64, 3), np.uint8))["expression"])


def test_a_cut_out_face_is_all_of_its_picture() -> None:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    image = np.random.default_rng(0).integers(0, 255, (100, 90, 3), np.uint8)
    answers = analyzer.cut_out(image)
    assert answers.keys() == set(analyzer.spec.head_names)
    for head, face in answers.items():
        assert face.labels == analyzer.spec.head(head).labels
        assert face.probabilities.sum() == pytest.approx(1)
        assert face.xyxy.tolist() == [[0, 0, 90, 100]]
        assert face.quality == [()]
