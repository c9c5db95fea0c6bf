"""Draw missing splits at random, stratified by class and reproducible by a seed."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.data.raw import Problem, Source

#: Fraction of each class that is held out.
HELD_OUT_SHARE = 0.1

#: Default seed of drawn splits. It is the same for every command and independent of the training
#: seed, because a student must not be evaluated on faces that its teacher was trained on.
SPLIT_SEED = 0


def assign_splits(source: Source, seed: int) -> Source:
    """Assign a split to every face.

    If no face has a split, a tenth of each class becomes ``test``. If there is then no
    ``validation``, a tenth of each class of ``train`` becomes ``validation``. Drawn splits are
    reported in ``problems``, because metrics on them cannot be compared with other publications.
    """
    if (source.splits == "").all():
        source = _draw(replace(source, splits=np.full(len(source.labels), "train")), "test", seed)
    if "validation" not in source.splits and "train" in source.splits:
        source = _draw(source, "validation", seed)
    return source


def stratified(
    labels: NDArray[np.int64], class_names: tuple[str, ...], seed: int, share: float
) -> NDArray[np.bool_]:
    """Choose a random fraction of each class.

    The choice depends only on the seed, the class name and the number of faces of the class, so a
    subset of the classes is split in the same way as the complete set.

    Args:
        labels: ``(n,)`` indices into `class_names`.
        class_names: names of the classes.
        seed: random seed.
        share: fraction of each class, rounded to whole faces; at least one face of a class with two
            or more, and never all of them.

    Returns:
        A mask ``(n,)`` of the chosen faces.
    """
    chosen = np.zeros(len(labels), bool)
    for label, name in enumerate(class_names):
        members = np.flatnonzero(labels == label)
        count = min(max(round(share * len(members)), 1), len(members) - 1)
        if count > 0:
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            chosen[rng.choice(members, count, replace=False)] = True
    return chosen


def _draw(source: Source, name: str, seed: int) -> Source:
    train = np.flatnonzero(source.splits == "train")
    selected = train[stratified(source.labels[train], source.class_names, seed, HELD_OUT_SHARE)]
    splits = source.splits.astype("<U10")
    splits[selected] = name
    note = Problem(
        name,
        f"the data set names none; {len(selected):,} of {len(train):,} training faces were drawn, "
        f"a tenth of each class (split seed {seed}).",
    )
    return replace(source, splits=splits, problems=(*source.problems, note))
