"""Write several files that appear whole, all of them, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_files(targets: Sequence[Path]) -> Iterator[list[Path]]:
    """Let files be written under other names, and give them theirs when all is done.

    Whatever ends the writing early, Ctrl-C too, takes all of them away. Files that were there
    before are replaced at the end, each at once; who has opened one reads on in the old one.

    Args:
        targets: what the files shall be called; their folders must exist.

    Yields:
        Where to write instead: one path per target in the same folder, with the same ending.

    Raises:
        OSError: one of them could not be written; what is at a target is no file.
    """
    for target in targets:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has the name of a file", str(target))
    # Short, since the name of a target may already be as long as names may be.
    token = secrets.token_hex(6)
    parts = [t.with_name(f".{token}-{i}{t.suffix}") for i, t in enumerate(targets)]
    placed: list[Path] = []
    try:
        for part in parts:  # what cannot be written is better known now than after hours of work
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
