"""Measure a head on cut-out faces of any data set, as far as their classes are its own."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from fer.evaluation.labelled import LabelledEvaluation, evaluate_labelled
from fer.evaluation.metrics import Evaluation, evaluate
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import Head, ModelSpec
from fer.records import Record
from fer.types import Floats
from training.data.dataset import SPLITS, DataSet, LabelledFaces
from training.evaluation.ferplus_agreement import most_voted


class FaceEvaluation(Record):
    """Measurements on cut-out faces.

    Attributes:
        model: name of the model.
        sha256: SHA-256 of the model's file.
        data: name of the data set.
        split: name of the split; empty if all faces were measured.
        head: name of the head.
        labelled: its metrics by the labels of the data set.
        without_duplicates: the same, without faces that are also in the data's train split; None
            if no face remains, or there is no such split.
        ferplus_evaluation: metrics of the FER+ head, where its truth is the expression with most
            votes, on faces where one has more than all others; None without such a head or votes.
        not_read: what of the data could not be used, and why.
        by: what the faces are measured apart by: a column, ``domain``; empty if by nothing.
        groups: metrics of each group, by its name; without groups of which the head knows no class.
    """

    model: str
    sha256: str
    data: str
    split: str
    head: str
    labelled: LabelledEvaluation
    without_duplicates: Evaluation | None
    ferplus_evaluation: Evaluation | None
    not_read: tuple[str, ...]
    by: str = ""
    groups: dict[str, LabelledEvaluation] = Field(default_factory=dict)


def measure_faces(
    classifier: ExpressionClassifier, data: DataSet, split: str, head: str, by: str = ""
) -> FaceEvaluation:
    """Measure a head on the faces of a split.

    Args:
        classifier: the network.
        data: faces in its input format.
        split: name of the split; empty for all faces.
        head: name of the head.
        by: what the faces' domains are, if they are measured apart too.

    Raises:
        DataError: there is no such split, or no face of a class that the head knows.
        ModelError: the model has no such head.
    """
    spec = classifier.spec
    asked = spec.head(head)
    faces = data.split(split) if split else data.all_faces()
    by_head = classifier.all_heads(faces.images)
    truth = faces.names.tolist()
    labelled = evaluate_labelled(truth, by_head[head], asked)
    unrepeated = None
    if split not in ("", "train") and "train" in data.splits:
        new = data.new_among(faces)
        known = [name for name, kept in zip(truth, new, strict=True) if kept]
        if set(known) & set(asked.labels):
            unrepeated = evaluate_labelled(known, by_head[head][new], asked).as_answered
    return FaceEvaluation(
        model=spec.name,
        sha256=spec.sha256,
        data=data.name,
        split=split,
        head=head,
        labelled=labelled,
        without_duplicates=unrepeated,
        ferplus_evaluation=_by_votes(by_head, spec, faces),
        # What there is to say of splits is no image that could not be read.
        not_read=tuple(str(p) for p in data.problems if p.place not in SPLITS),
        by=by,
        groups=_by_group(faces, by_head[head], asked) if by else {},
    )


def _by_group(
    faces: LabelledFaces, probabilities: Floats, head: Head
) -> dict[str, LabelledEvaluation]:
    assert faces.domains is not None
    groups = {}
    for name in np.unique(faces.domains).tolist():
        of_group = faces.domains == name
        truth = faces.names[of_group].tolist()
        if set(truth) & set(head.labels):
            groups[name] = evaluate_labelled(truth, probabilities[of_group], head)
    return groups


def _by_votes(
    by_head: dict[str, Floats], spec: ModelSpec, faces: LabelledFaces
) -> Evaluation | None:
    if faces.votes is None or FERPLUS_HEAD not in by_head:
        return None
    labels, known = most_voted(faces.votes)
    if not known.any():
        return None
    names = spec.head(FERPLUS_HEAD).labels
    return evaluate(labels[known], by_head[FERPLUS_HEAD][known], names)
