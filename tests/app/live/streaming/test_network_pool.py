"""Live streams share the networks, and nothing else."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.core.settings import model_dir
from app.live.state import SharedNetwork, shared_face_networks, shared_model
from fer.detection.evidence import FaceLandmark
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Detections, Image
from tests.samples import FakeClassifier, make_detections
from tools.drawings import drawings

FRAME = np.zeros((480, 640, 3), np.uint8)


@pytest.mark.parametrize("visitors", [(0, 1), (0, 2), (1, 3)])
def test_any_two_streams_run_at_once_on_two_networks(
    visitors: tuple[int, int], spec: ModelSpec
) -> None:
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


def test_streams_of_a_pool_take_a_face_for_a_person_and_a_drawing_for_none(
    astronaut: Image,
) -> None:
    detector, face_check = shared_face_networks(1, FaceLandmark())
    model = shared_model(ExpressionClassifier(model_dir()), 1)
    networks = detector, model.classifier, model.spec, face_check
    stream, other = FaceStream(*networks), FaceStream(*networks)
    assert [len(stream(astronaut, t).faces) for t in (0.0, 0.1)] == [1, 1]
    assert len(other(FRAME, 0.0).faces) == 0
    smiley = drawings(480)["yellow smiley"]
    assert [len(other(smiley, frame / 15).faces) for frame in range(1, 16)] == [0] * 15
    assert other(astronaut, 2.0).faces.track_id.tolist() == [1], "people are not shared"
