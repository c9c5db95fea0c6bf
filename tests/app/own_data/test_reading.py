"""One photograph of the visitor: its faces, and what all models answer."""

from dataclasses import replace

import numpy as np
import pytest

from app.own_data.reading import CROP_SCALE, PICTURE_SIDE, OwnFace, answered_too
from fer import Detections, FaceAnalyzer, Faces, decode_image
from fer.drawing.pictures import encoded
from fer.labels import EXPRESSION_HEAD
from fer.types import Image
from tests.app.own_data.samples import SPEC, answerer, faces_in, read_photo, small
from tests.app.samples import BROKEN, FakeAnalyzer, png
from tests.samples import SHIPPED_MODEL


def happy(face: OwnFace, model: str = "fake") -> float:
    return round(float(face.probabilities[model, EXPRESSION_HEAD][0]), 4)


def test_a_photo_without_a_face_has_none() -> None:
    photo = read_photo("wall.png", png(0), [answerer()])
    assert (photo.face_count, photo.error, photo.size) == (0, "", 0)


def test_every_face_has_its_answer_its_place_and_its_pictures() -> None:
    photo = read_photo("two.png", png(2, 80), [answerer()])
    assert [(face.name, face.box[0], happy(face)) for face in faces_in(photo)] == [
        ("two.png, face 1", 5.0, 0.8), ("two.png, face 2", 55.0, 0.8),
    ]  # fmt: skip
    crop = photo.crops[0]
    assert decode_image(crop.aligned).shape == (CROP_SCALE * SPEC.input_size,) * 2 + (3,)
    assert max(decode_image(crop.picture).shape) <= PICTURE_SIDE
    left, top, width, height = crop.frame
    assert 0 <= left < left + width <= 1
    assert 0 <= top < top + height <= 1
    assert photo.size == sum(len(one.picture) + len(one.aligned) for one in photo.crops)


def test_all_models_answer_after_one_search() -> None:
    first, second = FakeAnalyzer(SPEC), FakeAnalyzer(SPEC)
    models = [answerer("a", analyzer=first), answerer("b", analyzer=second)]
    (face,) = faces_in(read_photo("a.png", png(1), models))
    assert face.probabilities.keys() == {("a", EXPRESSION_HEAD), ("b", EXPRESSION_HEAD)}
    assert (first.searches, second.searches) == (1, 0)


class GrowingAnalyzer(FakeAnalyzer):
    """Sees every face larger than the one on its left."""

    def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
        answers = super().all_heads(image, detections)
        more = np.arange(len(answers[EXPRESSION_HEAD]), dtype=np.float32)[:, None] * [0, 0, 0, 9]
        return {head: replace(f, xyxy=f.xyxy + np.float32(more)) for head, f in answers.items()}


def test_of_a_labelled_photo_the_largest_face_counts() -> None:
    models = [answerer(analyzer=GrowingAnalyzer(SPEC))]
    photo = read_photo("three.png", png(3), models, label="sad")
    assert [(face.name, face.box[0]) for face in faces_in(photo)] == [("three.png", 105.0)]
    assert (photo.label, len(photo.crops)) == ("sad", 1)


@pytest.mark.parametrize(("side", "cut_out"), [(48, False), (112, False), (144, True)])
def test_a_cut_out_face_is_answered_as_it_is(side: int, cut_out: bool) -> None:
    analyzer = FakeAnalyzer(SPEC)
    data = small(70, side=side)
    photo = read_photo("a.png", data, [answerer(analyzer=analyzer)], cut_out=cut_out)
    (face,) = faces_in(photo)
    assert photo.cut_out
    assert (happy(face), face.box, face.crop.frame) == (0.7, (0, 0, side, side), ())
    assert (decode_image(face.crop.aligned) == decode_image(data)).all()
    assert analyzer.searches == 0
    assert photo.size == len(face.crop.aligned)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "empty"), (b"no picture", "not an image"), (png(BROKEN), "something went wrong")],
)
def test_what_cannot_be_read_says_why(data: bytes, says: str) -> None:
    photo = read_photo("a.png", data, [answerer()])
    assert says in photo.error
    assert photo.face_count == 0


@pytest.mark.parametrize("data", [png(2, 60), small(60)], ids=["photo", "cut out"])
def test_another_model_answers_without_a_search(data: bytes) -> None:
    photo = read_photo("a.png", data, [answerer("first")])
    late = FakeAnalyzer(SPEC)
    answered = answered_too(photo, data, [answerer("late", analyzer=late)])
    for model in ("first", "late"):
        assert [happy(face, model) for face in faces_in(answered)] == [0.6] * photo.face_count
    assert answered.crops == photo.crops
    assert late.searches == 0


def test_the_real_model_reads_a_face_and_its_crop_alike(astronaut: Image) -> None:
    analyzer = FaceAnalyzer.for_photos(SHIPPED_MODEL)
    models = [answerer("compact", analyzer=analyzer)]  # type: ignore[arg-type]
    (face,) = faces_in(read_photo("astronaut.png", encoded(astronaut, ".png"), models))
    (again,) = faces_in(read_photo("crop.jpg", face.crop.aligned, models, cut_out=True))
    assert {head for _, head in face.probabilities} == set(analyzer.spec.head_names)
    for key, answer in face.probabilities.items():
        assert answer.argmax() == again.probabilities[key].argmax()
        assert np.abs(answer - again.probabilities[key]).max() < 0.1
