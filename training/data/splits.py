"""Draw missing splits at random, stratified by class and reproducible by a seed."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.data.raw import Problem, Source

#: Fraction of each class that is held out.
HELD_OUT_SHARE = 0.1

#: Of a small class a fifth is held out for test, up to so many faces: fewer would say nothing.
_LEAST_FOR_TEST = 4

#: Default seed of drawn splits. It is the same for every command and independent of the training
#: seed, because a student must not be evaluated on faces that its teacher was trained on.
SPLIT_SEED = 0


def assign_splits(source: Source, seed: int, *, needs_test: bool = False) -> Source:
    """Assign a split to every face.

    If no face has a split, a tenth of each class becomes ``test``, of a small class a fifth; with
    `needs_test` also if the data names splits, but no test. If there is then no ``validation``, a
    tenth of each class of ``train`` becomes ``validation``. Drawn splits are reported in
    ``problems``, because metrics on them cannot be compared with other publications. Faces of one
    photograph or person are in one split, where these are known.
    """
    if (source.splits == "").all():
        source = replace(source, splits=np.full(len(source.labels), "train"))
        needs_test = True
    if needs_test and "test" not in source.splits and "train" in source.splits:
        source = _draw(source, "test", seed)
    if "validation" not in source.splits and "train" in source.splits:
        source = _draw(source, "validation", seed)
    return source


def stratified(
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    seed: int,
    share: float,
    least: int = 1,
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
        least: if the fraction is fewer faces than these, a fifth, up to these.

    Returns:
        A mask ``(n,)`` of the chosen faces.
    """
    chosen = np.zeros(len(labels), bool)
    for label, name in enumerate(class_names):
        members = np.flatnonzero(labels == label)
        count = _held_out(len(members), share, least)
        if count > 0:
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            chosen[rng.choice(members, count, replace=False)] = True
    return chosen


def by_group(
    labels: NDArray[np.int64], groups: NDArray[np.str_], seed: int, share: float, least: int = 1
) -> NDArray[np.bool_]:
    """Choose whole groups at random, until there is the fraction of each class.

    Faces of one photograph or person are alike: same light, same camera, same features. Rare
    classes choose first, and no class gives its last group away.

    Args:
        labels: ``(n,)`` classes.
        groups: ``(n,)`` photograph or person of each face.
        seed: random seed.
        share: fraction of each class, as for `stratified`; it is reached or exceeded, except where
            a class stands on too few groups.
        least: as for `stratified`.

    Returns:
        A mask ``(n,)`` of the chosen faces.
    """
    chosen = np.zeros(len(labels), bool)
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    counts = np.bincount(labels)
    for label in sorted(np.flatnonzero(counts), key=lambda one: int(counts[one])):
        wanted = _held_out(int(counts[label]), share, least)
        for group in order:
            if chosen[labels == label].sum() >= wanted:
                break
            faces = groups == group
            left = np.bincount(labels[~(chosen | faces)], minlength=len(counts))
            if (faces & (labels == label)).any() and not (
                left[np.unique(labels[faces])] == 0
            ).any():
                chosen |= faces
    return chosen


def _held_out(count: int, share: float, least: int) -> int:
    """Return how many faces of a class with so many are held out."""
    few = max(1, min(least, count // 5))
    return max(0, min(max(round(share * count), few), count - 1))


def _draw(source: Source, name: str, seed: int) -> Source:
    train = np.flatnonzero(source.splits == "train")
    labels, least = source.labels[train], _LEAST_FOR_TEST if name == "test" else 1
    if source.groups is None:
        chosen = stratified(labels, source.class_names, seed, HELD_OUT_SHARE, least)
    else:
        chosen = by_group(labels, source.groups[train], seed, HELD_OUT_SHARE, least)
    selected = train[chosen]
    splits = source.splits.astype("<U10")
    splits[selected] = name
    note = Problem(
        name,
        f"the data set names none; {len(selected):,} of {len(train):,} training faces were drawn, "
        f"a tenth of each class, for test a fifth of small ones (split seed {seed}).",
    )
    return replace(source, splits=splits, problems=(*source.problems, note))
