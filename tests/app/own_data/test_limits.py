"""What figures on few or one-sided faces do not say."""

import numpy as np
import pytest

from app.own_data.figures import FEW_OF_CLASS, own_limits
from app.own_data.measuring import LabelledAnswer
from fer.evaluation.metrics import evaluate_labelled
from tests.app.own_data.samples import HEAD

ALWAYS = ("Nobody said who", "Others would label")


def limits(counts: dict[str, int], photos: int = 10_000) -> str:
    truth = [name for name, count in counts.items() for _ in range(count)]
    shares = np.tile(np.eye(len(HEAD.labels), dtype=np.float32)[0], (len(truth), 1))
    answers = [
        LabelledAnswer(f"{i}", name, photo=f"{i % photos}.jpg") for i, name in enumerate(truth)
    ]
    return "\n".join(own_limits(evaluate_labelled(truth, shares, HEAD), answers))


def test_one_face_says_nearly_nothing() -> None:
    said = limits({"happy": 1})
    assert "With 1 face, the accuracy on others like these may be anywhere in 20.7–100.0%" in said
    assert "It takes some 390 faces to know it within 5 points either way" in said
    assert f"Fewer than {FEW_OF_CLASS} faces of happy (1)" in said
    assert "No face of sad" in said
    assert "from 1 photo" not in said
    assert all(text in said for text in ALWAYS)


def test_of_many_even_faces_only_what_is_never_known_is_said() -> None:
    said = limits(dict.fromkeys(HEAD.labels, 2000))
    assert len(said.splitlines()) == len(ALWAYS)
    assert all(text in said for text in ALWAYS)


@pytest.mark.parametrize(("count", "said"), [(FEW_OF_CLASS - 1, True), (FEW_OF_CLASS, False)])
def test_classes_with_few_faces_are_named(count: int, said: bool) -> None:
    counts = dict.fromkeys(HEAD.labels, 100) | {"sad": count}
    assert (f"of sad ({count})" in limits(counts)) == said


@pytest.mark.parametrize(("count", "said"), [(199, False), (200, False), (202, True)])
def test_a_class_of_more_than_half_of_the_faces_is_named(count: int, said: bool) -> None:
    others = [name for name in HEAD.labels if name != "happy"]
    text = limits(dict.fromkeys(others, 200 // len(others)) | {"happy": count})
    assert ("are happy, so the accuracy is mostly about that" in text) == said


@pytest.mark.parametrize(("photos", "said"), [(1, True), (30, True), (31, False), (120, False)])
def test_many_faces_of_few_photos_are_told(photos: int, said: bool) -> None:
    counts = dict.fromkeys(HEAD.labels, 120 // len(HEAD.labels))
    faces = sum(counts.values())
    assert (f"The {faces} faces are from {photos} photo" in limits(counts, photos)) == said


@pytest.mark.parametrize(
    ("seen", "says"), [(0, ""), (1, "1 of the labels were given"), (2, "All labels were given")]
)
def test_labels_that_were_led_by_an_answer_are_told(seen: int, says: str) -> None:
    shares = np.tile(np.eye(len(HEAD.labels), dtype=np.float32)[0], (2, 1))
    answers = [LabelledAnswer(str(i), "happy", answer_seen=i < seen) for i in range(2)]
    said = "\n".join(own_limits(evaluate_labelled(["happy"] * 2, shares, HEAD), answers))
    assert ("in view" in said) == bool(seen)
    assert says in said
