"""Agreement of heads with the labels that most of FER+'s ten annotators chose."""

from __future__ import annotations

from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.measurements import FerPlusAgreement, VoteRule
from fer.evaluation.metrics import class_scores, confusion_matrix, wilson_interval
from fer.labels import FER2013_LABELS, FERPLUS_LABELS
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.dataset import LabelledFaces
from training.evaluation.predictions import Predictions


def voted_labels(
    votes: NDArray[np.uint8], rule: VoteRule
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the FER2013 class that the annotators agree on; contempt is not one of them.

    Args:
        votes: ``(n, 10)`` FER+ votes.
        rule: a key of `fer.evaluation.measurements.VOTE_RULES`.

    Returns:
        Indices into FER2013's labels, ``(n,)``, and a mask ``(n,)`` of the faces for which the rule
        yields a label.
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
) -> dict[str, Predictions]:
    """Return the predictions of each head with FER2013's classes where the annotators agree.

    Args:
        by_head: probabilities of every head for the faces.
        spec: specification of the model.
        faces: faces with or without votes.

    Returns:
        Predictions by ``<head>/<rule>``, with the annotators' labels as ground truth and FER2013's
        seven columns only; empty if there are no votes.
    """
    results: dict[str, Predictions] = {}
    if faces.votes is None:
        return results
    for head in spec.heads:
        if not set(FER2013_LABELS) <= set(head.labels):
            continue
        seven = [head.labels.index(name) for name in FER2013_LABELS]
        probabilities = by_head[head.name][:, seven]
        for rule in get_args(VoteRule):
            truth, counts = voted_labels(faces.votes, rule)
            if counts.any():
                results[f"{head.name}/{rule}"] = Predictions(truth[counts], probabilities[counts])
    return results


def most_voted(votes: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the expression with most FER+ votes, contempt included.

    Args:
        votes: ``(n, 10)`` FER+ votes.

    Returns:
        Indices into FER+'s labels, ``(n,)``, and a mask ``(n,)`` of the faces on which one
        expression has more votes than every other choice.
    """
    top, most = votes.argmax(axis=1), votes.max(axis=1)
    alone = (votes == most[:, None]).sum(axis=1) == 1
    named = top < len(FERPLUS_LABELS)
    return np.where(named, top, 0), alone & named & (most > 0)


def ferplus_agreement(
    predictions: dict[str, Predictions],
) -> tuple[FerPlusAgreement, ...]:
    """Measure how often each head agrees with the annotators; see `ferplus_predictions`."""
    results = []
    for name, subset in predictions.items():
        head, _, rule = name.partition("/")
        predicted = subset.probabilities.argmax(axis=1)
        correct = int((predicted == subset.labels).sum())
        confusion = confusion_matrix(subset.labels, predicted, len(FER2013_LABELS))
        scores = class_scores(confusion, FER2013_LABELS)
        low, high = wilson_interval(correct, len(subset.labels))
        results.append(
            FerPlusAgreement(
                head=head,
                rule=cast(VoteRule, rule),
                count=len(subset.labels),
                accuracy=correct / len(subset.labels),
                accuracy_low=low,
                accuracy_high=high,
                macro_f1=float(np.mean([c.f1 for c in scores if c.support])),
            )
        )
    return tuple(results)
