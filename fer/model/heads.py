"""What the heads of a network say, from the scores at its outputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fer.errors import ModelError
from fer.model.spec import Head, ModelSpec
from fer.types import Floats


def blended(spec: ModelSpec, head: Head, parts: Mapping[str, Floats]) -> Floats:
    """Return what a blending head makes of its parts' logits or activation maps, ``(…, labels)``.

    A part's logits divided by its temperature are the logarithms of its probabilities, up to a
    constant per face. So the weighted sums are those of the weighted geometric mean, and the same
    sums of class activation maps are the map of these logits. The temperature of the head itself
    comes later.
    """
    total = np.zeros((), np.float32)
    for name, weight in head.blend.items():
        part = spec.head(name)
        columns = [part.labels.index(label) for label in head.labels]
        total = total + np.float32(weight / part.temperature) * parts[name][..., columns]
    return np.asarray(total, np.float32)


def head_logits(spec: ModelSpec, head: Head, outputs: Mapping[str, Floats]) -> Floats:
    """Return the logits of a head before temperature scaling, ``(n, labels)`` float32.

    `outputs` are ``(n, k)`` logits by the name of the network's output.

    Raises:
        ModelError: the outputs are not those of this network.
    """
    parts = {name: spec.head(name) for name in head.blend} or {head.name: head}
    for part in parts.values():
        if part.output not in outputs or outputs[part.output].shape[1:] != (len(part.labels),):
            raise ModelError(
                f"model {spec.name} needs {len(part.labels)} scores of the output {part.output!r}, "
                f"got { ({name: scores.shape for name, scores in outputs.items()}) }."
            )
    scores = {name: outputs[part.output] for name, part in parts.items()}
    return blended(spec, head, scores) if head.blend else scores[head.name]


def calibrated(head: Head, logits: Floats) -> Floats:
    """Return the probabilities ``(n, labels)`` float32 for the logits of a head."""
    return softmax(logits / np.float32(head.temperature))


def softmax(logits: Floats) -> Floats:
    """Return probabilities for ``(n, k)`` logits; each row sums to 1."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)
