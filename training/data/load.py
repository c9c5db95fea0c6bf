"""Load data sets of faces, and clean the training split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.labels import FERPLUS_LABELS
from fer.records import file_sha256
from training.data.archives import is_zip, unpacked
from training.data.csv_files import read_unlabelled_table
from training.data.dataset import DataSet, LabelledFaces, UnlabelledFaces, joined
from training.data.ferplus_votes import join
from training.data.folders import read_unlabelled_folder
from training.data.layouts import recognise
from training.data.raw import SPLITS, LoadOptions, Problem, Source
from training.data.splits import SPLIT_SEED, assign_splits

#: FER+ column of the vote "not a face".
NOT_A_FACE = 9


def load(
    path: Path,
    *,
    size: int | None = None,
    channels: int | None = None,
    seed: int = SPLIT_SEED,
    classes: Sequence[str] | None = None,
    column: str | None = None,
    needs_test: bool = False,
) -> DataSet:
    """Load a data set of any supported layout.

    Layouts: ``train/<class>/`` and ``test/<class>/`` with images; a folder per class; what the
    app's page "Your data" writes (``labels.csv`` and ``crops/<class>/``); a CSV file like FER2013's
    with ``emotion``, ``pixels`` and optionally ``Usage``; ``train.csv`` with labels; an ``.npz``
    archive; a ZIP of any of them. They may be nested in up to three folders. A ``fer2013new.csv``
    next to them adds the FER+ votes.

    Splits: splits that the data names are kept. ``Training``, ``PublicTest`` and ``PrivateTest``
    are train, validation and test, also as file name prefixes in a ``test`` folder; a ``train.csv``
    is train. If the data names no split at all, a tenth of each class is drawn for test. If there
    is no validation split, a tenth of each class of train is then drawn for it. Small sets hold out
    more, and faces of one photograph stay together where ``labels.csv`` names it; see
    `training.data.splits`.

    Args:
        path: a file, or a folder.
        size: side in pixels to which images are resized; ``None`` requires images of one size.
        channels: 1 for grey, 3 for RGB; ``None`` for RGB if any image has colour.
        seed: seed of the splits that are drawn.
        classes: names of the classes to keep, aliases such as "anger" allowed; ``None`` for all.
        column: column of a table or array of an ``.npz`` by whose values faces are measured apart;
            they are then the faces' domains.
        needs_test: draw ``test`` from train too where the data names splits, but none for it.

    Returns:
        The splits that have faces. Classes are in FER2013's order if it has all of them, else
        alphabetical.

    Raises:
        DataError: no face can be used, or an argument does not fit the data. Problems with single
            rows or images are in `DataSet.problems`.
    """
    if is_zip(path):
        with unpacked(path) as folder:
            data = load(
                folder,
                size=size,
                channels=channels,
                seed=seed,
                classes=classes,
                column=column,
                needs_test=needs_test,
            )
        return replace(data, name=path.name, sha256=file_sha256(path))
    options = LoadOptions(size, channels, classes, column)
    layout = recognise(path)
    source = layout.read(options)
    name = path.resolve().name
    if column is not None and source.values is None:
        raise DataError(f"{name} has no column {column!r}, for it is no table and no .npz.")
    if not len(source.labels):
        raise DataError(_nothing_usable(name, source.problems))
    if source.votes is None and layout.votes_file is not None:
        votes, problems = join(source, layout.votes_file)
        source = replace(source, votes=votes, problems=(*source.problems, *problems))
    names_splits = bool((source.splits != "").any())
    _check_groups(name, source)
    source = assign_splits(source, seed, needs_test=needs_test)
    splits = _splits(source)
    found = (*source.problems, *_gaps(splits))
    return DataSet(name, layout.sha256(), splits, found, names_splits)


def load_domains(
    places: Sequence[str],
    *,
    size: int | None = None,
    channels: int | None = None,
    seed: int = SPLIT_SEED,
    classes: Sequence[str] | None = None,
    column: str | None = None,
) -> DataSet:
    """Load one data set, or several as domains of one.

    Args:
        places: path of each, perhaps with the name of its domain, as in ``press=faces.npz``;
            otherwise its domain is called after the file.
        size: as for `load`.
        channels: as for `load`.
        seed: as for `load`.
        classes: as for `load`.
        column: as for `load`, of one data set.

    Raises:
        DataError: two domains have one name, the data sets have other classes, or see `load`.
    """
    paths = [domain_of(place) for place in places]
    names = [name for name, _ in paths]
    if len(set(names)) < len(names):
        raise DataError(f"expected a name for each domain, got {', '.join(names)}; say NAME=PATH.")
    return joined(
        {
            name: load(
                path, size=size, channels=channels, seed=seed, classes=classes, column=column
            )
            for name, path in paths
        }
    )


def domain_of(place: str) -> tuple[str, Path]:
    """Return name and path of a domain; see `load_domains`."""
    name, equals, path = place.partition("=")
    if equals and not Path(place).exists():
        return name, Path(path)
    return Path(place).resolve().stem, Path(place)


def unlabelled(
    path: Path, *, size: int | None = None, channels: int | None = None
) -> UnlabelledFaces:
    """Load faces without labels: a CSV file with ``pixels``, or a folder of images.

    Args:
        path: a file such as FER2013's ``test.csv``, or a folder.
        size: as for `load`.
        channels: as for `load`.

    Raises:
        DataError: no face can be read, or the images differ in size and `size` is not given.
    """
    options = LoadOptions(size, channels)
    if path.is_dir():
        source = read_unlabelled_folder(path, options)
    elif path.is_file():
        source = read_unlabelled_table(path).resized(options)
    else:
        raise DataError(f"{path} does not exist. Expected a folder of images, or a CSV file.")
    if not len(source.labels):
        raise DataError(_nothing_usable(path.resolve().name, source.problems))
    return UnlabelledFaces(source.images, source.origins, source.problems)


def clean(train: LabelledFaces, *held_out: LabelledFaces) -> tuple[LabelledFaces, dict[str, int]]:
    """Drop training images that are useless or that leak from a held-out split.

    Returns:
        The remaining faces, and the number of images dropped for each reason: they are blank, most
        FER+ votes say "not a face", or they are identical to an image of a held-out split.
    """
    blank = train.blank()
    no_face = (
        np.zeros(len(train), bool)
        if train.votes is None
        else train.votes[:, NOT_A_FACE] > train.votes.sum(axis=1) / 2
    )
    held_out_digests = [split.digests() for split in held_out]
    leaked = (
        np.isin(train.digests(), np.concatenate(held_out_digests))
        if held_out_digests
        else np.zeros(len(train), bool)
    )
    dropped = {
        "blank": int(blank.sum()),
        "not a face": int((no_face & ~blank).sum()),
        "also held out": int((leaked & ~blank & ~no_face).sum()),
    }
    return train.take(~(blank | no_face | leaked)), dropped


def vote_distribution(votes: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the training targets and sample weights for FER+ votes.

    Args:
        votes: ``(n, 10)`` FER+ votes.

    Returns:
        Targets ``(n, 8)``, the distribution of the votes over the expressions, and weights
        ``(n,)``: 0 for a face without votes for an expression, else 1.
    """
    expression = votes[:, : len(FERPLUS_LABELS)].astype(np.float32)
    total = expression.sum(axis=1, keepdims=True)
    shares = np.divide(expression, total, out=np.zeros_like(expression), where=total > 0)
    return shares, (total[:, 0] > 0).astype(np.float32)


