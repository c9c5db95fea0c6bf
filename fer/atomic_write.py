"""Where a command may write, and files and folders that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

from fer.errors import OutputError

#: What a model directory may have in it; one with anything else is not replaced.
_MODEL_FILES = {
    *("model.keras", "model.tflite", "spec.json", "report.json", "predictions.npz"),
    *("further_predictions.npz", "mistakes.json", "other_data.json"),
}


def check_files(
    targets: Iterable[Path], *, reads: Iterable[Path] = (), overwrite: bool = False
) -> None:
    """Raise OutputError before the work if a file cannot be written, is read too, or must stay."""
    read = {os.path.realpath(file) for file in reads}  # `Path.resolve` fails for a loop of links
    for target in targets:
        if os.path.realpath(target) in read:
            raise OutputError(f"{target} is what shall be read. Name another file.")
        if target.is_dir():
            raise OutputError(f"{target} is a folder; expected the name of a file.")
        if os.path.exists(target) and not overwrite:
            raise OutputError(
                f"{target} is there already. Name another place, or replace it with --overwrite."
            )
        check_folder(target.parent)


def check_folder(folder: Path) -> None:
    """Raise OutputError if a folder cannot be made and written to; leave no trace."""
    missing = list(takewhile(lambda one: not os.path.exists(one), (folder, *folder.parents)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"{folder} is a file, or in one; expected a folder.") from error
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written to: {error.strerror}. Name another folder."
        ) from error
    finally:
        for one in missing:
            with suppress(OSError):
                one.rmdir()


def check_model_directory(
    directory: Path, *, reads: Iterable[Path] = (), overwrite: bool = False
) -> None:
    """Raise OutputError before the work if a model cannot be written, or costs something else.

    The directory must be new or empty, or, if it may be replaced, a model directory.
    """
    if directory.name in ("", ".."):
        raise OutputError(f"expected a directory such as models/mine, got '{directory}'.")
    place = directory.resolve()
    for one in reads:
        read = one.resolve()
        if place == read or place in read.parents or read in place.parents:
            raise OutputError(
                f"{directory} is what shall be read, or around or inside it ({one}). Name another "
                "directory."
            )
    there = os.path.exists(directory)  # unlike Path.exists, also where the name is too long
    if there and not directory.is_dir():
        raise OutputError(f"{directory} is a file; expected a new or empty directory.")
    found = {file.name for file in directory.iterdir()} if there else set()
    is_model = bool(found & {"spec.json", "report.json"})
    if other := sorted(found - _MODEL_FILES if is_model else found):
        raise OutputError(
            f"{directory} has something else than a model in it, such as {other[0]}. Name a new or "
            "empty directory."
        )
    if found and not overwrite:
        raise OutputError(
            f"{directory} has a model in it. Name another directory, or replace the model with "
            "--overwrite."
        )
    check_folder(directory.parent)
    check_folder(directory)


def replace_folder(new: Path, place: Path) -> None:
    """Let a folder stand at a place, in place of what stands there, which stays if that fails.

    The new one must be on the same disk, and the only one in its own folder.
    """
    old = new.with_name(f"{new.name}-replaced")
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        if old.exists():
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def naming_full_disk(folder: Path) -> Iterator[None]:
    """Name a folder in the OSError of a full disk, since that of a write has no path."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        problem = f"{os.strerror(error.errno)}; make room, or name another folder"
        raise OSError(error.errno, problem, str(folder)) from error


@contextmanager
def atomic_write(targets: Sequence[Path]) -> Iterator[list[Path]]:
    """Let files be written under other names, and give them theirs when all is done.

    Whatever ends the writing early, Ctrl-C too, takes all of them away. Files that were there
    before are replaced at the end, each at once; who has opened one reads on in the old one.

    Yields:
        Where to write instead: one path per target in the same folder, which must exist, with the
        same ending.

    Raises:
        OSError: one of them could not be written; what is at a target is no file. It names the
            folder if the disk is full.
    """
    for target in targets:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has the name of a file", str(target))
    # Short, since the name of a target may already be as long as names may be.
    token = secrets.token_hex(6)
    parts = [t.with_name(f".{token}-{i}{t.suffix}") for i, t in enumerate(targets)]
    placed: list[Path] = []
    with naming_full_disk(targets[0].parent if targets else Path()):
        try:
            for part in parts:  # what cannot be written is better known before hours of work
                part.touch()
                part.unlink()
            yield parts
            for part, target in zip(parts, targets, strict=True):
                new = not target.exists()
                os.replace(part, target)
                if new:
                    placed.append(target)
        except BaseException:
            for file in (*parts, *placed):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
            raise
