"""Predictions of a model for one split under all measured conditions, from images or from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.ferplus_agreement import (
    HeadAndRule,
    ferplus_predictions,
    most_voted,
    voted_labels,
)
from training.evaluation.predictions import (
    FURTHER_FILE,
    Predictions,
    load_predictions,
    save_predictions,
)
from training.evaluation.robustness import CORRUPTIONS, DEGRADATIONS
from training.evaluation.selective import pooled
from training.evaluation.tta import ten_views

#: Times that `predict_split` asks the network about each face: as it is, ten views, corrupted; and
#: without what may be left out.
PASSES = 11 + len(CORRUPTIONS) + len(DEGRADATIONS)
QUICK_PASSES = 1 + len(DEGRADATIONS)


def passes_text(*, quick: bool = False) -> str:
    """Return what `predict_split` asks about each face."""
    degraded = f"in {len(DEGRADATIONS)} degraded versions"
    if quick:
        return f"as it is and {degraded}; not in ten views, nor corrupted (--quick)"
    return f"as it is, in ten views, in {len(CORRUPTIONS)} corrupted and {degraded}"


#: What follows the name of a split where all domains are measured together.
ALL_DOMAINS = ", all domains"


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
    """Predictions of a model for one split, or a domain's part of it, under measured conditions.

    Attributes:
        split: name of the split, perhaps with that of a domain; see `DataSet.held_out`.
        plain: predictions of the expression head, without test-time augmentation.
        without_duplicates: the same, without images that are also in train; None if no image
            remains or there is no train split.
        tta: predictions with test-time augmentation; None if they were not stored, or not made
            since the domain is not the first.
        corrupted: predictions under each of `CORRUPTIONS`, by its name.
        ferplus: predictions with the annotators' label as ground truth, by head and rule.
        heads: predictions on which thresholds are chosen, by head; without heads whose ground truth
            is not known.
        balanced: predictions of the balanced head, with the label as ground truth; None without
            such a head.
    """

    split: str
    plain: Predictions
    without_duplicates: Predictions | None
    tta: Predictions | None
    corrupted: dict[str, Predictions]
    ferplus: dict[HeadAndRule, Predictions]
    heads: dict[str, HeadPredictions]
    balanced: Predictions | None = None

    def further(self) -> dict[str, Predictions]:
        """Return all predictions but `plain`, by their names in the file of further predictions.

        Conditions that the report covers only for the validation split are omitted for others.
        """
        results: dict[str, Predictions] = {}
        if self.without_duplicates:
            results["without_duplicates"] = self.without_duplicates
        if self.balanced:
            results["balanced"] = self.balanced
        for head, head_predictions in self.heads.items():
            if head != EXPRESSION_HEAD:  # its plain predictions are in the other file
                results[f"{head}/plain"] = head_predictions.plain
            results[f"{head}/degraded"] = head_predictions.degraded
        if self.split == "validation":
            results |= {"tta": self.tta} if self.tta else {}
            results |= {f"corrupted/{name}": part for name, part in self.corrupted.items()}
            results |= {
                f"agreement/{head}/{rule}": part for (head, rule), part in self.ferplus.items()
            }
        return {f"{self.split}/{name}": part for name, part in results.items()}


def load_splits(directory: Path) -> dict[str, SplitPredictions]:
    """Read the predictions of a model directory, by split.

    Raises:
        ModelError: a file with predictions is missing.
    """
    further = load_predictions(directory, FURTHER_FILE)
    return {
        split: _from_files(split, plain, _under(f"{split}/", further))
        for split, plain in load_predictions(directory).items()
    }


def _from_files(
    split: str, plain: Predictions, further: dict[str, Predictions]
) -> SplitPredictions:
    """Undo `SplitPredictions.further`."""
    votes = {tuple(key.split("/")): part for key, part in _under("agreement/", further).items()}
    heads = {
        name.removesuffix("/degraded"): HeadPredictions(
            further.get(name.replace("/degraded", "/plain"), plain), part
        )
        for name, part in further.items()
        if name.endswith("/degraded")
    }
    return SplitPredictions(
        split=split,
        plain=plain,
        without_duplicates=further.get("without_duplicates"),
        tta=further.get("tta"),
        corrupted=_under("corrupted/", further),
        ferplus=cast(dict[HeadAndRule, Predictions], votes),
        heads=heads,
        balanced=further.get("balanced"),
    )


def _under(prefix: str, parts: dict[str, Predictions]) -> dict[str, Predictions]:
    return {n.removeprefix(prefix): part for n, part in parts.items() if n.startswith(prefix)}


def save_splits(splits: dict[str, SplitPredictions], directory: Path) -> None:
    """Write the predictions of all splits into a model directory; see `load_splits`."""
    save_predictions({name: part.plain for name, part in splits.items()}, directory)
    further = (part.further() for part in splits.values())
    save_predictions({n: p for part in further for n, p in part.items()}, directory, FURTHER_FILE)


def passes(data: DataSet, *, quick: bool = False) -> int:
    """Return how many views of faces `predict_splits` asks the network about."""
    return sum(
        (PASSES if name in data.splits and not quick else QUICK_PASSES) * len(faces)
        for name, faces in data.held_out().items()
    )


def predict_splits(
    classifier: ExpressionClassifier, data: DataSet, *, quick: bool = False
) -> dict[str, SplitPredictions]:
    """Predict all faces that are held out; see `DataSet.held_out` and `predict_split`."""
    return {
        name: predict_split(classifier, data, name, quick=quick)
        for name, faces in data.held_out().items()
        if len(faces)
    }


def predict_split(
    classifier: ExpressionClassifier, data: DataSet, split: str, *, quick: bool = False
) -> SplitPredictions:
    """Predict every face of a split under all measured conditions.

    With `quick`, and for domains after the first, ten views and corruptions are left out, on which
    nothing is chosen.

    Args:
        classifier: the network.
        data: the data set.
        split: a key of `DataSet.held_out`, or ``train``.
        quick: whether they are left out.
    """
    faces = data.split(split) if split == "train" else data.held_out()[split]
    quick = quick or split not in data.splits
    by_head = classifier.all_heads(faces.images)
    plain = Predictions(faces.labels, by_head[EXPRESSION_HEAD])
    return SplitPredictions(
        split=split,
        plain=plain,
        without_duplicates=_without_duplicates(data, split, faces, plain),
        tta=None if quick else Predictions(faces.labels, ten_views(classifier, faces.images)),
        corrupted={
            corrupt.name: Predictions(faces.labels, classifier(corrupt(faces.images)))
            for corrupt in (() if quick else CORRUPTIONS)
        },
        ferplus=ferplus_predictions(by_head, classifier.spec, faces),
        heads=_by_head(classifier, faces, by_head),
        balanced=Predictions(faces.labels, by_head[BALANCED_HEAD])
        if BALANCED_HEAD in by_head
        else None,
    )


def all_domains(parts: dict[str, SplitPredictions]) -> dict[str, SplitPredictions]:
    """Return the predictions for all domains together, of each split that has several."""
    results = {}
    for split, first in parts.items():
        several = [first, *(p for name, p in parts.items() if name.startswith(f"{split}, "))]
        if len(several) == 1:
            continue
        balanced = [part.balanced for part in several if part.balanced]
        results[f"{split}{ALL_DOMAINS}"] = SplitPredictions(
            split=f"{split}{ALL_DOMAINS}",
            plain=pooled([part.plain for part in several]),
            without_duplicates=None,
            tta=None,
            corrupted={},
            ferplus={},
            heads={
                head: HeadPredictions(
                    pooled([part.heads[head].plain for part in several]),
                    _together([part.heads[head].degraded for part in several], len(DEGRADATIONS)),
                )
                for head in (EXPRESSION_HEAD, BALANCED_HEAD)
                if all(head in part.heads for part in several)
            },
            balanced=pooled(balanced) if len(balanced) == len(several) else None,
        )
    return results


def _together(parts: Sequence[Predictions], versions: int) -> Predictions:
    """Concatenate predictions so that each version of all faces stands in one piece."""
    pieces = [
        zip(np.split(one.labels, versions), np.split(one.probabilities, versions), strict=True)
        for one in parts
    ]
    return pooled(
        [Predictions(*of_part) for version in zip(*pieces, strict=True) for of_part in version]
    )


def _without_duplicates(
    data: DataSet, split: str, faces: LabelledFaces, plain: Predictions
) -> Predictions | None:
    if split == "train" or "train" not in data.splits:
        return None
    new = data.new_among(faces)
    return Predictions(plain.labels[new], plain.probabilities[new]) if new.any() else None


@dataclass(frozen=True)
class KnownTruth:
    """Ground truth of one head, for the faces where it is known.

    Attributes:
        labels: ``(m,)`` indices into the head's labels.
        faces: ``(m,)`` positions of the faces that they are about.
    """

    labels: NDArray[np.int64]
    faces: NDArray[np.int64]

    @classmethod
    def where(cls, labels: NDArray[np.int64], known: NDArray[np.bool_]) -> KnownTruth:
        """Return the ground truth of the faces for which it is known; both arrays are ``(n,)``."""
        return cls(labels[known], np.flatnonzero(known))

    def weights(self, faces: LabelledFaces) -> Floats | None:
        """Return weights ``(m,)`` by which each domain counts alike; None if there is only one."""
        if faces.domains is None:
            return None
        _, index, counts = np.unique(
            faces.domains[self.faces], return_inverse=True, return_counts=True
        )
        return (1 / counts[index]).astype(np.float32) if len(counts) > 1 else None

    def of(self, values: NDArray) -> Predictions:
        """Pair probabilities or logits of all faces, ``(n, k)``, with the ground truth."""
        return Predictions(self.labels, values[self.faces])


def truths(spec: ModelSpec, faces: LabelledFaces) -> dict[str, KnownTruth]:
    """Return the ground truth of each head that can be measured on these faces."""
    results = {EXPRESSION_HEAD: KnownTruth(faces.labels, np.arange(len(faces)))}
    if faces.votes is not None and FERPLUS_HEAD in spec.head_names:
        voted = KnownTruth.where(*most_voted(faces.votes))
        results |= {FERPLUS_HEAD: voted} if len(voted.faces) else {}
    if BALANCED_HEAD in spec.head_names and (people := people_say(faces)):
        results[BALANCED_HEAD] = people
    return results


def people_say(faces: LabelledFaces) -> KnownTruth | None:
    """Return what most people said as ground truth of FER2013's classes; None without votes.

    That is the expression with most votes; where nobody voted, the label.
    """
    if faces.votes is None or faces.class_names != FER2013_LABELS:
        return None
    voted, known = voted_labels(faces.votes, "plurality")
    unvoted = ~faces.votes.any(axis=1)
    people = KnownTruth.where(np.where(unvoted, faces.labels, voted), known | unvoted)
    return people if len(people.faces) else None


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
