"""What is measured on cut-out faces; the network is a fake that is always right."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from fer.labels import EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.spec import Head, ModelSpec
from fer.types import Floats
from tests.training.samples import bars
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.faces import FaceEvaluation, measure_faces

HEADS = (
    Head(name=EXPRESSION_HEAD, output="a", labels=FER2013_LABELS, meaning="a label"),
    Head(name=FERPLUS_HEAD, output="b", labels=FERPLUS_LABELS, meaning="a vote"),
)

FACES = bars(12, 1)


def measured(
    spec: ModelSpec, splits: dict[str, LabelledFaces], split: str, heads: int = 2
) -> FaceEvaluation:
    def all_heads(images: np.ndarray) -> dict[str, Floats]:
        labels = images.max(axis=(2, 3)).reshape(len(images), -1)[:, 4:44:6].argmax(axis=1)
        answers = {EXPRESSION_HEAD: np.eye(7, dtype=np.float32)[labels]}
        answers[FERPLUS_HEAD] = np.eye(8, dtype=np.float32)[labels]
        return {head.name: answers[head.name] for head in HEADS[:heads]}

    with_heads = spec.model_copy(update={"heads": HEADS[:heads]})
    classifier = SimpleNamespace(spec=with_heads, all_heads=all_heads)
    return measure_faces(classifier, DataSet("d", "", splits), split, EXPRESSION_HEAD)


@pytest.mark.parametrize(
    ("split", "repeated", "left"),
    [("validation", 0, 6), ("validation", 2, 4), ("validation", 6, None), ("", 2, None)],
)
def test_faces_that_are_also_in_train_are_left_out_once_more(
    spec: ModelSpec, split: str, repeated: int, left: int | None
) -> None:
    splits = {"train": FACES.take(slice(6)), "validation": FACES.take(slice(6, 12))}
    splits["validation"] = FACES.take(np.arange(6 - repeated, 12 - repeated))
    found = measured(spec, splits, split)
    assert found.labelled.as_answered.accuracy == 1
    assert found.labelled.as_answered.count == (6 if split else 12)
    assert (found.without_duplicates.count if found.without_duplicates else None) == left


def test_train_has_no_faces_but_its_own(spec: ModelSpec) -> None:
    assert measured(spec, {"train": FACES}, "train").without_duplicates is None


@pytest.mark.parametrize(
    ("voted", "heads", "count"), [(True, 2, 12), (True, 1, None), (False, 2, None), (None, 2, None)]
)
def test_votes_judge_the_ferplus_head_if_there_are_both(
    spec: ModelSpec, voted: bool | None, heads: int, count: int | None
) -> None:
    """None: nobody voted on any face."""
    votes = {True: FACES.votes, False: None, None: np.zeros((12, 10), np.uint8)}[voted]
    faces = dataclasses.replace(FACES, votes=votes)
    figures = measured(spec, {"validation": faces}, "validation", heads).ferplus_evaluation
    assert (figures.count if figures else None) == count
    assert not figures or figures.accuracy == 1
