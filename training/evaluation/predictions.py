"""Predictions with their ground truth, and the files from which a report can be recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from fer.errors import ModelError, failures_as
from fer.evaluation.measurements import VoteRule
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.dataset import LabelledFaces

#: File in a model directory with the predictions for each split.
PREDICTIONS_FILE = "predictions.npz"

#: File with the predictions behind all other metrics, by split and `SplitPredictions.parts`.
FURTHER_FILE = "further_predictions.npz"

#: What to do about a damaged file.
_AGAIN = "Copy the whole model directory again."


@dataclass(frozen=True)
class Predictions:
    """Ground truth and predictions: ``labels`` (n,) int64, ``probabilities`` (n, k) float32."""

    labels: NDArray[np.int64]
    probabilities: Floats

    @property
    def answers(self) -> NDArray[np.int64]:
        """The most probable class of each face, ``(n,)``."""
        return self.probabilities.argmax(axis=1)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each answer is correct, ``(n,)``."""
        return self.answers == self.labels

    @property
    def confidence(self) -> Floats:
        """The probability of each answer, ``(n,)``."""
        return np.asarray(self.probabilities.max(axis=1))

    @classmethod
    def pooled(cls, parts: Sequence[Predictions]) -> Predictions:
        """Concatenate predictions."""
        return cls(
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.probabilities for part in parts]),
        )


@dataclass(frozen=True)
class SplitPredictions:
    """Predictions of a model for one split, or a domain's part of it, under measured conditions.

    They are by condition, as far as they were made and the truth is known:

    - ``plain``: of the expression head, without test-time augmentation;
    - ``without_duplicates``: the same, without images that are also in train;
    - ``balanced``: of the balanced head, with the label as ground truth;
    - ``<head>/plain``, ``<head>/degraded``: those on which thresholds are chosen, the second of the
      degraded versions one after another; the first are ``plain`` for the expression head;
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
    def is_validation(self) -> bool:
        """Whether temperatures and thresholds are chosen on these faces."""
        return self.split.split(", ")[0] == "validation"

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the heads whose thresholds can be chosen."""
        return tuple(n.removesuffix("/degraded") for n in self.parts if n.endswith("/degraded"))

    def of(self, head: str, *, degraded: bool) -> Predictions:
        """Return the predictions on which a head's thresholds are chosen."""
        if degraded:
            return self.parts[f"{head}/degraded"]
        return self.parts.get(f"{head}/plain", self.plain)

    def under(self, prefix: str) -> dict[str, Predictions]:
        """Return the predictions whose names begin so, by the rest of their names."""
        parts = self.parts.items()
        return {n.removeprefix(prefix): part for n, part in parts if n.startswith(prefix)}


def save_splits(splits: dict[str, SplitPredictions], directory: Path) -> None:
    """Write the predictions of all splits into a model directory; see `load_splits`.

    Conditions that the report covers only for the validation split are omitted for others.
    """
    further = {
        f"{name}/{condition}": part
        for name, split in splits.items()
        for condition, part in split.parts.items()
        if condition != "plain"
        and (name == "validation" or not condition.startswith(("tta", "corrupted/", "agreement/")))
    }
    save_predictions({name: split.plain for name, split in splits.items()}, directory)
    save_predictions(further, directory, FURTHER_FILE)


def load_splits(directory: Path) -> dict[str, SplitPredictions]:
    """Read the predictions of a model directory, by split; ModelError if a file is missing."""
    further = SplitPredictions("", load_predictions(directory, FURTHER_FILE))
    return {
        split: SplitPredictions(split, {"plain": plain} | further.under(f"{split}/"))
        for split, plain in load_predictions(directory).items()
    }


def save_predictions(
    predictions: dict[str, Predictions], directory: Path, file: str = PREDICTIONS_FILE
) -> None:
    """Write predictions by name to a file of a model directory."""
    arrays: dict[str, NDArray] = {}
    for name, part in predictions.items():
        arrays[f"{name}_labels"] = part.labels
        arrays[f"{name}_probabilities"] = part.probabilities
    np.savez_compressed(directory / file, allow_pickle=False, **arrays)


