"""Load data sets of faces: read, joined with votes, split; and clean the training split."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PureWindowsPath
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError, failures_as
from fer.images import MAX_BYTES, MIN_SIDE, SUFFIXES
from fer.labelled.archives import (
    MB,
    UnpackError,
    contents,
    is_folder,
    open_tar,
    refusal,
    tar_contents,
    tar_refusal,
)
from fer.labelled.names import is_system
from fer.labels import FERPLUS_LABELS
from fer.records import file_sha256
from training.data.dataset import SPLITS, DataSet, Form, LabelledFaces, Problem, joined
from training.data.layouts import fit_images, read_unlabelled_folder, recognise
from training.data.tables import read_unlabelled_table, with_votes

#: FER+ column of the vote "not a face".
NOT_A_FACE = 9

#: Fraction of each class that is held out.
HELD_OUT_SHARE = 0.1

#: Of a small class a fifth is held out for test, up to so many faces: fewer would say nothing.
_LEAST_FOR_TEST = 4

#: Default seed of drawn splits. It is the same for every command and independent of the training
#: seed, because a student must not be evaluated on faces that its teacher was trained on.
SPLIT_SEED = 0

#: Tables and archives of arrays, which are larger than images.
_TABLES = ("csv", "tsv", "npz")

#: What is unpacked of a ZIP at most: files and folders, bytes of a table, and bytes of all files.
MAX_ENTRIES = 200_000
MAX_TABLE_BYTES = 1024 * MB
MAX_TOTAL_BYTES = 4096 * MB


def load(
    path: Path, *, seed: int = SPLIT_SEED, needs_test: bool = False, **form: Unpack[Form]
) -> DataSet:
    """Load a data set of any layout of `training.data.layouts.EXPECTED`, up to three folders deep.

    A ``fer2013new.csv`` next to it adds the FER+ votes. Splits that the data names are kept:
    ``Training``, ``PublicTest`` and ``PrivateTest`` are train, validation and test, also as file
    name prefixes in a ``test`` folder; a ``train.csv`` is train. Others are drawn, see
    `assign_splits`, whose arguments these are.

    Returns:
        The splits that have faces. Classes are in FER2013's order if it has all of them, else
        alphabetical.

    Raises:
        DataError: no face can be used, or an argument does not fit the data. Problems with single
            rows or images are in `DataSet.problems`.
    """
    if is_zip(path) or is_tar(path):
        with unpacked(path) as folder:
            data = load(folder, seed=seed, needs_test=needs_test, **form)
        return replace(data, name=path.name, sha256=file_sha256(path))
    _check(form)
    layout, name, column = recognise(path), path.resolve().name, form.get("column")
    faces = layout.read(form)
    if column is not None and faces.domains is None:
        raise DataError(f"{name} has no column {column!r}, for it is no table and no .npz.")
    _check_usable(name, faces)
    if faces.votes is None and layout.votes_file is not None:
        faces = with_votes(faces, layout.votes_file)
    assert faces.splits is not None
    names_splits = bool((faces.splits != "").any())
    _check_groups(name, faces)
    faces = assign_splits(faces, seed, needs_test=needs_test)
    bare = replace(faces, splits=None, rows=None, groups=None, problems=())
    positions = {split: np.flatnonzero(faces.splits == split) for split in SPLITS}
    splits = {n: bare.take(_slice_if_one(index)) for n, index in positions.items() if len(index)}
    gaps = [] if "train" in splits else [Problem("train", "has no faces; nothing can be trained.")]
    for split, part in splits.items():
        if missing := [label for label, count in part.counts().items() if not count]:
            gaps.append(Problem(split, f"has no faces of {', '.join(missing)}."))
    return DataSet(name, layout.sha256(), splits, (*faces.problems, *gaps), names_splits)


def is_zip(path: Path) -> bool:
    """Return whether a path is a file that is called a ZIP."""
    return path.suffix.lower() == ".zip" and path.is_file()


def is_tar(path: Path) -> bool:
    """Return whether a path is a file that is called a ``.tar.gz``."""
    return path.name.lower().endswith((".tar.gz", ".tgz")) and path.is_file()


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack the images and tables of a ZIP, or the tables of a ``.tar.gz``.

    The folder is gone after the ``with`` block.

    Raises:
        DataError: it is no such archive, damaged, encrypted or too large, or has a path that leads
            out.
    """
    with tempfile.TemporaryDirectory(prefix="fer-data-") as folder:
        with failures_as(lambda error: DataError(f"{path.name} cannot be unpacked: {error}")):
            if is_tar(path):
                _unpack_tar(path, Path(folder))
            else:
                with zipfile.ZipFile(path) as archive:
                    _unpack(archive, Path(folder), path.name)
        yield Path(folder)


