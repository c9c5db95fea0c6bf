"""Everything that is measured about a model's answers: the same for its report and `evaluate`."""

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
from training.evaluation.selective import confidence_and_right, fit_threshold, pooled, selective
from training.evaluation.tta import TEN_VIEWS, ten_views

#: What each head is compared with.
_TRUTH_OF: dict[str, Truth] = {EXPRESSION_HEAD: "label", FERPLUS_HEAD: "most_votes"}

_DEGRADED_BY = tuple(corruption.name for corruption in DEGRADATIONS)


@dataclass(frozen=True)
class HeadAnswers:
    """What one head says about the faces whose truth is known; thresholds are chosen on it.

    Attributes:
        plain: about the pictures as they are.
        degraded: about the same pictures under each of `DEGRADATIONS`, one after the other.
    """

    plain: Predictions
    degraded: Predictions


@dataclass(frozen=True)
class Answers:
    """What a model says about one split, in every way that is measured.

    Attributes:
        split: its name.
        plain: of the expression head, single view.
        without_duplicates: the same without images that also stand in train; None where none stay,
            or there is no train.
        tta: with test-time augmentation.
        corrupted: under each of `CORRUPTIONS`, by its name.
        ferplus: with the voters' label as the truth, by head and rule.
        heads: what thresholds are chosen on, by head; without those whose truth is not known.
    """

    split: str
    plain: Predictions
    without_duplicates: Predictions | None
    tta: Predictions
    corrupted: dict[str, Predictions]
    ferplus: dict[HeadAndRule, Predictions]
    heads: dict[str, HeadAnswers]

    def further(self) -> dict[str, Predictions]:
        """Return all but `plain`, by a name for the file of further predictions.

        What the report gives for the validation split alone is left out for others.
        """
        found: dict[str, Predictions] = {}
        if self.without_duplicates:
            found["without_duplicates"] = self.without_duplicates
        for head, said in self.heads.items():
            if head != EXPRESSION_HEAD:  # whose plain answers stand with the splits already
                found[f"{head}/plain"] = said.plain
            found[f"{head}/degraded"] = said.degraded
        if self.split == "validation":
            found["tta"] = self.tta
            found |= {f"corrupted/{name}": made for name, made in self.corrupted.items()}
            found |= {
                f"agreement/{head}/{rule}": made for (head, rule), made in self.ferplus.items()
            }
        return {f"{self.split}/{name}": made for name, made in found.items()}


def answer(classifier: ExpressionClassifier, data: DataSet, split: str) -> Answers:
    """Ask a model about every face of a split, in every way that is measured."""
    faces = data.split(split)
    by_head = classifier.all_heads(faces.images)
    plain = Predictions(faces.labels, by_head[EXPRESSION_HEAD])
    return Answers(
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
    """What is right for one head: ``labels`` (n,), and of which faces it is known, (n,)."""

    labels: NDArray[np.int64]
    known: NDArray[np.bool_]

    def of(self, probabilities: Floats) -> Predictions:
        """Return answers ``(n, k)`` beside their truth, where it is known."""
        return Predictions(self.labels[self.known], probabilities[self.known])


def truths(spec: ModelSpec, faces: LabelledFaces) -> dict[str, KnownTruth]:
    """Return what is right for each head that can be measured on some faces."""
    found = {EXPRESSION_HEAD: KnownTruth(faces.labels, np.ones(len(faces), bool))}
    if faces.votes is not None and FERPLUS_HEAD in spec.head_names:
        voted = KnownTruth(*most_voted(faces.votes))
        found |= {FERPLUS_HEAD: voted} if voted.known.any() else {}
    return found


def _by_head(
    classifier: ExpressionClassifier, faces: LabelledFaces, plain: dict[str, Floats]
) -> dict[str, HeadAnswers]:
    degraded = [classifier.all_heads(degrade(faces.images)) for degrade in DEGRADATIONS]
    return {
        head: HeadAnswers(
            truth.of(plain[head]), pooled([truth.of(answers[head]) for answers in degraded])
        )
        for head, truth in truths(classifier.spec, faces).items()
    }


def temperatures(
    logits: dict[str, Floats], spec: ModelSpec, faces: LabelledFaces
) -> dict[str, float]:
    """Choose what each head's logits are divided by.

    Args:
        logits: of each head, ``(n, k)``.
        spec: of the model.
        faces: the ``n`` faces, which the network has not learnt from.
    """
    return {
        head: fit_temperature(logits[head][truth.known], truth.labels[truth.known])
        for head, truth in truths(spec, faces).items()
    }


def abstentions(answers: Answers) -> dict[str, Abstention]:
    """Choose when each head that could be measured says "uncertain"."""
    found = {}
    for head, said in answers.heads.items():
        plain, degraded = (
            fit_threshold(*confidence_and_right(made)) for made in (said.plain, said.degraded)
        )
        # A degraded picture is never trusted more than a good one.
        found[head] = Abstention(threshold=plain, degraded_threshold=max(plain, degraded))
    return found


def selective_answers(answers: Answers, spec: ModelSpec) -> tuple[Selective, ...]:
    """Measure what the thresholds of ``spec.json`` do."""
    found = []
    for head, said in answers.heads.items():
        abstention = spec.head(head).abstention
        if abstention is None:
            continue
        for made, threshold, corruptions in (
            (said.plain, abstention.threshold, ()),
            (said.degraded, abstention.degraded_threshold, _DEGRADED_BY),
        ):
            measured_head = selective(
                made,
                threshold,
                head=head,
                labels=spec.head(head).labels,
                split=answers.split,
                truth=_TRUTH_OF[head],
                corruptions=corruptions,
            )
            found.append(measured_head)
    return tuple(found)


def plain_figures(answers: Answers, names: tuple[str, ...]) -> Evaluation:
    """Return the figures of the split itself."""
    return evaluate(answers.plain.labels, answers.plain.probabilities, names)


def without_duplicates(answers: Answers, names: tuple[str, ...]) -> Evaluation | None:
    """Measure again without the images that the training split holds too; None if none stay."""
    made = answers.without_duplicates
    return evaluate(made.labels, made.probabilities, names) if made else None


def tta(answers: Answers, names: tuple[str, ...]) -> Variant:
    """Measure with test-time augmentation."""
    figures = evaluate(answers.tta.labels, answers.tta.probabilities, names)
    return Variant(name="ten views", description=TEN_VIEWS, evaluation=figures)


def robustness(answers: Answers, names: tuple[str, ...]) -> tuple[Variant, ...]:
    """Measure under every corruption."""
    return tuple(
        Variant(
            name=corruption.name,
            description=corruption.description,
            evaluation=evaluate(made.labels, made.probabilities, names),
        )
        for corruption in CORRUPTIONS
        for made in (answers.corrupted[corruption.name],)
    )


def agreement(answers: Answers) -> tuple[FerPlusAgreement, ...]:
    """Count how often each head agrees with the voters of FER+."""
    return ferplus_agreement(answers.ferplus)


def cross_fitted_calibration_error(logits: Floats, labels: NDArray[np.int64]) -> float:
    """Return the calibration error with temperatures that were fitted on other faces."""
    probabilities = cross_fitted(logits, labels)
    right = probabilities.argmax(axis=1) == labels
    return calibration_error(calibration_bins(right, probabilities.max(axis=1)))
