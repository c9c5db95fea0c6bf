"""One's own images, as the model that learns from them sees and names faces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer.errors import DataError
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from training.data import load
from training.data.dataset import VOTES, DataSet, LabelledFaces
from training.data.load import SPLIT_SEED

#: Least number of images of an expression, so that some can be held out.
LEAST_IMAGES = 5


@dataclass(frozen=True)
class OwnImages:
    """One's own images.

    Attributes:
        data: faces with the model's classes, in its order; some classes may have none. They have
            votes if the model has a FER+ head, so that it is not lost; zero where nobody voted.
        left_out: number of images per class that the model does not know.
    """

    data: DataSet
    left_out: dict[str, int]


def own_images(path: Path, spec: ModelSpec, seed: int = SPLIT_SEED) -> OwnImages:
    """Load one's own images; those of classes that the model does not know are left out.

    Args:
        path: ZIP, folder or table, see `training.data.load.load`.
        spec: specification of the model.
        seed: seed of splits that are drawn.

    Raises:
        DataError: too few images, or none, are of classes that the model knows.
    """
    data = load.load(path, size=spec.input_size, channels=spec.channels, seed=seed, needs_test=True)
    with_votes = FERPLUS_HEAD in spec.head_names
    known = {name: _of(spec.labels, faces, with_votes) for name, faces in data.splits.items()}
    left_out = _left_out(data, spec.labels)
    splits = {name: faces for name, faces in known.items() if len(faces)}
    _check(data.name, splits, spec, left_out)
    return OwnImages(replace(data, splits=splits), left_out)


def _of(labels: tuple[str, ...], faces: LabelledFaces, with_votes: bool) -> LabelledFaces:
    """Return the faces of some classes, under their indices there."""
    index = np.array([labels.index(n) if n in labels else -1 for n in faces.class_names])
    new_labels = index[faces.labels]
    votes = faces.votes
    if votes is None and with_votes:
        votes = np.zeros((len(faces), VOTES), np.uint8)
    everything = replace(faces, labels=new_labels, class_names=labels, votes=votes)
    return everything.take(new_labels >= 0)


def _left_out(data: DataSet, labels: tuple[str, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for faces in data.splits.values():
        for name, count in faces.counts().items():
            if name not in labels and count:
                counts[name] = counts.get(name, 0) + count
    return counts


def _check(
    name: str, splits: dict[str, LabelledFaces], spec: ModelSpec, left_out: dict[str, int]
) -> None:
    found = {label: sum(f.counts()[label] for f in splits.values()) for label in spec.labels}
    enough = [label for label, count in found.items() if count >= LEAST_IMAGES]
    if splits and "train" not in splits:
        raise DataError(
            f"{name} has no training images of expressions that {spec.name} knows, only "
            f"{' and '.join(splits)}: expected some, from which validation and test are drawn "
            "where they are missing."
        )
    if len(enough) < 2 or len(splits) < 3:
        counts = [f"{n} {label}" for label, n in (found | left_out).items() if n]
        raise DataError(
            f"expected at least {LEAST_IMAGES} images of each of two expressions that "
            f"{spec.name} knows ({', '.join(spec.labels)}); {name} has {', '.join(counts)}."
        )