def _unpack_tar(path: Path, folder: Path) -> None:
    with open_tar(path, MAX_TOTAL_BYTES) as archive:
        for number, entry in enumerate(archive, start=1):
            if number > MAX_ENTRIES:
                raise DataError(f"{path.name} has more than {MAX_ENTRIES:,} entries.")
            if reason := tar_refusal(entry):
                raise DataError(f"{entry.name!r} in {path.name} {reason}")
            inner = PureWindowsPath(entry.name)  # which knows both kinds of slashes
            suffix = inner.suffix.lower().lstrip(".")
            if entry.isdir() or is_system(entry.name) or suffix not in _TABLES:
                continue
            _write(tar_contents(archive, entry, MAX_TABLE_BYTES), inner, folder)


def _unpack(archive: zipfile.ZipFile, folder: Path, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise DataError(f"{name} has {len(entries):,} entries; at most {MAX_ENTRIES:,} are read.")
    total = 0
    for entry in entries:
        if reason := refusal(entry, entry.filename):
            raise DataError(f"{entry.filename!r} in {name} {reason}")
        inner = PureWindowsPath(entry.filename)  # which knows both kinds of slashes
        suffix = inner.suffix.lower().lstrip(".")
        if is_folder(entry) or is_system(entry.filename) or suffix not in (*SUFFIXES, *_TABLES):
            continue
        most = MAX_TABLE_BYTES if suffix in _TABLES else MAX_BYTES
        parts = contents(archive, entry, min(most, MAX_TOTAL_BYTES - total))
        try:
            total += _write(parts, inner, folder)
        except UnpackError as error:
            raise DataError(f"{entry.filename!r} in {name} {error}") from error


def _write(parts: Iterable[bytes], inner: PureWindowsPath, folder: Path) -> int:
    """Write a file of an archive to its path in a folder; return its size in bytes."""
    target = folder.joinpath(*inner.parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        for part in parts:
            out.write(part)
    return target.stat().st_size


def load_domains(places: Sequence[str], *, seed: int = SPLIT_SEED, **form: Unpack[Form]) -> DataSet:
    """Load one data set, or several as domains of one; see `load`.

    A domain is called after its file, or as in ``press=faces.npz``.

    Raises:
        DataError: two domains have one name, the data sets have other classes, or see `load`.
    """
    paths = [domain_of(place) for place in places]
    names = [name for name, _ in paths]
    if len(set(names)) < len(names):
        raise DataError(f"expected a name for each domain, got {', '.join(names)}; say NAME=PATH.")
    return joined({name: load(path, seed=seed, **form) for name, path in paths})


def domain_of(place: str) -> tuple[str, Path]:
    """Return name and path of a domain; see `load_domains`."""
    name, equals, path = place.partition("=")
    if equals and not Path(place).exists():
        return name, Path(path)
    return Path(place).resolve().stem, Path(place)


def unlabelled(path: Path, **form: Unpack[Form]) -> LabelledFaces:
    """Load faces without labels: a CSV file with ``pixels``, or a folder of images.

    Raises:
        DataError: no face can be read, or the images differ in size and none is given.
    """
    _check(form)
    if path.is_dir():
        faces = read_unlabelled_folder(path, form)
    elif path.is_file():
        faces = read_unlabelled_table(path)
        images = fit_images(faces.images, form.get("size"), form.get("channels"))
        faces = replace(faces, images=images)
    else:
        raise DataError(f"{path} does not exist. Expected a folder of images, or a CSV file.")
    _check_usable(path.resolve().name, faces)
    return faces


def clean(train: LabelledFaces, *held_out: LabelledFaces) -> tuple[LabelledFaces, dict[str, int]]:
    """Drop training images that are useless or that leak from a held-out split.

    Returns the other faces, and the number of images dropped for each reason: they are blank, most
    FER+ votes say "not a face", or they are identical to an image of a held-out split.
    """
    blank, no_face, leaked = train.blank(), np.zeros(len(train), bool), np.zeros(len(train), bool)
    if train.votes is not None:
        no_face = train.votes[:, NOT_A_FACE] > train.votes.sum(axis=1) / 2
    if held_out:
        leaked = np.isin(train.digests(), np.concatenate([part.digests() for part in held_out]))
    dropped = {
        "blank": int(blank.sum()),
        "not a face": int((no_face & ~blank).sum()),
        "also held out": int((leaked & ~blank & ~no_face).sum()),
    }
    return train.take(~(blank | no_face | leaked)), dropped


def vote_distribution(votes: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the training targets and sample weights for FER+ votes.

    Targets ``(n, 8)`` are the distribution of the votes over the expressions; weights ``(n,)`` are
    0 for a face without votes for an expression, else 1.
    """
    expression = votes[:, : len(FERPLUS_LABELS)].astype(np.float32)
    total = expression.sum(axis=1, keepdims=True)
    shares = np.divide(expression, total, out=np.zeros_like(expression), where=total > 0)
    return shares, (total[:, 0] > 0).astype(np.float32)


def _slice_if_one(index: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Convert consecutive positions into a slice, which NumPy indexes without a copy."""
    start, stop = int(index[0]), int(index[-1]) + 1
    return slice(start, stop) if stop - start == len(index) else index


def _check_groups(name: str, faces: LabelledFaces) -> None:
    """Refuse a person in two splits: what is learnt by heart would be measured as if new."""
    if faces.groups is None or faces.splits is None:
        return
    pairs = np.unique(np.stack([faces.groups, faces.splits]), axis=1)[0]
    groups, splits = np.unique(pairs, return_counts=True)
    if (torn := groups[splits > 1]).size:
        raise DataError(
            f"{name} has {torn.size:,} people or photographs in several splits, such as "
            f"'{torn[0]}'; expected each in one. Move all faces of one to one split."
        )


def _check(form: Form) -> None:
    size, channels = form.get("size"), form.get("channels")
    if size is not None and size < MIN_SIDE:
        raise DataError(f"expected a size of at least {MIN_SIDE} pixels, got {size}.")
    if channels not in (None, 1, 3):
        raise DataError(f"expected 1 channel (grey) or 3 (RGB), got {channels}.")


def _check_usable(name: str, faces: LabelledFaces) -> None:
    if not len(faces):
        shown = "".join(f"\n  {problem}" for problem in faces.problems[:5])
        count = len(faces.problems)
        raise DataError(f"{name} has no face that can be used; {count:,} problems{shown or '.'}")


def assign_splits(faces: LabelledFaces, seed: int, *, needs_test: bool = False) -> LabelledFaces:
    """Assign a split to every face; those of one photograph or person get the same.

    If no face has a split, a tenth of each class becomes ``test``, of a small class a fifth; with
    `needs_test` also if the data names splits, but no test. If there is then no ``validation``, a
    tenth of each class of ``train`` becomes ``validation``. Drawn splits are reported in
    ``problems``, because metrics on them cannot be compared with other publications.
    """
    assert faces.splits is not None
    if (faces.splits == "").all():
        faces = replace(faces, splits=np.full(len(faces), "train"))
        needs_test = True
    for name in ("test", "validation") if needs_test else ("validation",):
        train = np.flatnonzero(faces.splits == "train")
        if np.any(faces.splits == name) or not len(train):
            continue
        labels, least = faces.labels[train], _LEAST_FOR_TEST if name == "test" else 1
        if faces.groups is None:
            chosen = stratified(labels, faces.class_names, seed, HELD_OUT_SHARE, least)
        else:
            chosen = by_group(labels, faces.groups[train], seed, HELD_OUT_SHARE, least)
        splits = np.asarray(faces.splits).astype("<U10")
        splits[train[chosen]] = name
        message = (
            f"the data set names none; {chosen.sum():,} of {len(train):,} training faces were "
            "drawn, a tenth of each class, for test a fifth of small ones (split seed "
            f"{seed})."
        )
        problems = (*faces.problems, Problem(name, message))
        faces = replace(faces, splits=splits, problems=problems)
    return faces


def stratified(
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    seed: int,
    share: float,
    least: int = 1,
) -> NDArray[np.bool_]:
    """Choose a random fraction of each class, and return a mask ``(n,)``.

    It depends only on the seed, the class name and the number of faces of the class, so a subset of
    the classes is split in the same way as the complete set. At least one face of a class with two
    or more is chosen, and never all; if the fraction is fewer than `least`, a fifth, up to these.
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
    """Choose whole groups at random, until there is the fraction of each class; a mask ``(n,)``.

    Faces of one photograph or person are alike: same light, same camera, same features. Rare
    classes choose first, and no class gives its last group away. The fraction, as for `stratified`,
    is reached or exceeded, except where a class stands on too few groups.
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
