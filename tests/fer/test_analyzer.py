import numpy as np
import pytest

from fer.analyzer import FaceAnalyzer
from fer.model_card import ModelSpec
from fer.types import Detections, Image
from tests.conftest import SHIPPED_MODEL, FakeClassifier, fake_detector, make_detections


def test_no_face_means_no_label(spec: ModelSpec) -> None:
    analyzer = FaceAnalyzer(fake_detector(Detections.empty()), FakeClassifier(3), spec)
    faces = analyzer(np.zeros((50, 50, 3), np.uint8))
    assert (len(faces), faces.expressions, faces.labels) == (0, [], spec.labels)


def test_each_face_is_classified_by_its_own_pixels_from_left_to_right(spec: ModelSpec) -> None:
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, 100:200], image[:, 200:] = 128, 255
    found = make_detections((230, 30, 270, 70), (30, 30, 70, 70), (130, 30, 170, 70))
    classifier = FakeClassifier(3)
    faces = FaceAnalyzer(fake_detector(found), classifier, spec)(image)
    assert faces.expressions == ["happy", "sad", "neutral"]
    assert faces.xyxy[:, 0].tolist() == [30, 130, 230]
    assert classifier.seen[0].shape == (3, 48, 48, 1)


def test_what_is_no_image_is_refused(spec: ModelSpec) -> None:
    analyzer = FaceAnalyzer(fake_detector(Detections.empty()), FakeClassifier(3), spec)
    with pytest.raises(ValueError, match="expected an RGB image"):
        analyzer(np.zeros((5, 5), np.uint8))


def test_the_shipped_model_calls_a_smile_happy(astronaut: Image) -> None:
    faces = FaceAnalyzer.for_photos(SHIPPED_MODEL)(astronaut)
    assert faces.expressions == ["happy"]
    assert faces.confidence[0] > 0.6
