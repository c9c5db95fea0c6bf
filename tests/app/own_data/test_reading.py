"""One photograph of the visitor: its faces, and what all models answer."""

import numpy as np
import pytest

from app.own_data.reading import CROP_SCALE, PICTURE_SIDE, OwnFace, answered_too, read_photo
from fer import FaceAnalyzer, decode_image
from fer.drawing.pictures import encoded
from fer.labels import EXPRESSION_HEAD
from fer.types import Image
from tests.app.own_data.samples import SPEC, answerer, small
from tests.app.samples import BROKEN, FakeAnalyzer, png
from tests.samples import SHIPPED_MODEL


def happy(face: OwnFace, model: str = "fake") -> float:
    return round(float(face.probabilities[model, EXPRESSION_HEAD][0]), 4)


def test_a_photo_without_a_face_has_none() -> None:
    photo = read_photo("wall.png", png(0), [answerer()])
    assert (photo.faces, photo.error, photo.size) == ((), "", 0)


def test_every_face_has_its_answer_its_place_and_its_pictures() -> None:
    photo = read_photo("two.png", png(2, 80), [answerer()])
    assert [(face.number, face.box[0], happy(face)) for face in photo.faces] == [
        (1, 5.0, 0.8), (2, 55.0, 0.8),
    ]  # fmt: skip
    assert [photo.called(face) for face in photo.faces] == ["two.png, face 1", "two.png, face 2"]
    face = photo.faces[0]
    assert decode_image(face.crop).shape == (CROP_SCALE * SPEC.input_size,) * 2 + (3,)
    assert max(decode_image(face.picture).shape) <= PICTURE_SIDE
    left, top, width, height = face.frame
    assert 0 <= left < left + width <= 1
    assert 0 <= top < top + height <= 1
    assert photo.size == sum(len(one.picture) + len(one.crop) for one in photo.faces)


def test_all_models_answer_after_one_search() -> None:
    first, second = FakeAnalyzer(SPEC), FakeAnalyzer(SPEC)
    models = [answerer("a", analyzer=first), answerer("b", analyzer=second)]
    (face,) = read_photo("a.png", png(1), models).faces
    assert face.probabilities.keys() == {("a", EXPRESSION_HEAD), ("b", EXPRESSION_HEAD)}
    assert (first.searches, second.searches) == (1, 0)


def test_of_a_labelled_photo_the_largest_face_counts() -> None:
    photo = read_photo("two.png", png(2), [answerer()], label="sad")
    assert [face.number for face in photo.faces] == [1]
    assert photo.label == "sad"


@pytest.mark.parametrize(("side", "cut_out"), [(48, False), (112, False), (144, True)])
def test_a_cut_out_face_is_answered_as_it_is(side: int, cut_out: bool) -> None:
    analyzer = FakeAnalyzer(SPEC)
    data = small(70, side=side)
    photo = read_photo("a.png", data, [answerer(analyzer=analyzer)], cut_out=cut_out)
    (face,) = photo.faces
    assert (happy(face), face.box, face.frame, face.detections) == (
        0.7,
        (0, 0, side, side),
        (),
        None,
    )
    assert (decode_image(face.crop) == decode_image(data)).all()
    assert analyzer.searches == 0
    assert photo.size == len(face.crop)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "empty"), (b"no picture", "not an image"), (png(BROKEN), "something went wrong")],
)
def test_what_cannot_be_read_says_why(data: bytes, says: str) -> None:
    photo = read_photo("a.png", data, [answerer()])
    assert says in photo.error
    assert photo.faces == ()


@pytest.mark.parametrize("data", [png(2, 60), small(60)], ids=["photo", "cut out"])
def test_another_model_answers_without_a_search(data: bytes) -> None:
    photo = read_photo("a.png", data, [answerer("first")])
    late = FakeAnalyzer(SPEC)
    faces = answered_too(photo.faces, data, [answerer("late", analyzer=late)])
    assert [happy(face, "late") for face in faces] == [0.6] * len(photo.faces)
    assert [happy(face, "first") for face in faces] == [0.6] * len(photo.faces)
    assert [face.crop for face in faces] == [face.crop for face in photo.faces]
    assert late.searches == 0


def test_the_real_model_reads_a_face_and_its_crop_alike(astronaut: Image) -> None:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    models = [answerer("compact", analyzer=analyzer)]  # type: ignore[arg-type]
    (face,) = read_photo("astronaut.png", encoded(astronaut, ".png"), models).faces
    (again,) = read_photo("crop.jpg", face.crop, models, cut_out=True).faces
    assert {head for _, head in face.probabilities} == set(analyzer.spec.head_names)
    for key, answer in face.probabilities.items():
        assert answer.argmax() == again.probabilities[key].argmax()
        assert np.abs(answer - again.probabilities[key]).max() < 0.1
