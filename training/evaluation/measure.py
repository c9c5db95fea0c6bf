"""All measurements of a model's predictions, shared by the report and the `evaluate` command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer.evaluation.measurements import Selective, Truth, Variant
from fer.evaluation.metrics import Evaluation, calibration_bins, calibration_error, evaluate
from fer.evaluation.report import ALL_DOMAINS
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import Abstention, ModelSpec
from fer.types import Floats, margins
from training.data.dataset import LabelledFaces
from training.evaluation.calibration import cross_fitted, fit_temperature
from training.evaluation.ferplus_agreement import ferplus_agreement
from training.evaluation.predictions import Predictions
from training.evaluation.robustness import CORRUPTIONS, DEGRADATIONS, TEN_VIEWS
from training.evaluation.selective import (
    FLOOR,
    confidence_and_correct,
    fit_margin,
    fit_threshold,
    selective,
)
from training.evaluation.split_predictions import SplitPredictions, all_domains, truths

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
    """Fit the temperature of each head.

    Args:
        logits: logits of each head, ``(n, k)``.
        spec: specification of the model.
        faces: the ``n`` faces, which must not have been used for training.
    """
    return {
        head: fit_temperature(known.probabilities, known.labels, truth.weights(faces))
        for head, truth in truths(spec, faces).items()
        for known in (truth.of(logits[head]),)
    }


def validation_domains(predictions: dict[str, SplitPredictions]) -> tuple[SplitPredictions, ...]:
    """Return the predictions on which thresholds are chosen, those of the first domain first."""
    return tuple(part for name, part in predictions.items() if _of_validation(name))


def _of_validation(name: str) -> bool:
    return name.split(", ")[0] == "validation"


def abstentions(*domains: SplitPredictions, labels: tuple[str, ...]) -> dict[str, Abstention]:
    """Choose the thresholds of each head that could be measured, so that they do in each domain.

    Args:
        domains: predictions for the validation split, each domain apart.
        labels: names of the expression head's classes.
    """
    results = {}
    for head in dict.fromkeys(name for domain in domains for name in domain.heads):
        known = [domain.heads[head] for domain in domains if head in domain.heads]
        # Later domains are pictures of real life; the first one's labels are too often wrong.
        margin = fit_margin([one.plain for one in known[1:]], labels)
        plain = _threshold([one.plain for one in known], margin)
        degraded = _threshold([one.degraded for one in known], margin)
        # A degraded image must not have a lower threshold than an undegraded one.
        results[head] = Abstention(
            threshold=plain, degraded_threshold=max(plain, degraded), margin=margin
        )
    return results


def _threshold(domains: Sequence[Predictions], margin: float) -> float:
    """Return the threshold that does in every domain, for answers that the margin permits."""
    thresholds = [FLOOR]
    for one in domains:
        clear = margins(one.probabilities) >= np.float32(margin)
        confidence, correct = confidence_and_correct(one)
        thresholds.append(fit_threshold(confidence[clear], correct[clear]))
    return max(thresholds)


def with_floors(domains: Sequence[SplitPredictions], spec: ModelSpec) -> dict[str, Abstention]:
    """Return the thresholds of a specification with the floors of each expression.

    Enough answers must be right in the first domain, whose figures the pages say beside an answer,
    and in all domains together, since most expressions are rare in the others.

    Args:
        domains: predictions for the validation split.
        spec: specification of the model, with its thresholds.
    """
    results = {}
    together = all_domains({one.split: one for one in domains}).values()
    found = list(selective_predictions(domains[0], spec, domains))
    found += [one for split in together for one in selective_predictions(split, spec)]
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
    """Measure the effect of the thresholds in ``spec.json``.

    Args:
        predictions: predictions for some faces.
        spec: specification of the model.
        domains: those of the validation split, on which temperatures and thresholds were chosen.
    """
    results = []
    for head, head_predictions in predictions.heads.items():
        abstention = spec.head(head).abstention
        if abstention is None:
            continue
        others = [
            domain.heads[head]
            for domain in domains
            if _of_validation(predictions.split)
            and head in domain.heads
            and domain.split != predictions.split
        ]
        for degraded in (False, True):
            part, *further = (
                one.degraded if degraded else one.plain for one in (head_predictions, *others)
            )
            fitted_here = _of_validation(predictions.split) and not degraded
            measured = selective(
                part,
                abstention.degraded_threshold if degraded else abstention.threshold,
                margin=abstention.margin,
                floors={name: floor[degraded] for name, floor in abstention.floors.items()},
                head=head,
                labels=spec.head(head).labels,
                split=predictions.split,
                truth=_TRUTH_OF[head],
                corruptions=_DEGRADED_BY if degraded else (),
                held_out=_held_out([part, *further]) if fitted_here else None,
                least=_threshold(further, abstention.margin),
            )
            results.append(measured)
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

    They are ``evaluation`` (as the network answers), ``without_duplicates`` (without images that
    are also in train), ``ferplus_evaluation`` (of the FER+ head, where one expression has more
    votes than all others), ``balanced_evaluation``, ``tta``, each None where it was not measured;
    ``robustness`` and ``ferplus_agreement``, which are then empty.

    Args:
        part: its predictions.
        spec: specification of the model.
        names: names of the classes.
    """

    def measured(one: Predictions | None, labels: tuple[str, ...] = names) -> Evaluation | None:
        return evaluate(one.labels, one.probabilities, labels) if one else None

    voted, ten = part.heads.get(FERPLUS_HEAD), measured(part.parts.get("tta"))
    return {
        "evaluation": measured(part.plain),
        "without_duplicates": measured(part.parts.get("without_duplicates")),
        "ferplus_evaluation": measured(voted.plain, spec.head(FERPLUS_HEAD).labels)
        if voted
        else None,
        "balanced_evaluation": measured(part.parts.get("balanced")),
        "tta": Variant(name="ten views", description=TEN_VIEWS, evaluation=ten) if ten else None,
        "robustness": tuple(
            Variant(name=one.name, description=one.description, evaluation=figures)
            for one in CORRUPTIONS
            if (figures := measured(part.parts.get(f"corrupted/{one.name}")))
        ),
        "ferplus_agreement": ferplus_agreement(part.under("agreement/")),
    }


def cross_fitted_calibration_error(logits: Floats, faces: LabelledFaces) -> float:
    """Return the calibration error with cross-fitted temperatures, of the first domain.

    Args:
        logits: ``(n, k)`` of the expression head.
        faces: the ``n`` validation faces.
    """
    domains = [
        Predictions(faces.labels[of_domain], logits[of_domain])
        for name in faces.by_domain()
        for of_domain in (slice(None) if faces.domains is None else faces.domains == name,)
    ]
    first = Predictions(domains[0].labels, cross_fitted(domains)[0])
    confidence, correct = confidence_and_correct(first)
    return calibration_error(calibration_bins(correct, confidence))


def report_figures(
    predictions: dict[str, SplitPredictions], spec: ModelSpec, names: tuple[str, ...]
) -> dict[str, Any]:
    """Return the fields of a report that follow from predictions alone, by name.

    Args:
        predictions: predictions by split; one of them is ``validation``.
        spec: specification of the model, with its thresholds.
        names: names of the classes.
    """
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