def load_predictions(directory: Path, name: str = PREDICTIONS_FILE) -> dict[str, Predictions]:
    """Read predictions by name; ModelError if the file is missing, damaged or something else."""
    file = directory / name
    if not file.is_file():
        raise ModelError(f"{file} is missing; `python -m training train` writes it.")
    with (
        failures_as(lambda error: ModelError(f"{file} is damaged ({error}). {_AGAIN}")),
        file.open("rb") as content,
        np.load(content) as arrays,
    ):
        names = [k.removesuffix("_labels") for k in arrays.files if k.endswith("_labels")]
        found = {n: Predictions(arrays[f"{n}_labels"], arrays[f"{n}_probabilities"]) for n in names}
    for split, part in found.items():
        labels, probabilities = part.labels, part.probabilities
        if not (
            labels.ndim == 1
            and labels.dtype.kind in "iu"
            and probabilities.ndim == 2
            and probabilities.dtype.kind == "f"
            and len(labels) == len(probabilities)
            and ((labels >= 0) & (labels < probabilities.shape[1])).all()
        ):
            raise ModelError(
                f"{file}: expected labels (n,) and probabilities (n, k) of {split}, got "
                f"{labels.shape} {labels.dtype} and {probabilities.shape} "
                f"{probabilities.dtype}. {_AGAIN}"
            )
    return found


#: FER2013's class of each column of votes; -1 for contempt, unknown and no face.
_FER2013_OF_COLUMN = np.array(
    [FER2013_LABELS.index(n) if n in FER2013_LABELS else -1 for n in (*FERPLUS_LABELS, "", "")]
)


@dataclass(frozen=True)
class KnownTruth:
    """Ground truth of one head: labels ``(m,)``, and positions ``(m,)`` of their faces."""

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


def most_voted(
    votes: NDArray[np.uint8], rule: VoteRule = "plurality"
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the expression on which the annotators agree by a rule, contempt included.

    That is indices into FER+'s labels, ``(n,)``, and a mask ``(n,)`` of the faces that have one.
    """
    top, most = votes.argmax(axis=1), votes.max(axis=1)
    if rule == "majority":
        clear = most > votes.sum(axis=1) / 2
    else:
        clear = ((votes == most[:, None]).sum(axis=1) == 1) & (most > 0)
    named = top < len(FERPLUS_LABELS)
    return np.where(named, top, 0), clear & named


def voted_labels(
    votes: NDArray[np.uint8], rule: VoteRule
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the same as `most_voted` as FER2013's classes, of which contempt is none."""
    columns, known = most_voted(votes, rule)
    labels = _FER2013_OF_COLUMN[columns]
    return np.maximum(labels, 0), known & (labels >= 0)


def people_say(faces: LabelledFaces) -> KnownTruth | None:
    """Return what most people said, or the label where nobody voted; None without votes."""
    if faces.votes is None or faces.class_names != FER2013_LABELS:
        return None
    voted, known = voted_labels(faces.votes, "plurality")
    unvoted = ~faces.votes.any(axis=1)
    people = KnownTruth.where(np.where(unvoted, faces.labels, voted), known | unvoted)
    return people if len(people.faces) else None


def truths(spec: ModelSpec, faces: LabelledFaces) -> dict[str, KnownTruth]:
    """Return the ground truth of each head that can be measured on these faces."""
    results = {EXPRESSION_HEAD: KnownTruth(faces.labels, np.arange(len(faces)))}
    if faces.votes is not None and FERPLUS_HEAD in spec.head_names:
        voted = KnownTruth.where(*most_voted(faces.votes))
        results |= {FERPLUS_HEAD: voted} if len(voted.faces) else {}
    if BALANCED_HEAD in spec.head_names and (people := people_say(faces)):
        results[BALANCED_HEAD] = people
    return results


def ferplus_predictions(
    by_head: dict[str, Floats], spec: ModelSpec, faces: LabelledFaces
) -> dict[str, Predictions]:
    """Return the predictions of each head with FER2013's classes where the annotators agree.

    They are by ``<head>/<rule>``, with the annotators' labels as truth and FER2013's seven columns.
    """
    results: dict[str, Predictions] = {}
    if faces.votes is None:
        return results
    for head in spec.heads:
        if not set(FER2013_LABELS) <= set(head.labels):
            continue
        seven = [head.labels.index(name) for name in FER2013_LABELS]
        for rule in get_args(VoteRule):
            known = KnownTruth.where(*voted_labels(faces.votes, rule))
            if len(known.faces):
                results[f"{head.name}/{rule}"] = known.of(by_head[head.name][:, seven])
    return results
