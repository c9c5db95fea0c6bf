"""Measure a head on faces with labels that only partly overlap its classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.evaluation.metrics import Evaluation, evaluate
from fer.model.spec import Head
from fer.records import Record, Share
from fer.types import Floats, uncertain


class LabelledEvaluation(Record):
    """What one head reaches on faces with labels that only partly overlap its classes.

    Attributes:
        head: name of the head.
        shared: its classes of which there are faces, in its order.
        missing: its other classes.
        left_out: number of faces of each class that it does not know; they are not measured.
        as_answered: metrics where any of its classes may be the answer; those of `missing` have a
            support of 0.
        restricted: metrics where only the classes of `shared` may be: their probabilities, scaled
            to a sum of 1. The same as `as_answered` if all are shared; None if only one is.
        answered: fraction of the measured faces that get an answer other than "uncertain".
        answered_accuracy: fraction of these answers that is right; 0 without any.
    """

    head: str
    shared: tuple[str, ...]
    missing: tuple[str, ...]
    left_out: dict[str, int]
    as_answered: Evaluation
    restricted: Evaluation | None
    answered: Share
    answered_accuracy: Share


def evaluate_labelled(
    truth: Sequence[str],
    probabilities: Floats,
    head: Head,
    flawed: NDArray[np.bool_] | None = None,
) -> LabelledEvaluation:
    """Measure a head on labelled faces; those of classes that it does not know are left out.

    Args:
        truth: canonical names of the true classes of ``n`` faces; see `fer.labels.canonical`.
        probabilities: ``(n, k)``, of the head's classes.
        head: the head, with its thresholds.
        flawed: ``(n,)``, whether a face has a flaw, which has thresholds of its own.

    Raises:
        DataError: no face has a class of the head.
        ValueError: the shapes do not match.
    """
    if probabilities.shape != (len(truth), len(head.labels)):
        raise ValueError(
            f"expected probabilities {(len(truth), len(head.labels))}, got {probabilities.shape}"
        )
    columns = {name: column for column, name in enumerate(head.labels)}
    index = np.array([columns.get(name, -1) for name in truth], np.int64)
    known = index >= 0
    left_out = Counter(name for name in truth if name not in head.labels)
    if not known.any():
        raise DataError(
            f"the head {head.name} knows {', '.join(head.labels)}; "
            f"the faces are labelled {', '.join(sorted(left_out)) or 'not at all'}."
        )
    labels, probabilities = index[known], probabilities[known]
    as_answered = evaluate(labels, probabilities, head.labels)
    shared = np.unique(labels)
    flaws = np.zeros(len(labels), np.bool_) if flawed is None else flawed[known]
    given = ~uncertain(probabilities, flaws, head.thresholds, head.margin)
    right = probabilities.argmax(axis=1) == labels
    return LabelledEvaluation(
        head=head.name,
        shared=tuple(head.labels[i] for i in shared),
        missing=tuple(name for i, name in enumerate(head.labels) if i not in shared),
        left_out=dict(left_out.most_common()),
        as_answered=as_answered,
        restricted=as_answered
        if len(shared) == len(head.labels)
        else _restricted(labels, probabilities, shared, head),
        answered=float(given.mean()),
        answered_accuracy=float(right[given].mean()) if given.any() else 0.0,
    )


def _restricted(
    labels: NDArray[np.int64], probabilities: Floats, shared: NDArray[np.int64], head: Head
) -> Evaluation | None:
    if len(shared) < 2:
        return None
    among = probabilities[:, shared].astype(np.float64)
    total = among.sum(axis=1, keepdims=True)
    # A face that the head takes for another class beyond doubt says nothing about these.
    among = np.divide(among, total, out=np.full_like(among, 1 / len(shared)), where=total > 0)
    names = tuple(head.labels[i] for i in shared)
    return evaluate(np.searchsorted(shared, labels), among, names)
