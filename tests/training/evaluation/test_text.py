"""What a terminal says about measurements, where it is not the usual."""

import numpy as np
import pytest

from fer.evaluation.labelled import LabelledEvaluation, evaluate_labelled
from fer.evaluation.metrics import Evaluation, evaluate
from fer.model.spec import Head
from training.evaluation.labelled import FaceEvaluation, PhotoClass, PhotoEvaluation
from training.evaluation.text import face_text, photo_text

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


def photos(**changes: object) -> str:
    known = {
        "model": "tiny", "sha256": "0" * 64, "head": "expression", "data": "set", "split": "",
        "detector": "tiles-1", "images": 5, "found": 4, "several": 1, "cut_out": 0, "accuracy": 0.4,
        "accuracy_low": 0.2, "accuracy_high": 0.7, "labelled": labelled(2, 4), "direct": None,
        "classes": [PhotoClass(label="happy", images=5, found=4, right=2)],
        "left_out": {}, "not_read": (),
    }  # fmt: skip
    return photo_text(PhotoEvaluation(**known | changes))


@pytest.mark.parametrize(
    ("right", "said"), [(3, "cost 25.00"), (2, "cost 0.00"), (1, "gain 25.00")]
)
def test_what_the_path_costs_is_said_of_cut_out_faces(right: int, said: str) -> None:
    text = photos(split="test", cut_out=5, direct=figures(right, 4))
    assert text.startswith("tiny on test of set, ")
    assert f"which {said} points" in text
    assert "all cut-out faces" in text
    assert "2 of them cut-out faces" in photos(cut_out=2)
    assert "0  0.00%" in photos(found=0, labelled=None, accuracy=0), "no face at all"


def test_what_was_left_out_stands_at_the_end() -> None:
    problems = tuple(f"happy/{i}.jpg: is damaged." for i in range(7))
    lines = photos(left_out={"contempt": 12}, not_read=problems).splitlines()
    assert lines[-7] == "left out: 12 of contempt, which the expression head does not know"
    assert lines[-6] == "not read: happy/0.jpg: is damaged."
    assert lines[-1] == "not read: 2 more"


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), "restricted to happy: one class cannot be told from others\n\nno image of sad"),
        (("sad",), "all faces as it answers (5)"),
    ],
)
def test_one_class_has_one_figure_and_the_reason(others: tuple[str, ...], said: str) -> None:
    known = {"model": "tiny", "sha256": "0" * 64, "data": "set", "split": "", "not_read": ()}
    known |= {"head": "expression", "ferplus_evaluation": None}
    measured = labelled(3, 4, *others)
    text = face_text(FaceEvaluation(**known, labelled=measured, without_duplicates=figures(1, 2)))
    assert said in text
    assert ("restricted" in text) is (not others)
    assert "without duplicates 50.00% of 2" in text
    assert "accuracy           75.00%" in text or "accuracy           80.00%" in text
