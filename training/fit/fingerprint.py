"""Fingerprint of a run: everything that determines its result, so that only it can be resumed."""

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

_DEFAULTS: Fingerprint = json.loads(json.dumps(dataclasses.asdict(Preset(name=""))))


def fingerprint(
    preset: Preset,
    train: LabelledFaces,
    *,
    seed: int,
    teachers: Teachers | None,
    initial_model: Path | None,
) -> Fingerprint:
    """Return everything that determines a run's result, JSON-ready; arguments as in `fit`."""
    fields = dataclasses.asdict(preset)
    del fields["name"]  # a run with the same settings under another name is the same run
    start = initial_model / KERAS_FILE if initial_model else None
    record = {
        **fields,
        "seed": seed,
        "faces": _digest(train),
        "teachers": teachers.digests if teachers else (),
        "initial_model": file_sha256(start) if start and start.is_file() else None,
    }
    return dict(json.loads(json.dumps(record)))


def check_same(before: Fingerprint, now: Fingerprint, work_dir: Path) -> None:
    """Check that an interrupted run is the same as the current one.

    Raises:
        DataError: it is another run.
    """
    # A run that started before a setting was added used the setting's default.
    before = _DEFAULTS | before
    changes = [
        f"{name.replace('_', ' ')} {_short(before.get(name))} (now {_short(value)})"
        for name, value in sorted(now.items())
        if before.get(name) != value
    ]
    if changes:
        raise DataError(
            f"{work_dir} holds another run: {'; '.join(changes)}. Go on with its settings, train "
            "without --resume, or name another --work-dir."
        )


def _digest(faces: LabelledFaces) -> str:
    digest = hashlib.sha256()
    for part in (faces.images, faces.labels, faces.votes):
        if part is not None:
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:60]} …" if len(text) > 61 else text
