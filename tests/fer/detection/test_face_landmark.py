import cv2
import numpy as np
import pytest

from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import MESH_POINTS, PRESENCE_RANGE, FaceLandmark
from fer.types import Detections, Image
from tests.samples import make_detections

#: Points of the mesh at the corners of the right and left eye, the tip of the nose and the lips.
EYES_NOSE_MOUTH = ([33, 133], [362, 263], [1], [13, 14])


@pytest.fixture(scope="module")
def network() -> FaceLandmark:
    return FaceLandmark()


def detected(image: Image) -> Detections:
    found = BlazeFace(min_score=0.35)(image)
    assert len(found)
    return found


def test_of_no_box_nothing_is_said(network: FaceLandmark, astronaut: Image) -> None:
    meshes = network(astronaut, Detections.empty())
    assert (meshes.presence.shape, meshes.points.shape) == ((0,), (0, MESH_POINTS, 2))
    assert network.presence(astronaut, Detections.empty()).shape == (0,)


@pytest.mark.parametrize("degrees", [-40, 0, 25, 90, 180])
def test_the_points_of_a_face_are_where_the_detector_has_them(
    network: FaceLandmark, astronaut: Image, degrees: int
) -> None:
    face = detected(astronaut)
    turn = cv2.getRotationMatrix2D((256, 256), degrees, 1)
    image = np.asarray(cv2.warpAffine(astronaut, turn, (512, 512)), np.uint8)
    points = face.landmarks[0] @ turn[:, :2].T + turn[:, 2]
    side = face.xyxy[0, 2] - face.xyxy[0, 0]
    middle = (face.xyxy[0, :2] + face.xyxy[0, 2:]) / 2 @ turn[:, :2].T + turn[:, 2]
    box = np.concatenate([middle - side / 2, middle + side / 2]).astype(np.float32)[None]
    meshes = network(image, Detections(box, face.score, points[None].astype(np.float32)))
    assert meshes.presence[0] > 15
    for index, expected in zip(EYES_NOSE_MOUTH, points, strict=False):
        assert np.linalg.norm(meshes.points[0, index].mean(axis=0) - expected) < 0.08 * side


def test_a_face_is_one_and_a_wall_is_none(network: FaceLandmark, astronaut: Image) -> None:
    assert network.presence(astronaut, detected(astronaut))[0] == PRESENCE_RANGE[1]
    elsewhere = make_detections((300, 10, 400, 110), (-50, -50, -10, -10), (0, 0, 0, 0))
    assert (network.presence(astronaut, elsewhere) < 5).all()
