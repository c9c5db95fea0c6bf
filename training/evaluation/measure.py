"""All measurements of a model's predictions, shared by the report and the `evaluate` command."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.measurements import (
    JUDGEMENTS,
    FerPlusAgreement,
    Selective,
    Truth,
    Variant,
)
from fer.evaluation.metrics import Evaluation, calibration_bins, calibration_error, evaluate
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import Abstention, ModelSpec
from fer.types import Floats, margins
from training.data.dataset import LabelledFaces
from training.evaluation.calibration import cross_fitted, fit_temperature
from training.evaluation.ferplus_agreement import ferplus_agreement
from training.evaluation.predictions import Predictions
from training.evaluation.robustness import CORRUPTIONS, DEGRADATIONS
from training.evaluation.selective import (
    MARGIN,
    confidence_and_correct,
    fit_threshold,
    selective,
)
from training.evaluation.split_predictions import SplitPredictions, truths
from training.evaluation.tta import TEN_VIEWS

#: Ground truth of each head.
_TRUTH_OF: dict[str, Truth] = {
    EXPRESSION_HEAD: "label",
    FERPLUS_HEAD: "most_votes",
    BALANCED_HEAD: "both",
}

_DEGRADED_BY = tuple(corruption.name for corruption in DEGRADATIONS)


def temperatures(
    logits: dict[str, Floats], spec: ModelSpec, faces: LabelledFaces
) -> dict[str, float]:
    """Fit the temperature of each head.

    Args:
        logits: logits of each head, ``(n, k)``.
        spec: specification of the model.
        faces: the ``n`` faces, which must not have been used for training.
    """
    return {
        head: fit_temperature(known.probabilities, known.labels)
        for head, truth in truths(spec, faces).items()
        for known in (truth.of(logits[head]),)
    }


def abstentions(predictions: SplitPredictions) -> dict[str, Abstention]:
    """Choose the thresholds of each head that could be measured."""
    results = {}
    for head, head_predictions in predictions.heads.items():
        plain, degraded = (
            fit_threshold(*confidence_and_correct(_clear(part)))
            for part in (head_predictions.plain, head_predictions.degraded)
        )
        # A degraded image must not have a lower threshold than an undegraded one.
        results[head] = Abstention(
            threshold=plain, degraded_threshold=max(plain, degraded), margin=MARGIN
        )
    return results


def with_floors(predictions: SplitPredictions, spec: ModelSpec) -> dict[str, Abstention]:
    """Return the thresholds of a specification with the floors of each expression.

    Args:
        predictions: predictions for the validation split.
        spec: specification of the model, with its thresholds.
    """
    results = {}
    measured = selective_predictions(predictions, spec)
    for plain, poor in zip(measured[::2], measured[1::2], strict=True):
        floors = {name: (plain.floor(name), poor.floor(name)) for name in plain.labels}
        # As for the thresholds, a degraded image must not have a lower one.
        ordered = {name: (low, max(low, high)) for name, (low, high) in floors.items()}
        if says := spec.head(plain.head).abstention:
            results[plain.head] = says.model_copy(update={"floors": ordered})
    return results


def _clear(predictions: Predictions) -> Predictions:
    """Return the predictions that the margin permits to answer."""
    clear = margins(predictions.probabilities) >= np.float32(MARGIN)
    return Predictions(predictions.labels[clear], predictions.probabilities[clear])


def selective_predictions(predictions: SplitPredictions, spec: ModelSpec) -> tuple[Selective, ...]:
    """Measure the effect of the thresholds in ``spec.json``."""
    results = []
    for head, head_predictions in predictions.heads.items():
        abstention = spec.head(head).abstention
        if abstention is None:
            continue
        truth = _TRUTH_OF[head]
        for part, threshold, corruptions in (
            (head_predictions.plain, abstention.threshold, ()),
            (head_predictions.degraded, abstention.degraded_threshold, _DEGRADED_BY),
        ):
            measured_head = selective(
                part,
                threshold,
                margin=abstention.margin,
                floors={
                    name: floor[bool(corruptions)] for name, floor in abstention.floors.items()
                },
                head=head,
                labels=spec.head(head).labels,
                split=predictions.split,
                truth=truth,
                corruptions=corruptions,
                held_out=_held_out(part, predictions.split, corruptions, JUDGEMENTS[truth]),
            )
            results.append(measured_head)
    return tuple(results)


def _held_out(
    predictions: Predictions, split: str, corruptions: tuple[str, ...], versions: int
) -> Predictions | None:
    """Return predictions with cross-fitted temperatures where those were fitted on these images."""
    if split != "validation" or corruptions:
        return None
    # A constant in each row's logits does not change their softmax, so logarithms will do.
    logits = np.log(np.maximum(predictions.probabilities, np.float32(1e-30)))
    return Predictions(predictions.labels, cross_fitted(logits, predictions.labels, versions))


def plain_figures(predictions: SplitPredictions, names: tuple[str, ...]) -> Evaluation:
    """Return the metrics of the split, without corruption or test-time augmentation."""
    return evaluate(predictions.plain.labels, predictions.plain.probabilities, names)


def without_duplicates(predictions: SplitPredictions, names: tuple[str, ...]) -> Evaluation | None:
    """Return the metrics without images that are also in train; None if no image remains."""
    part = predictions.without_duplicates
    return evaluate(part.labels, part.probabilities, names) if part else None


def ferplus_figures(predictions: SplitPredictions, spec: ModelSpec) -> Evaluation | None:
    """Return the metrics of the FER+ head; None if it or the votes are missing.

    The truth is the expression with most votes, on the faces on which one has more than all others.
    """
    if FERPLUS_HEAD not in predictions.heads:
        return None
    part = predictions.heads[FERPLUS_HEAD].plain
    return evaluate(part.labels, part.probabilities, spec.head(FERPLUS_HEAD).labels)


def tta(predictions: SplitPredictions, names: tuple[str, ...]) -> Variant | None:
    """Return the metrics with test-time augmentation; None if it was not measured."""
    if predictions.tta is None:
        return None
    figures = evaluate(predictions.tta.labels, predictions.tta.probabilities, names)
    return Variant(name="ten views", description=TEN_VIEWS, evaluation=figures)


def robustness(predictions: SplitPredictions, names: tuple[str, ...]) -> tuple[Variant, ...]:
    """Return the metrics under each corruption that was measured."""
    return tuple(
        Variant(
            name=corruption.name,
            description=corruption.description,
            evaluation=evaluate(part.labels, part.probabilities, names),
        )
        for corruption in CORRUPTIONS
        if (part := predictions.corrupted.get(corruption.name))
    )


def agreement(predictions: SplitPredictions) -> tuple[FerPlusAgreement, ...]:
    """Measure how often each head agrees with the annotators of FER+."""
    return ferplus_agreement(predictions.ferplus)


def cross_fitted_calibration_error(logits: Floats, labels: NDArray[np.int64]) -> float:
    """Return the calibration error with cross-fitted temperatures."""
    probabilities = cross_fitted(logits, labels)
    correct = probabilities.argmax(axis=1) == labels
    return calibration_error(calibration_bins(correct, probabilities.max(axis=1)))


def report_figures(
    predictions: dict[str, SplitPredictions], spec: ModelSpec, names: tuple[str, ...]
) -> dict[str, Any]:
    """Return the fields of a report that follow from predictions alone, by name.

    Args:
        predictions: predictions by split; one of them is ``validation``.
        spec: specification of the model, with its thresholds.
        names: names of the classes.
    """
    validation = predictions["validation"]
    without = {name: without_duplicates(part, names) for name, part in predictions.items()}
    ferplus = {name: ferplus_figures(part, spec) for name, part in predictions.items()}
    return {
        "evaluations": {name: plain_figures(part, names) for name, part in predictions.items()},
        "without_duplicates": {name: result for name, result in without.items() if result},
        "ferplus_evaluations": {name: result for name, result in ferplus.items() if result},
        "balanced_evaluations": {
            name: evaluate(part.balanced.labels, part.balanced.probabilities, names)
            for name, part in predictions.items()
            if part.balanced
        },
        "tta": tta(validation, names),
        "selective": tuple(
            result for part in predictions.values() for result in selective_predictions(part, spec)
        ),
        "robustness": robustness(validation, names),
        "ferplus_agreement": agreement(validation),
    }
