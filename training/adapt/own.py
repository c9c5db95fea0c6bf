"""One's own images as the model that learns from them names faces, and what is replayed beside."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer.errors import DataError
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from training.data.dataset import VOTES, DataSet, LabelledFaces, check_known
from training.data.load import SPLIT_SEED, clean, load

#: Least number of images of an expression, so that some can be held out.
LEAST_IMAGES = 5

#: Most faces of a class from which those to replay are drawn. The initial model is asked about each
#: of them, which takes seconds for these, and minutes for all of FER2013.
POOL_PER_CLASS = 400

_SEED = 0


def own_images(
    path: Path, spec: ModelSpec, seed: int = SPLIT_SEED
) -> tuple[DataSet, dict[str, int]]:
    """Load one's own images; those of classes that the model does not know are left out.

    Args:
        path: ZIP, folder or table, see `training.data.load.load`.
        spec: specification of the model.
        seed: seed of splits that are drawn.

    Returns:
        Faces with the model's classes, in its order, some of which may have none. They have votes
        if the model has a FER+ head, so that it is not lost; zero where nobody voted. And the
        number of images per class that the model does not know.

    Raises:
        DataError: too few images, or none, are of classes that the model knows.
    """
    data = load(path, size=spec.input_size, channels=spec.channels, seed=seed, needs_test=True)
    counts: Counter[str] = Counter()
    splits = {}
    for split, faces in data.splits.items():
        counts.update(faces.counts())
        if len(known := _of_model(spec, faces)):
            splits[split] = known
    left_out = {name: n for name, n in counts.items() if n and name not in spec.labels}
    _check(data.name, splits, spec, counts, left_out)
    return replace(data, splits=splits), left_out


def _of_model(spec: ModelSpec, faces: LabelledFaces) -> LabelledFaces:
    """Return the faces of the model's classes, under their indices there."""
    labels, votes = spec.labels, faces.votes
    index = np.array([labels.index(n) if n in labels else -1 for n in faces.class_names])
    if votes is None and FERPLUS_HEAD in spec.head_names:
        votes = np.zeros((len(faces), VOTES), np.uint8)
    everything = replace(faces, labels=index[faces.labels], class_names=labels, votes=votes)
    return everything.take(everything.labels >= 0)


def _check(
    name: str,
    splits: dict[str, LabelledFaces],
    spec: ModelSpec,
    counts: Counter[str],
    left_out: dict[str, int],
) -> None:
    if splits and "train" not in splits:
        raise DataError(
            f"{name} has no training images of expressions that {spec.name} knows, only "
            f"{' and '.join(splits)}: expected some, from which validation and test are drawn "
            "where they are missing."
        )
    enough = [label for label in spec.labels if counts[label] >= LEAST_IMAGES]
    if len(enough) < 2 or len(splits) < 3:
        found = {label: counts[label] for label in spec.labels} | left_out
        raise DataError(
            f"expected at least {LEAST_IMAGES} images of each of two expressions that "
            f"{spec.name} knows ({', '.join(spec.labels)}); {name} has "
            f"{', '.join(f'{count} {label}' for label, count in found.items() if count)}."
        )


def load_replay(path: Path, spec: ModelSpec) -> DataSet:
    """Load the data to replay; what it holds out as test is not touched.

    Raises:
        DataError: it cannot be read, or has other classes than the model.
    """
    data = load(path, size=spec.input_size, channels=spec.channels)
    check_known(spec.name, spec.labels, data.split("train").class_names)
    kept = {name: data.split(name) for name in ("train", "validation")}
    return replace(data, splits=kept)


def pool(data: DataSet) -> LabelledFaces:
    """Return the faces to draw from: as many of each class, without useless and leaking ones."""
    train, _ = clean(data.split("train"), data.split("validation"))
    rng = np.random.default_rng(_SEED)
    chosen = [
        rng.permutation(np.flatnonzero(train.labels == label))[:POOL_PER_CLASS]
        for label in range(len(train.class_names))
    ]
    return train.take(np.sort(np.concatenate(chosen)))
