"""The most confident mistakes of a model, with their pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.evaluation.report import Mistake, Mistakes
from fer.model.classifier import ExpressionClassifier
from training.data.dataset import DataSet
from training.evaluation.predictions import Predictions
from training.evaluation.split_predictions import truths

#: Mistakes kept of each pair of truth and answer.
EXAMPLES = 4


def find_mistakes(classifier: ExpressionClassifier, data: DataSet, split: str) -> Mistakes:
    """Return the `EXAMPLES` most confident mistakes of each head, truth and answer.

    Raises:
        DataError: the data set has no such split.
    """
    faces, spec = data.split(split), classifier.spec
    by_head = classifier.all_heads(faces.images)
    found: list[Mistake] = []
    for head, truth in truths(spec, faces).items():
        part, images = truth.of(by_head[head]), faces.images[truth.faces]
        names = spec.head(head).labels
        found += [
            Mistake(
                head=head,
                truth=names[part.labels[face]],
                answer=names[part.probabilities[face].argmax()],
                confidence=min(1.0, float(part.probabilities[face].max())),
                png=_png(images[face]),
            )
            for face in _most_confident(part)
        ]
    return Mistakes(sha256=spec.sha256, data=data.name, split=split, mistakes=tuple(found))


def _most_confident(predictions: Predictions) -> Iterator[int]:
    """Yield the positions of the mistakes to keep, most confident first."""
    answers, confidence = predictions.probabilities.argmax(axis=1), predictions.probabilities.max(1)
    kept: dict[tuple[int, int], int] = {}
    for face in np.argsort(-confidence, kind="stable").tolist():
        pair = (int(predictions.labels[face]), int(answers[face]))
        if pair[0] != pair[1] and kept.get(pair, 0) < EXAMPLES:
            kept[pair] = kept.get(pair, 0) + 1
            yield face


def _png(image: NDArray[np.uint8]) -> bytes:
    """Return a face ``(size, size, 1 or 3)`` as PNG, in base64."""
    order = image[..., ::-1]  # OpenCV writes BGR
    return base64.b64encode(cv2.imencode(".png", np.ascontiguousarray(order))[1].tobytes())
