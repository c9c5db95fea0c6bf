"""Faces without a split get one by chance, class by class, the same for the same seed."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.data.raw import Problem, Source

#: Share of each class that is set aside.
HELD_OUT_SHARE = 0.1

#: Seed of drawn splits, unless another is asked for. One for every command, whatever the seed of a
#: training: a model that learns from another must not be measured on faces that one has seen.
SPLIT_SEED = 0


def assign_splits(source: Source, seed: int) -> Source:
    """Give every face a split.

    Where no face names a split, a tenth of each class becomes ``test``. Where none is
    ``validation`` then, a tenth of each class of ``train`` becomes that. What was drawn is told in
    ``problems``, because figures on a drawn split compare with nobody else's.
    """
    if (source.splits == "").all():
        source = _draw(replace(source, splits=np.full(len(source.labels), "train")), "test", seed)
    if "validation" not in source.splits and "train" in source.splits:
        source = _draw(source, "validation", seed)
    return source


def stratified(
    labels: NDArray[np.int64], class_names: tuple[str, ...], seed: int, share: float
) -> NDArray[np.bool_]:
    """Choose a share of each class by chance.

    Chance depends on seed, class name and the class's own faces alone, so a subset of the classes
    is divided as the whole set was.

    Args:
        labels: ``(n,)`` index into `class_names`.
        class_names: names of the classes.
        seed: of the choice.
        share: of each class, rounded; at least one face of a class that has two or more, and
            never all of them.

    Returns:
        ``(n,)`` True where chosen.
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
    drawn = train[stratified(source.labels[train], source.class_names, seed, HELD_OUT_SHARE)]
    splits = source.splits.astype("<U10")
    splits[drawn] = name
    note = Problem(
        name,
        f"the data set names none; {len(drawn):,} of {len(train):,} training faces were drawn, "
        f"a tenth of each class (split seed {seed}).",
    )
    return replace(source, splits=splits, problems=(*source.problems, note))
