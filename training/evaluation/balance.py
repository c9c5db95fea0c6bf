"""The balanced head: how much of it is the expression head, and how much the FER+ head."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.heads import blended
from fer.model.spec import Head, ModelSpec
from fer.types import Floats
from training.data.dataset import LabelledFaces
from training.evaluation.calibration import fit_temperature, log_loss
from training.evaluation.split_predictions import people_say

#: Weights of the expression head that are tried.
_WEIGHTS = np.arange(1, 10) / 10

_MEANING = "How probable each expression is by the labels of the data set and by what people say."


def add_balanced_head(
    directory: Path, logits: dict[str, Floats], validation: LabelledFaces
) -> ModelSpec:
    """Write the balanced head into ``spec.json``, before all others, if there are both its parts.

    The temperature is fitted on what most people said, with which visitors compare the answers.
    Of a few weights, that is taken which has the smallest log loss by the labels and by what most
    people said, each for half. Each domain counts alike.

    Args:
        directory: a model directory whose heads have their temperatures.
        logits: ``(n, k)`` of each head.
        validation: the ``n`` faces.
    """
    spec = ModelSpec.load(directory)
    others = tuple(head for head in spec.heads if head.name != BALANCED_HEAD)
    people = people_say(validation)
    if people is None or not {EXPRESSION_HEAD, FERPLUS_HEAD} <= {head.name for head in others}:
        return spec
    alike = people.weights(validation)
    candidates = []
    for weight in _WEIGHTS.tolist():
        head = Head(
            name=BALANCED_HEAD,
            labels=validation.class_names,
            meaning=_MEANING,
            blend={EXPRESSION_HEAD: weight, FERPLUS_HEAD: round(1 - weight, 1)},
        )
        known = people.of(blended(spec, head, logits))
        temperature = fit_temperature(known.probabilities, known.labels, alike)
        loss = sum(
            log_loss(known.probabilities, labels, temperature, alike)
            for labels in (known.labels, validation.labels[people.faces])
        )
        candidates.append((loss, head.model_copy(update={"temperature": temperature})))
    _, best = min(candidates, key=lambda candidate: candidate[0])
    spec = spec.model_copy(update={"heads": (best, *others)})
    spec.save(directory)
    return spec
