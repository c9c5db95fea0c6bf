"""Predictions of a model for one split under all measured conditions, from images or from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.report import ALL_DOMAINS
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.ferplus_agreement import (
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
from training.evaluation.robustness import CORRUPTIONS, DEGRADATIONS, ten_views
from training.evaluation.selective import pooled

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
        parts: predictions by condition, as far as they were made and the truth is known:

            - ``plain``: of the expression head, without test-time augmentation;
            - ``without_duplicates``: the same, without images that are also in train;
            - ``balanced``: of the balanced head, with the label as ground truth;
            - ``<head>/plain``, ``<head>/degraded``: those on which thresholds are chosen; the first
              are ``plain`` for the expression head;
            - ``tta``: with test-time augmentation;
            - ``corrupted/<name>``: under each of `CORRUPTIONS`;
            - ``agreement/<head>/<rule>``: with the annotators' label as ground truth.
    """

    split: str
    parts: dict[str, Predictions]

    @property
    def plain(self) -> Predictions:
        """Predictions of the expression head, without test-time augmentation."""
        return self.parts["plain"]

    @property
    def heads(self) -> dict[str, HeadPredictions]:
        """Predictions on which thresholds are chosen, by head."""
        names = [n.removesuffix("/degraded") for n in self.parts if n.endswith("/degraded")]
        return {
            head: HeadPredictions(
                self.parts.get(f"{head}/plain", self.plain), self.parts[f"{head}/degraded"]
            )
            for head in names
        }

    def under(self, prefix: str) -> dict[str, Predictions]:
        """Return the predictions whose names begin so, by the rest of their names."""
        parts = self.parts.items()
        return {n.removeprefix(prefix): part for n, part in parts if n.startswith(prefix)}

    def further(self) -> dict[str, Predictions]:
        """Return all predictions but `plain`, by their names in the file of further predictions.

        Conditions that the report covers only for the validation split are omitted for others.
        """
        omitted = () if self.split == "validation" else ("tta", "corrupted/", "agreement/")
        return {
            f"{self.split}/{name}": part
            for name, part in self.parts.items()
            if name != "plain" and not name.startswith(omitted)
        }


def load_splits(directory: Path) -> dict[str, SplitPredictions]:
    """Read the predictions of a model directory, by split.

    Raises:
        ModelError: a file with predictions is missing.
    """
    further = SplitPredictions("", load_predictions(directory, FURTHER_FILE))
    return {
        split: SplitPredictions(split, {"plain": plain} | further.under(f"{split}/"))
        for split, plain in load_predictions(directory).items()
    }


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
    parts = {"plain": plain}
    if split != "train" and "train" in data.splits and (new := data.new_among(faces)).any():
        parts["without_duplicates"] = Predictions(plain.labels[new], plain.probabilities[new])
    if BALANCED_HEAD in by_head:
        parts["balanced"] = Predictions(faces.labels, by_head[BALANCED_HEAD])
    degraded = [classifier.all_heads(degrade(faces.images)) for degrade in DEGRADATIONS]
    for head, truth in truths(classifier.spec, faces).items():
        if head != EXPRESSION_HEAD:
            parts[f"{head}/plain"] = truth.of(by_head[head])
        parts[f"{head}/degraded"] = pooled([truth.of(one[head]) for one in degraded])
    if not quick:
        parts["tta"] = Predictions(faces.labels, ten_views(classifier, faces.images))
        for corrupt in CORRUPTIONS:
            answers = classifier(corrupt(faces.images))
            parts[f"corrupted/{corrupt.name}"] = Predictions(faces.labels, answers)
    for name, part in ferplus_predictions(by_head, classifier.spec, faces).items():
        parts[f"agreement/{name}"] = part
    return SplitPredictions(split, parts)


def all_domains(splits: dict[str, SplitPredictions]) -> dict[str, SplitPredictions]:
    """Return the predictions for all domains together, of each split that has several."""
    results = {}
    for split, first in splits.items():
        several = [first, *(one for name, one in splits.items() if name.startswith(f"{split}, "))]
        if len(several) == 1:
            continue
        parts = {}
        for name in ("plain", "balanced", f"{BALANCED_HEAD}/plain"):
            if all(name in one.parts for one in several):
                parts[name] = pooled([one.parts[name] for one in several])
        for name in (f"{EXPRESSION_HEAD}/degraded", f"{BALANCED_HEAD}/degraded"):
            if all(name in one.parts for one in several):
                parts[name] = _together([one.parts[name] for one in several], len(DEGRADATIONS))
        results[f"{split}{ALL_DOMAINS}"] = SplitPredictions(f"{split}{ALL_DOMAINS}", parts)
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
