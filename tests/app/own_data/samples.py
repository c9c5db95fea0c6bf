"""Photographs of a visitor, with the fake analyzer's answers, and what they changed in a model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from app.core.budget import MB, Budget
from app.core.jobs import Jobs
from app.core.models.runnable import ModelEntry
from app.core.photo import Answerer, Photo, Upload
from app.core.uploads import UploadLimits
from app.own_data.own_set import OwnFace, OwnSet
from app.own_data.session import OwnSession
from fer.evaluation.report import Adaptation, Change, OwnData, Replay
from fer.labels import EXPRESSION_HEAD
from tests.app.dashboard.samples import evaluation
from tests.app.samples import LABELS, THRESHOLDS, FakeAnalyzer, png, zip_of
from tests.samples import ALWAYS_ANSWERS, FAKE_HEAD, fake_spec

#: What labels may be: what the fake model tells apart, and what only another one knows.
EXPRESSIONS = (*LABELS, "contempt")

HEAD = FAKE_HEAD.model_copy(
    update={
        "abstention": ALWAYS_ANSWERS.model_copy(
            update={"threshold": THRESHOLDS[0], "degraded_threshold": THRESHOLDS[1]}
        )
    }
)
SPEC = fake_spec(HEAD)


def entry(name: str = "fake") -> ModelEntry:
    return ModelEntry(name, Path(name), f"key of {name}", SPEC, bytes=1)


def answerer(name: str = "fake", analyzer: FakeAnalyzer | None = None) -> Answerer:
    return Answerer(analyzer or FakeAnalyzer(SPEC), entry(name).key, name)


_NUMBERS = count(1)


def read_photo(
    name: str,
    data: bytes,
    answerers: Sequence[Answerer] = (),
    *,
    label: str = "",
    cut_out: bool = False,
    number: int = 0,
) -> Photo:
    """Return a photo as a session reads it, with what it keeps of the faces."""
    session = OwnSession(Jobs(0), Budget(MB), UploadLimits(9, MB))
    session.answerers = tuple(answerers) or (answerer(),)
    new = Photo(name, label=label, cut_out=cut_out, number=number or next(_NUMBERS))
    return session.answer(new, data, session.answerers)


def faces_in(photo: Photo) -> list[OwnFace]:
    return [OwnFace(photo, index) for index in range(photo.face_count)]


def own_set(*photos: tuple[str, int]) -> OwnSet:
    own = OwnSet(EXPRESSIONS)
    for seed, (name, faces) in enumerate(photos):
        add(own, name, png(faces, seed=seed))
    return own


def add(own: OwnSet, name: str, data: bytes, label: str = "") -> Photo:
    photo = replace(read_photo(name, data, label=label), read=lambda: data)
    own.put(photo)
    return photo


def small(happy: int = 90, seed: int = 0, side: int = 48) -> bytes:
    out = io.BytesIO()
    PillowImage.new("RGB", (side, side), (1, happy, seed)).save(out, "PNG")
    return out.getvalue()


def archive(files: dict[str, bytes], name: str = "set.zip") -> Upload:
    return Upload(name, zip_of(*files.items()))


def change(data: str, split: str, before: float, after: float) -> Change:
    """Return a change of drawn evaluations; the figures are skills, not accuracies."""
    return Change(
        head=EXPRESSION_HEAD,
        data=data,
        split=split,
        before=evaluation(skill=before),
        after=evaluation(skill=after),
    )


def adaptation(**changes: Any) -> Adaptation:
    fields: dict[str, Any] = {
        "initial_model": "compact",
        "initial_sha256": "a" * 64,
        "own": OwnData(
            name="your-data.zip",
            sha256="b" * 64,
            class_counts={
                "train": {"happy": 15, "sad": 14},
                "validation": {"happy": 2, "sad": 2},
                "test": {"happy": 4, "sad": 4},
            },
            left_out={"contempt": 3},
        ),
        "replay": Replay(
            name="fer2013.npz", sha256="c" * 64, pool=2800, per_epoch=560, of_initial_model=True
        ),
        "own_changes": (change("your-data.zip", "test", 0.5, 4.0),),
        "replay_changes": (change("fer2013.npz", "validation", 3.0, 2.9),),
        "calibration": "fitted",
        "seconds": 125.0,
    }
    return Adaptation(**(fields | changes))
