"""What a terminal says about measurements."""

import numpy as np
import pytest

from fer.evaluation.labelled import LabelledEvaluation, evaluate_labelled
from fer.evaluation.metrics import Evaluation, evaluate
from fer.model.spec import Head
from training.evaluation.faces import FaceEvaluation
from training.evaluation.photos import PhotoClass, PhotoEvaluation
from training.evaluation.text import evaluation_text, face_text, photo_text

LABELS = ("happy", "sad")


def figures(right: int, count: int) -> Evaluation:
    shares = np.tile([0.9, 0.1], (count, 1))
    shares[right:] = [0.2, 0.8]
    return evaluate(np.zeros(count, int), shares, LABELS)


def labelled(right: int, count: int, *others: str) -> LabelledEvaluation:
    """Measure faces of the first class, and one of each of some others."""
    shares = np.tile(np.array([0.9, 0.1], np.float32), (count + len(others), 1))
    shares[right:] = [0.2, 0.8]
    head = Head(name="expression", output="o", labels=LABELS, meaning="")
    return evaluate_labelled([LABELS[0]] * count + list(others), shares, head)


def result(**changes: object) -> PhotoEvaluation:
    return PhotoEvaluation(
        **{
            "model": "tiny", "sha256": "0" * 64, "head": "expression", "data": "set", "split": "",
            "detector": "tiles-1 (nets 2.0)",
            "images": 5, "found": 4, "several": 1, "cut_out": 0, "accuracy": 0.4,
            "accuracy_low": 0.2, "accuracy_high": 0.7, "labelled": labelled(2, 4), "direct": None,
            "classes": [PhotoClass(label="happy", images=5, found=4, right=2)],
            "left_out": {}, "not_read": (),
        }
        | changes
    )  # fmt: skip


def test_metrics_come_with_their_confusion_matrix() -> None:
    text = evaluation_text("all faces", figures(3, 4))
    assert "all faces (4)" in text
    assert "75.00%" in text
    assert text.splitlines()[-2:] == ["  happy            3     1", "  sad              0     0"]


def test_both_accuracies_and_the_detector_are_said() -> None:
    text = photo_text(result())
    assert text.startswith("tiny on set, ")
    assert "tiles-1 (nets 2.0)" in text
    assert "4  80.00%" in text
    assert "accuracy of all    40.00%" in text
    assert "accuracy of found  50.00%" in text
    assert "directly" not in text
    assert "cut-out" not in text


@pytest.mark.parametrize(
    ("right", "said"), [(3, "cost 25.00"), (2, "cost 0.00"), (1, "gain 25.00")]
)
def test_what_the_path_costs_is_said_of_cut_out_faces(right: int, said: str) -> None:
    text = photo_text(result(split="test", cut_out=5, direct=figures(right, 4)))
    assert text.startswith("tiny on test of set, ")
    assert f"which {said} points" in text
    assert "all cut-out faces" in text


def test_some_cut_out_faces_among_photographs_are_counted() -> None:
    assert "2 of them cut-out faces" in photo_text(result(cut_out=2))


def test_no_face_at_all_is_no_error() -> None:
    text = photo_text(result(found=0, labelled=None, accuracy=0))
    assert "0  0.00%" in text
    assert "of found" not in text


def test_what_was_left_out_stands_at_the_end() -> None:
    problems = tuple(f"happy/{i}.jpg: is damaged." for i in range(7))
    lines = photo_text(result(left_out={"contempt": 12}, not_read=problems)).splitlines()
    assert lines[-7] == "left out: 12 of contempt, which the expression head does not know"
    assert lines[-6] == "not read: happy/0.jpg: is damaged."
    assert lines[-1] == "not read: 2 more"


def faces(measured: LabelledEvaluation, **changes: object) -> str:
    return face_text(
        FaceEvaluation(
            **{
                "model": "tiny", "sha256": "0" * 64, "data": "set", "split": "", "not_read": (),
                "head": "expression", "labelled": measured, "without_duplicates": None,
                "ferplus_evaluation": None,
            }
            | changes
        )
    )  # fmt: skip


def test_one_class_has_one_figure_and_the_reason() -> None:
    text = faces(labelled(3, 4))
    assert text.startswith("tiny on set, expression head")
    assert "as it answers; any of its 2 classes may be the answer (4)" in text
    assert "restricted to happy: one class cannot be told from others" in text
    assert "no image of sad, which the head knows too" in text


def test_what_is_shared_and_left_out_is_said() -> None:
    head = Head(name="expression", output="o", labels=(*LABELS, "neutral"), meaning="")
    shares = np.tile(np.array([0.5, 0.2, 0.3], np.float32), (4, 1))
    text = faces(evaluate_labelled(["happy", "sad", "sad", "contempt"], shares, head))
    assert "any of its 3 classes may be the answer (3)" in text
    assert "restricted to happy, sad (3)" in text
    assert "no image of neutral" in text
    assert text.endswith("left out: 1 of contempt, which the expression head does not know")


def test_all_classes_have_one_figure() -> None:
    again = figures(1, 2)
    text = faces(labelled(3, 4, "sad"), split="test", without_duplicates=again)
    assert text.startswith("tiny on test of set, ")
    assert "all faces as it answers (5)" in text
    assert "restricted" not in text
    assert "without duplicates 50.00% of 2" in text
