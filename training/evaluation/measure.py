"""All measurements of a model's predictions, shared by the report and the `evaluate` command."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.measurements import FerPlusAgreement, Selective, Truth, Variant
from fer.evaluation.metrics import Evaluation, calibration_bins, calibration_error, evaluate
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import Abstention, ModelSpec
from fer.types import Floats
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.calibration import cross_fitted, fit_temperature
from training.evaluation.ferplus_agreement import (
    HeadAndRule,
    ferplus_agreement,
    ferplus_predictions,
    most_voted,
)
from training.evaluation.predictions import Predictions
from training.evaluation.robustness import CORRUPTIONS, DEGRADATIONS
from training.evaluation.selective import confidence_and_correct, fit_threshold, pooled, selective
from training.evaluation.tta import TEN_VIEWS, ten_views

#: Ground truth of each head.
_TRUTH_OF: dict[str, Truth] = {EXPRESSION_HEAD: "label", FERPLUS_HEAD: "most_votes"}

_DEGRADED_BY = tuple(corruption.name for corruption in DEGRADATIONS)


@dataclass(frozen=True)
class HeadPredictions:
    """Predictions of one head for faces with known ground truth; thresholds are chosen on them.

    Attributes:
        plain: predictions for the uncorrupted images.
        degraded: predictions for the same images under each of `DEGRADATIONS`, concatenated.
    """

    plain: Predictions
    degraded: Predictions


@dataclass(frozen=True)
class SplitPredictions:
    """Predictions of a model for one split under all measured conditions.

    Attributes:
        split: name of the split.
        plain: predictions of the expression head, without test-time augmentation.
        without_duplicates: the same, without images that are also in train; None if no image
            remains or there is no train split.
        tta: predictions with test-time augmentation.
        corrupted: predictions under each of `CORRUPTIONS`, by its name.
        ferplus: predictions with the annotators' label as ground truth, by head and rule.
        heads: predictions on which thresholds are chosen, by head; without heads whose ground truth
            is not known.
    """

    split: str
    plain: Predictions
    without_duplicates: Predictions | None
    tta: Predictions
    corrupted: dict[str, Predictions]
    ferplus: dict[HeadAndRule, Predictions]
    heads: dict[str, HeadPredictions]

    def further(self) -> dict[str, Predictions]:
        """Return all predictions but `plain`, by their names in the file of further predictions.

        Conditions that the report covers only for the validation split are omitted for others.
        """
        results: dict[str, Predictions] = {}
        if self.without_duplicates:
            results["without_duplicates"] = self.without_duplicates
        for head, head_predictions in self.heads.items():
            if head != EXPRESSION_HEAD:  # its plain predictions are in the other file
                results[f"{head}/plain"] = head_predictions.plain
            results[f"{head}/degraded"] = head_predictions.degraded
        if self.split == "validation":
            results["tta"] = self.tta
            results |= {f"corrupted/{name}": part for name, part in self.corrupted.items()}
            results |= {
                f"agreement/{head}/{rule}": part for (head, rule), part in self.ferplus.items()
            }
        return {f"{self.split}/{name}": part for name, part in results.items()}


def predict_split(classifier: ExpressionClassifier, data: DataSet, split: str) -> SplitPredictions:
    """Predict every face of a split under all measured conditions."""
    faces = data.split(split)
    by_head = classifier.all_heads(faces.images)
    plain = Predictions(faces.labels, by_head[EXPRESSION_HEAD])
    return SplitPredictions(
        split=split,
        plain=plain,
        without_duplicates=_without_duplicates(data, split, plain),
        tta=Predictions(faces.labels, ten_views(classifier, faces.images)),
        corrupted={
            corrupt.name: Predictions(faces.labels, classifier(corrupt(faces.images)))
            for corrupt in CORRUPTIONS
        },
        ferplus=ferplus_predictions(by_head, classifier.spec, faces),
        heads=_by_head(classifier, faces, by_head),
    )


def _without_duplicates(data: DataSet, split: str, plain: Predictions) -> Predictions | None:
    if split == "train" or "train" not in data.splits:
        return None
    new = data.new_in(split)
    return Predictions(plain.labels[new], plain.probabilities[new]) if new.any() else None


@dataclass(frozen=True)
class KnownTruth:
    """Ground truth of one head: ``labels`` (n,), and a mask ``known`` (n,) of valid labels."""

    labels: NDArray[np.int64]
    known: NDArray[np.bool_]

    def of(self, probabilities: Floats) -> Predictions:
        """Pair probabilities ``(n, k)`` with the ground truth, for faces where it is known."""
        return Predictions(self.labels[self.known], probabilities[self.known])


def truths(spec: ModelSpec, faces: LabelledFaces) -> dict[str, KnownTruth]:
    """Return the ground truth of each head that can be measured on these faces."""
    results = {EXPRESSION_HEAD: KnownTruth(faces.labels, np.ones(len(faces), bool))}
    if faces.votes is not None and FERPLUS_HEAD in spec.head_names:
        voted = KnownTruth(*most_voted(faces.votes))
        results |= {FERPLUS_HEAD: voted} if voted.known.any() else {}
    return results


def _by_head(
    classifier: ExpressionClassifier, faces: LabelledFaces, plain: dict[str, Floats]
) -> dict[str, HeadPredictions]:
    degraded = [classifier.all_heads(degrade(faces.images)) for degrade in DEGRADATIONS]
    return {
        head: HeadPredictions(
            truth.of(plain[head]), pooled([truth.of(predictions[head]) for predictions in degraded])
        )
        for head, truth in truths(classifier.spec, faces).items()
    }


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
        head: fit_temperature(logits[head][truth.known], truth.labels[truth.known])
        for head, truth in truths(spec, faces).items()
    }


def abstentions(predictions: SplitPredictions) -> dict[str, Abstention]:
    """Choose the thresholds of each head that could be measured."""
    results = {}
    for head, head_predictions in predictions.heads.items():
        plain, degraded = (
            fit_threshold(*confidence_and_correct(part))
            for part in (head_predictions.plain, head_predictions.degraded)
        )
        # A degraded image must not have a lower threshold than an undegraded one.
        results[head] = Abstention(threshold=plain, degraded_threshold=max(plain, degraded))
    return results


def selective_predictions(predictions: SplitPredictions, spec: ModelSpec) -> tuple[Selective, ...]:
    """Measure the effect of the thresholds in ``spec.json``."""
    results = []
    for head, head_predictions in predictions.heads.items():
        abstention = spec.head(head).abstention
        if abstention is None:
            continue
        for part, threshold, corruptions in (
            (head_predictions.plain, abstention.threshold, ()),
            (head_predictions.degraded, abstention.degraded_threshold, _DEGRADED_BY),
        ):
            measured_head = selective(
                part,
                threshold,
                head=head,
                labels=spec.head(head).labels,
                split=predictions.split,
                truth=_TRUTH_OF[head],
                corruptions=corruptions,
            )
            results.append(measured_head)
    return tuple(results)


def plain_figures(predictions: SplitPredictions, names: tuple[str, ...]) -> Evaluation:
    """Return the metrics of the split, without corruption or test-time augmentation."""
    return evaluate(predictions.plain.labels, predictions.plain.probabilities, names)


def without_duplicates(predictions: SplitPredictions, names: tuple[str, ...]) -> Evaluation | None:
    """Return the metrics without images that are also in train; None if no image remains."""
    part = predictions.without_duplicates
    return evaluate(part.labels, part.probabilities, names) if part else None


def tta(predictions: SplitPredictions, names: tuple[str, ...]) -> Variant:
    """Return the metrics with test-time augmentation."""
    figures = evaluate(predictions.tta.labels, predictions.tta.probabilities, names)
    return Variant(name="ten views", description=TEN_VIEWS, evaluation=figures)


def robustness(predictions: SplitPredictions, names: tuple[str, ...]) -> tuple[Variant, ...]:
    """Return the metrics under each corruption."""
    return tuple(
        Variant(
            name=corruption.name,
            description=corruption.description,
            evaluation=evaluate(part.labels, part.probabilities, names),
        )
        for corruption in CORRUPTIONS
        for part in (predictions.corrupted[corruption.name],)
    )


def agreement(predictions: SplitPredictions) -> tuple[FerPlusAgreement, ...]:
    """Measure how often each head agrees with the annotators of FER+."""
    return ferplus_agreement(predictions.ferplus)


def cross_fitted_calibration_error(logits: Floats, labels: NDArray[np.int64]) -> float:
    """Return the calibration error with cross-fitted temperatures."""
    probabilities = cross_fitted(logits, labels)
    correct = probabilities.argmax(axis=1) == labels
    return calibration_error(calibration_bins(correct, probabilities.max(axis=1)))