def _splits(source: Source) -> dict[str, LabelledFaces]:
    everything = LabelledFaces(
        source.images,
        source.labels,
        source.class_names,
        source.votes,
        source.origins,
        source.values,
    )
    positions = {name: np.flatnonzero(source.splits == name) for name in SPLITS}
    return {
        name: everything.take(_slice_if_one(index))
        for name, index in positions.items()
        if len(index)
    }


def _slice_if_one(index: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Convert consecutive positions into a slice, which NumPy indexes without a copy."""
    start, stop = int(index[0]), int(index[-1]) + 1
    return slice(start, stop) if stop - start == len(index) else index


def _check_groups(name: str, source: Source) -> None:
    """Refuse a person in two splits: what is learnt by heart would be measured as if it were new.

    Raises:
        DataError: a person or photograph is in several splits that the data names.
    """
    if source.groups is None:
        return
    groups, of_group = np.unique(source.groups, return_inverse=True)
    splits, of_split = np.unique(source.splits, return_inverse=True)
    held = np.zeros((len(groups), len(splits)), bool)
    held[of_group, of_split] = True
    if (torn := groups[held.sum(axis=1) > 1]).size:
        raise DataError(
            f"{name} has {torn.size:,} people or photographs in several splits, such as "
            f"'{torn[0]}'; expected each in one. Move all faces of one to one split."
        )


def _gaps(splits: dict[str, LabelledFaces]) -> list[Problem]:
    """Report a missing train split, and classes without faces."""
    gaps = [] if "train" in splits else [Problem("train", "has no faces; nothing can be trained.")]
    for name, faces in splits.items():
        if missing := [label for label, count in faces.counts().items() if not count]:
            gaps.append(Problem(name, f"has no faces of {', '.join(missing)}."))
    return gaps


def _nothing_usable(name: str, problems: Sequence[Problem]) -> str:
    shown = "".join(f"\n  {problem}" for problem in problems[:5])
    return f"{name} has no face that can be used; {len(problems):,} problems{shown or '.'}"
