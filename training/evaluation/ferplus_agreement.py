"""Agreement with FER+: what most of ten voters said about a face."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.measurements import FerPlusAgreement, VoteRule
from fer.evaluation.metrics import class_scores, confusion_matrix, wilson_interval
from fer.labels import FER2013_LABELS, FERPLUS_LABELS
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.dataset import LabelledFaces
from training.evaluation.predictions import Predictions

#: Which head, and by which rule faces have a label.
HeadAndRule = tuple[str, VoteRule]


def voted_labels(
    votes: NDArray[np.uint8], rule: VoteRule
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return which of FER2013's classes the voters agree on; contempt is none of them.

    Args:
        votes: ``(n, 10)`` FER+ votes.
        rule: a key of `fer.evaluation.measurements.VOTE_RULES`.

    Returns:
        ``(n,)`` indices into FER2013's labels, and ``(n,)`` whether the rule names one.
    """
    top = votes.argmax(axis=1)
    most = votes.max(axis=1)
    if rule == "majority":
        clear = most > votes.sum(axis=1) / 2
    else:
        clear = (votes == most[:, None]).sum(axis=1) == 1
    to_fer2013 = np.full(votes.shape[1], -1)
    for column, name in enumerate(FERPLUS_LABELS):
        if name in FER2013_LABELS:
            to_fer2013[column] = FER2013_LABELS.index(name)
    labels = to_fer2013[top]
    return np.maximum(labels, 0), clear & (labels >= 0) & (most > 0)


def ferplus_predictions(
    by_head: dict[str, Floats], spec: ModelSpec, faces: LabelledFaces
) -> dict[HeadAndRule, Predictions]:
    """Return what every head that knows FER2013's classes says where the voters agree.

    Args:
        by_head: probabilities of every head for the faces.
        spec: of the model.
        faces: with or without votes.

    Returns:
        By head and rule, with the voters' labels as the truth and FER2013's seven columns alone;
        empty where there are no votes.
    """
    found: dict[HeadAndRule, Predictions] = {}
    if faces.votes is None:
        return found
    for head in spec.heads:
        if not set(FER2013_LABELS) <= set(head.labels):
            continue
        seven = [head.labels.index(name) for name in FER2013_LABELS]
        probabilities = by_head[head.name][:, seven]
        for rule in get_args(VoteRule):
            truth, counts = voted_labels(faces.votes, rule)
            if counts.any():
                found[head.name, rule] = Predictions(truth[counts], probabilities[counts])
    return found


def most_voted(votes: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the expression with most FER+ votes, contempt included.

    Args:
        votes: ``(n, 10)`` FER+ votes.

    Returns:
        ``(n,)`` indices into FER+'s labels, and ``(n,)`` whether one has more than all others.
    """
    top, most = votes.argmax(axis=1), votes.max(axis=1)
    alone = (votes == most[:, None]).sum(axis=1) == 1
    named = top < len(FERPLUS_LABELS)
    return np.where(named, top, 0), alone & named & (most > 0)


def ferplus_agreement(
    predictions: dict[HeadAndRule, Predictions],
) -> tuple[FerPlusAgreement, ...]:
    """Count how often each head agrees with the voters; see `ferplus_predictions`."""
    found = []
    for (head, rule), made in predictions.items():
        answers = made.probabilities.argmax(axis=1)
        right = int((answers == made.labels).sum())
        confusion = confusion_matrix(made.labels, answers, len(FER2013_LABELS))
        scores = class_scores(confusion, FER2013_LABELS)
        low, high = wilson_interval(right, len(made.labels))
        found.append(
            FerPlusAgreement(
                head=head,
                rule=rule,
                count=len(made.labels),
                accuracy=right / len(made.labels),
                accuracy_low=low,
                accuracy_high=high,
                macro_f1=float(np.mean([c.f1 for c in scores if c.support])),
            )
        )
    return tuple(found)
