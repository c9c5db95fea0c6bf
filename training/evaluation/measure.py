"""Everything that is measured about a model's answers: the same for its report and `evaluate`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.metrics import Evaluation, calibration_bins, calibration_error, evaluate
from fer.evaluation.report import PLAIN_PICTURES, CrowdAgreement, Selective, Slice
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import EXPRESSION_HEAD, VOTES_HEAD, ModelSpec
from fer.types import Floats
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.calibration import cross_fitted, fit_temperature
from training.evaluation.ferplus_agreement import crowd_agreement, crowd_predictions, most_voted
from training.evaluation.predictions import Predictions
from training.evaluation.robustness import DISTURBANCES, POOR
from training.evaluation.selective import confidence_and_right, fit_threshold, pooled, selective
from training.evaluation.tta import TEN_VIEWS, ten_views

#: What counts as right, in words.
DATA_LABEL = "the label of the data set"
MOST_VOTED = "the expression with most votes of FER+, on faces where one has more than all others"

#: What was done to poor pictures, in words.
FLAWED = f"made poor: {', '.join(poor.name for poor in POOR)}"


@dataclass(frozen=True)
class Answers:
    """What a model says about one split.

    Attributes:
        split: its name.
        plain: of the expression head, single view.
        further: everything else, by name: ``without repeats`` (images that also stand in train left
            out), ``ten views``, ``disturbed: NAME``, ``crowd: HEAD: RULE`` with the crowd's labels
            as the truth, and ``HEAD: PICTURES`` on which thresholds are chosen.
    """

    split: str
    plain: Predictions
    further: dict[str, Predictions]


def answer(classifier: ExpressionClassifier, data: DataSet, split: str) -> Answers:
    """Ask a model about every face of a split, in every way that is measured."""
    faces = data.split(split)
    by_head = classifier.all_heads(faces.images)
    plain = Predictions(faces.labels, by_head[EXPRESSION_HEAD])
    further = _without_repeats(data, split, plain)
    further["ten views"] = Predictions(faces.labels, ten_views(classifier, faces.images))
    for disturb in DISTURBANCES:
        answers = classifier(disturb(faces.images))
        further[f"disturbed: {disturb.name}"] = Predictions(faces.labels, answers)
    further |= _by_head(classifier, faces, by_head)
    for (head, rule), made in crowd_predictions(by_head, classifier.spec, faces).items():
        further[f"crowd: {head}: {rule}"] = made
    return Answers(split, plain, further)


def _without_repeats(data: DataSet, split: str, plain: Predictions) -> dict[str, Predictions]:
    if split == "train" or "train" not in data.splits:
        return {}
    new = data.new_in(split)
    if not new.any():
        return {}
    return {"without repeats": Predictions(plain.labels[new], plain.probabilities[new])}


@dataclass(frozen=True)
class Truth:
    """What is right for one output: ``labels`` (n,), and of which faces it is known, (n,)."""

    labels: NDArray[np.int64]
    known: NDArray[np.bool_]

    def of(self, probabilities: Floats) -> Predictions:
        """Return answers ``(n, k)`` beside their truth, where it is known."""
        return Predictions(self.labels[self.known], probabilities[self.known])


def truths(spec: ModelSpec, faces: LabelledFaces) -> dict[str, Truth]:
    """Return what is right for each output that can be measured on some faces."""
    found = {EXPRESSION_HEAD: Truth(faces.labels, np.ones(len(faces), bool))}
    if faces.votes is not None and VOTES_HEAD in spec.head_names:
        voted = Truth(*most_voted(faces.votes))
        found |= {VOTES_HEAD: voted} if voted.known.any() else {}
    return found


def _by_head(
    classifier: ExpressionClassifier, faces: LabelledFaces, plain: dict[str, Floats]
) -> dict[str, Predictions]:
    """Answer with every head to pictures as they are and to poor ones, for the thresholds."""
    poor = [classifier.all_heads(worsen(faces.images)) for worsen in POOR]
    found = {}
    for head, truth in truths(classifier.spec, faces).items():
        found[f"{head}: {PLAIN_PICTURES}"] = truth.of(plain[head])
        found[f"{head}: {FLAWED}"] = pooled([truth.of(answers[head]) for answers in poor])
    return found


def temperatures(
    logits: dict[str, Floats], spec: ModelSpec, faces: LabelledFaces
) -> dict[str, dict[str, float]]:
    """Choose what each head's scores are divided by; see `training.export.litert.set_answering`.

    Args:
        logits: of each head, ``(n, k)``.
        spec: of the model.
        faces: the ``n`` faces, which the network has not learnt from.
    """
    return {
        head: {"temperature": fit_temperature(logits[head][truth.known], truth.labels[truth.known])}
        for head, truth in truths(spec, faces).items()
    }


def thresholds(answers: Answers, spec: ModelSpec) -> dict[str, dict[str, float]]:
    """Choose when each head says "uncertain"; see `training.export.litert.set_answering`.

    A head that could not be measured is always uncertain.
    """
    found = {head: {"threshold": 1.0, "flawed_threshold": 1.0} for head in spec.head_names}
    for head in _heads(answers):
        threshold, flawed = (
            fit_threshold(*confidence_and_right(answers.further[f"{head}: {pictures}"]))
            for pictures in (PLAIN_PICTURES, FLAWED)
        )
        # A poor picture is never trusted more than a good one.
        found[head] = {"threshold": threshold, "flawed_threshold": max(threshold, flawed)}
    return found


def _heads(answers: Answers) -> list[str]:
    """Return the heads that thresholds are chosen for."""
    return [
        head
        for head in (EXPRESSION_HEAD, VOTES_HEAD)
        if f"{head}: {PLAIN_PICTURES}" in answers.further
    ]


def selective_answers(answers: Answers, spec: ModelSpec) -> tuple[Selective, ...]:
    """Measure what the thresholds of ``spec.json`` do."""
    return tuple(
        selective(
            answers.further[f"{head}: {pictures}"],
            threshold,
            head=head,
            labels=spec.head(head).labels,
            split=answers.split,
            pictures=pictures,
            truth=DATA_LABEL if head == EXPRESSION_HEAD else MOST_VOTED,
            versions=versions,
        )
        for head in _heads(answers)
        for pictures, threshold, versions in (
            (PLAIN_PICTURES, spec.head(head).threshold, 1),
            (FLAWED, spec.head(head).flawed_threshold, len(POOR)),
        )
    )


def measured(answers: Answers, names: tuple[str, ...]) -> Evaluation:
    """Return the figures of the split itself."""
    return evaluate(answers.plain.labels, answers.plain.probabilities, names)


def without_repeats(answers: Answers, names: tuple[str, ...]) -> Evaluation | None:
    """Measure again without the images that the training split holds too; ``None`` if none stay."""
    made = answers.further.get("without repeats")
    return evaluate(made.labels, made.probabilities, names) if made else None


def views(answers: Answers, names: tuple[str, ...]) -> Slice:
    """Measure the mean of several test-time views."""
    made = answers.further["ten views"]
    figures = evaluate(made.labels, made.probabilities, names)
    return Slice(name="ten views", description=TEN_VIEWS, evaluation=figures)


def robustness(answers: Answers, names: tuple[str, ...]) -> tuple[Slice, ...]:
    """Measure under every disturbance."""
    made = {d: answers.further[f"disturbed: {d.name}"] for d in DISTURBANCES}
    return tuple(
        Slice(
            name=disturb.name,
            description=disturb.description,
            evaluation=evaluate(found.labels, found.probabilities, names),
        )
        for disturb, found in made.items()
    )


def crowd(answers: Answers) -> tuple[CrowdAgreement, ...]:
    """Count how often each output agrees with the voters of FER+."""
    named = (key.split(": ", 2) for key in answers.further if key.startswith("crowd: "))
    return crowd_agreement(
        {(head, rule): answers.further[f"crowd: {head}: {rule}"] for _, head, rule in named}
    )


def cross_fitted_calibration_error(logits: Floats, labels: NDArray[np.int64]) -> float:
    """Return the calibration error with temperatures that were fitted on other faces."""
    probabilities = cross_fitted(logits, labels)
    right = probabilities.argmax(axis=1) == labels
    return calibration_error(calibration_bins(right, probabilities.max(axis=1)))
