"""Agreement with FER+: what most of ten voters said about a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.classifier import ExpressionClassifier
from fer.labels import FER2013_LABELS, FERPLUS_LABELS
from fer.metrics import wilson_interval
from fer.report import CrowdAgreement
from fer.types import Floats
from training.faces import LabelledFaces

#: Both rules drop contempt, which FER2013 does not have.
MAJORITY = "one of FER2013's seven classes has more than half of all ten votes"
PLURALITY = "one of FER2013's seven classes has more votes than every other choice"


def crowd_labels(
    votes: NDArray[np.uint8], rule: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return what the crowd said.

    Args:
        votes: ``(n, 10)`` FER+ votes.
        rule: `MAJORITY` or `PLURALITY`.

    Returns:
        ``(n,)`` indices into FER2013's labels, and ``(n,)`` whether the rule names one.
    """
    top = votes.argmax(axis=1)
    most = votes.max(axis=1)
    if rule == MAJORITY:
        clear = most > votes.sum(axis=1) / 2
    else:
        clear = (votes == most[:, None]).sum(axis=1) == 1
    to_fer2013 = np.full(votes.shape[1], -1)
    for column, name in enumerate(FERPLUS_LABELS):
        if name in FER2013_LABELS:
            to_fer2013[column] = FER2013_LABELS.index(name)
    labels = to_fer2013[top]
    return np.maximum(labels, 0), clear & (labels >= 0) & (most > 0)


def agreement(
    head: str, labels: tuple[str, ...], probabilities: Floats, votes: NDArray[np.uint8]
) -> list[CrowdAgreement]:
    """Compare an output with the crowd, among FER2013's seven classes, under both rules.

    Args:
        head: name of the output.
        labels: of its columns; must include FER2013's.
        probabilities: ``(n, len(labels))``.
        votes: ``(n, 10)``.
    """
    seven = probabilities[:, [labels.index(name) for name in FER2013_LABELS]].argmax(axis=1)
    found = []
    for rule in (MAJORITY, PLURALITY):
        truth, counts = crowd_labels(votes, rule)
        right, count = int((seven == truth)[counts].sum()), int(counts.sum())
        if count:
            low, high = wilson_interval(right, count)
            found.append(
                CrowdAgreement(
                    head=head,
                    rule=rule,
                    count=count,
                    accuracy=right / count,
                    accuracy_low=low,
                    accuracy_high=high,
                )
            )
    return found


def crowd_agreement(
    classifier: ExpressionClassifier, faces: LabelledFaces
) -> tuple[CrowdAgreement, ...]:
    """Compare every output that knows FER2013's classes with FER+, where there are votes."""
    if faces.votes is None:
        return ()
    return tuple(
        record
        for head in classifier.spec.heads
        if set(FER2013_LABELS) <= set(head.labels)
        for record in agreement(
            head.name, head.labels, classifier(faces.images, head.name), faces.votes
        )
    )
