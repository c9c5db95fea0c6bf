"""All measurements of a model's predictions, shared by the report and the `evaluate` command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fer.evaluation.measurements import FerPlusAgreement, Selective, Truth, Variant, VoteRule
from fer.evaluation.metrics import (
    calibration_bins,
    calibration_error,
    class_scores,
    confusion_matrix,
    evaluate,
    wilson_interval,
)
from fer.evaluation.report import ALL_DOMAINS
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import Abstention, ModelSpec
from fer.types import Floats, margins
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.predict import (
    CORRUPTIONS,
    DEGRADATIONS,
    TEN_VIEWS,
    SpreadClassifier,
    all_domains,
    predict_split,
    predict_validation,
)
from training.evaluation.predictions import Predictions, SplitPredictions, save_splits, truths
from training.evaluation.selective import (
    FLOOR,
    add_balanced_head,
    cross_fitted,
    fit_margin,
    fit_temperature,
    fit_threshold,
    selective,
)

if TYPE_CHECKING:
    from training.adapt import FineTuning

#: Ground truth of each head.
_TRUTH_OF: dict[str, Truth] = {
    EXPRESSION_HEAD: "label",
    FERPLUS_HEAD: "most_votes",
    BALANCED_HEAD: "people",
}

_DEGRADED_BY = tuple(corruption.name for corruption in DEGRADATIONS)


def temperatures(
    logits: dict[str, Floats], spec: ModelSpec, faces: LabelledFaces
) -> dict[str, float]:
    """Fit the temperature of each head on faces that were not used for training."""
    return {
        head: fit_temperature(known.probabilities, known.labels, truth.weights(faces))
        for head, truth in truths(spec, faces).items()
        for known in (truth.of(logits[head]),)
    }


def validation_domains(predictions: dict[str, SplitPredictions]) -> tuple[SplitPredictions, ...]:
    """Return the predictions on which thresholds are chosen, those of the first domain first."""
    return tuple(part for part in predictions.values() if part.is_validation)


def abstentions(*domains: SplitPredictions, labels: tuple[str, ...]) -> dict[str, Abstention]:
    """Choose the thresholds of each head that could be measured, so that they do in each domain."""
    results = {}
    for head in dict.fromkeys(name for domain in domains for name in domain.heads):
        plain, degraded = (
            [domain.of(head, degraded=poor) for domain in domains if head in domain.heads]
            for poor in (False, True)
        )
        # Later domains are pictures of real life; the first one's labels are too often wrong.
        margin = fit_margin(plain[1:], labels)
        threshold = _threshold(plain, margin)
        # A degraded image must not have a lower threshold than an undegraded one.
        results[head] = Abstention(
            threshold=threshold,
            degraded_threshold=max(threshold, _threshold(degraded, margin)),
            margin=margin,
        )
    return results


def _threshold(domains: Sequence[Predictions], margin: float) -> float:
    """Return the threshold that does in every domain, for answers that the margin permits."""
    thresholds = [FLOOR]
    for one in domains:
        clear = margins(one.probabilities) >= np.float32(margin)
        thresholds.append(fit_threshold(one.confidence[clear], one.correct[clear]))
    return max(thresholds)


def with_floors(domains: Sequence[SplitPredictions], spec: ModelSpec) -> dict[str, Abstention]:
    """Return the thresholds of a specification with the floors of each expression.

    Enough answers must be right in the first domain, whose figures the pages say beside an answer,
    and in all domains together, since most expressions are rare in the others.
    """
    together = all_domains({one.split: one for one in domains}).values()
    found = list(selective_predictions(domains[0], spec, domains))
    found += [one for split in together for one in selective_predictions(split, spec)]
    results = {}
    for head in spec.heads:
        measured = [one for one in found if one.head == head.name]
        if not (measured and head.abstention):
            continue
        floors = {}
        for name in measured[0].labels:
            plain, degraded = (
                max(one.floor(name) for one in measured if one.degraded is poor)
                for poor in (False, True)
            )
            # As for the thresholds, a degraded image must not have a lower one.
            floors[name] = (plain, max(plain, degraded))
        results[head.name] = head.abstention.model_copy(update={"floors": floors})
    return results


def selective_predictions(
    predictions: SplitPredictions,
    spec: ModelSpec,
    domains: Sequence[SplitPredictions] = (),
) -> tuple[Selective, ...]:
    """Measure the effect of the thresholds in ``spec.json`` on some faces.

    ``domains`` are those of the validation split, on which temperatures and thresholds were chosen.
    """
    fitted = predictions.is_validation
    others = [one for one in domains if fitted and one.split != predictions.split]
    results = []
    for head in map(spec.head, predictions.heads):
        if (abstention := head.abstention) is None:
            continue
        for degraded in (False, True):
            part = predictions.of(head.name, degraded=degraded)
            further = [
                one.of(head.name, degraded=degraded) for one in others if head.name in one.heads
            ]
            results.append(
                selective(
                    part,
                    abstention.degraded_threshold if degraded else abstention.threshold,
                    margin=abstention.margin,
                    floors={name: floor[degraded] for name, floor in abstention.floors.items()},
                    head=head.name,
                    labels=head.labels,
                    split=predictions.split,
                    truth=_TRUTH_OF[head.name],
                    corruptions=_DEGRADED_BY if degraded else (),
                    held_out=_held_out([part, *further]) if fitted and not degraded else None,
                    least=_threshold(further, abstention.margin),
                )
            )
    return tuple(results)


def _held_out(domains: Sequence[Predictions]) -> Predictions:
    """Return the predictions of the first domain with temperatures fitted on other faces of all."""
    # A constant in each row's logits does not change their softmax, so logarithms will do.
    logits = [
        Predictions(one.labels, np.log(np.maximum(one.probabilities, np.float32(1e-30))))
        for one in domains
    ]
    return Predictions(domains[0].labels, cross_fitted(logits)[0])


def split_figures(
    part: SplitPredictions, spec: ModelSpec, names: tuple[str, ...]
) -> dict[str, Any]:
    """Return the metrics of a split that need no other split, each by what was measured.

    What was not measured is None; ``robustness`` and ``ferplus_agreement`` are then empty.
    """
    figures = {
        name: evaluate(one.labels, one.probabilities, names)
        for name, one in part.parts.items()
        if "/" not in name or name.startswith("corrupted/")
    }
    ten, voted = figures.get("tta"), part.parts.get(f"{FERPLUS_HEAD}/plain")
    return {
        "evaluation": figures["plain"],
        "without_duplicates": figures.get("without_duplicates"),
        "ferplus_evaluation": voted
        and evaluate(voted.labels, voted.probabilities, spec.head(FERPLUS_HEAD).labels),
        "balanced_evaluation": figures.get("balanced"),
        "tta": ten and Variant(name="ten views", description=TEN_VIEWS, evaluation=ten),
        "robustness": tuple(
            Variant(name=one.name, description=one.description, evaluation=found)
            for one in CORRUPTIONS
            if (found := figures.get(f"corrupted/{one.name}"))
        ),
        "ferplus_agreement": tuple(
            _agreement(name, one) for name, one in part.under("agreement/").items()
        ),
    }


def _agreement(name: str, predictions: Predictions) -> FerPlusAgreement:
    head, _, rule = name.partition("/")
    right, count = int(predictions.correct.sum()), len(predictions.labels)
    confusion = confusion_matrix(predictions.labels, predictions.answers, len(FER2013_LABELS))
    scores = class_scores(confusion, FER2013_LABELS)
    low, high = wilson_interval(right, count)
    return FerPlusAgreement(
        head=head,
        rule=cast(VoteRule, rule),
        count=count,
        accuracy=right / count,
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=float(np.mean([c.f1 for c in scores if c.support])),
    )


def cross_fitted_calibration_error(logits: Floats, faces: LabelledFaces) -> float:
    """Return the calibration error with cross-fitted temperatures, of the first domain."""
    domains = [
        Predictions(faces.labels[of_domain], logits[of_domain])
        for name in faces.by_domain()
        for of_domain in (slice(None) if faces.domains is None else faces.domains == name,)
    ]
    first = Predictions(domains[0].labels, cross_fitted(domains)[0])
    return calibration_error(calibration_bins(first.correct, first.confidence))


def report_figures(
    predictions: dict[str, SplitPredictions], spec: ModelSpec, names: tuple[str, ...]
) -> dict[str, Any]:
    """Return the fields of a report that follow from predictions alone, by name."""
    fitted_on = validation_domains(predictions)
    predictions = predictions | all_domains(predictions)
    figures = {name: split_figures(part, spec, names) for name, part in predictions.items()}
    by_split = {
        "evaluations": "evaluation",
        "without_duplicates": "without_duplicates",
        "ferplus_evaluations": "ferplus_evaluation",
        "balanced_evaluations": "balanced_evaluation",
    }
    return {
        field: {name: of_split[key] for name, of_split in figures.items() if of_split[key]}
        for field, key in by_split.items()
    } | {
        "tta": figures["validation"]["tta"],
        "selective": tuple(
            result
            for part in predictions.values()
            for result in selective_predictions(
                part, spec, () if part.split.endswith(ALL_DOMAINS) else fitted_on
            )
        ),
        "robustness": figures["validation"]["robustness"],
        "ferplus_agreement": figures["validation"]["ferplus_agreement"],
    }


def full_figures(classifier: ExpressionClassifier, data: DataSet, split: str) -> dict[str, Any]:
    """Return all metrics of a split as a JSON-ready object."""
    predictions, spec = predict_split(classifier, data, split), classifier.spec
    figures = split_figures(predictions, spec, classifier.labels)
    figures["selective"] = selective_predictions(predictions, spec)
    error = None
    if split == "validation":
        faces = data.split_by_domain(split)[split]
        logits = classifier.logits(faces.images)[EXPRESSION_HEAD]
        error = cross_fitted_calibration_error(logits, faces)
    return {
        "model": spec.name,
        "data": data.name,
        "split": split,
        "view": "single",
        "cross_fitted_calibration_error": error,
        **{
            name: [one.model_dump() for one in value]
            if isinstance(value, tuple)
            else value and value.model_dump()
            for name, value in figures.items()
        },
    }


def update_heads(directory: Path, **fields: Mapping[str, object]) -> ModelSpec:
    """Write fields of heads into ``spec.json``, each by head; others are not changed."""
    spec = ModelSpec.load(directory)
    heads = tuple(
        head.model_copy(update={f: v[head.name] for f, v in fields.items() if head.name in v})
        for head in spec.heads
    )
    spec = spec.model_copy(update={"heads": heads})
    spec.save(directory)
    return spec


def predict_anew(
    directory: Path,
    data: DataSet,
    *,
    quick: bool = False,
    tuning: FineTuning | None = None,
    advance: Callable[[int], object] = lambda count: None,
) -> tuple[dict[str, Floats], dict[str, SplitPredictions]]:
    """Fit temperatures, blend the heads, and store predictions; arguments as for `write_model`.

    Returns the validation faces' logits of each head, and the predictions for them by domain.
    """
    classifier, validation = SpreadClassifier(directory), data.split("validation")
    logits = classifier.logits(validation.images)
    fitted = temperatures(logits, classifier.spec, validation)
    update_heads(directory, temperature=fitted)
    add_balanced_head(directory, logits, validation)
    if tuning:
        tuning.keep_settings(directory)
    classifier = SpreadClassifier(directory)
    classifier.advance = advance
    predictions = predict_validation(classifier, data, quick=quick)
    save_splits(predictions, directory)
    return logits, predictions


def fit_thresholds(directory: Path, predictions: dict[str, SplitPredictions]) -> ModelSpec:
    """Choose the thresholds of a model directory, and return its specification with them."""
    domains = validation_domains(predictions)
    labels = ModelSpec.load(directory).labels
    spec = update_heads(directory, abstention=abstentions(*domains, labels=labels))
    return update_heads(directory, abstention=with_floors(domains, spec))
