"""What a run is: everything that decides its outcome, so that only the same run goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from fer.errors import DataError
from fer.records import file_sha256
from training.data.dataset import LabelledFaces
from training.export.litert import KERAS_FILE
from training.fit.distillation import Teachers
from training.presets.schema import Preset

Fingerprint = dict[str, Any]

_USUAL: Fingerprint = json.loads(json.dumps(dataclasses.asdict(Preset(name=""))))


def fingerprint(
    preset: Preset,
    train: LabelledFaces,
    *,
    seed: int,
    teachers: Teachers | None,
    initial_model: Path | None,
) -> Fingerprint:
    """Return what decides a run's outcome, ready for JSON; arguments as of `fit`."""
    fields = dataclasses.asdict(preset)
    del fields["name"]  # the same settings by another name are the same run
    start = initial_model / KERAS_FILE if initial_model else None
    found = {
        **fields,
        "seed": seed,
        "faces": _digest(train),
        "teachers": teachers.digests if teachers else (),
        "initial_model": file_sha256(start) if start and start.is_file() else None,
    }
    return dict(json.loads(json.dumps(found)))


def check_same(before: Fingerprint, now: Fingerprint, work_dir: Path) -> None:
    """Check that a run that was begun before is the one to go on with.

    Raises:
        DataError: it is another one.
    """
    # A run that is older than a setting had what is usual.
    before = _USUAL | before
    other = [
        f"{name.replace('_', ' ')} {_short(before.get(name))} (now {_short(value)})"
        for name, value in sorted(now.items())
        if before.get(name) != value
    ]
    if other:
        raise DataError(
            f"{work_dir} holds another run: {'; '.join(other)}. Go on with its settings, train "
            "without --resume, or name another --work-dir."
        )


def _digest(faces: LabelledFaces) -> str:
    found = hashlib.sha256()
    for part in (faces.images, faces.labels, faces.votes):
        if part is not None:
            found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:60]} …" if len(text) > 61 else text
