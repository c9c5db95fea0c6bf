"""Observations as a device would send them, written in Python for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer.ondevice.wire import BELIEVED, BLACK, CUT, HEADER, VERSION, face_type
from fer.tracking.observation import Appearance, Observation
from fer.types import Detections


def packed(
    seen: Observation,
    *,
    number: int = 1,
    seconds: float = 0.0,
    milliseconds: Sequence[float] = (4.0, 1.0, 2.0, 8.0, 3.0),
    received: int = 3,
    shown: int = 3,
    black: bool = False,
    cut: bool = False,
    local_ids: Sequence[int] | None = None,
    believed: Sequence[bool] | None = None,
    **header: float,
) -> bytes:
    """Return an observation as bytes; `header` has values to put in the place of the true ones."""
    scores = np.concatenate(list(seen.logits.values()), axis=1)
    head = np.zeros((), HEADER)
    facts = {
        "version": VERSION,
        "flags": BLACK * black | CUT * cut,
        "width": seen.size[0],
        "height": seen.size[1],
        "faces": len(seen),
        "logits": scores.shape[1],
        "number": number,
        "seconds": seconds,
        "milliseconds": milliseconds,
        "received": received,
        "shown": shown,
    }
    for name, value in (facts | header).items():
        head[name] = value
    faces = np.zeros(len(seen), face_type(scores.shape[1]))
    faces["box"], faces["score"] = seen.detections.xyxy, seen.detections.score
    faces["points"] = seen.detections.landmarks.reshape(-1, 12)
    faces["evidence"] = seen.evidence
    faces["issues"] = (seen.issues << np.arange(seen.issues.shape[1])).sum(axis=1)
    if believed is not None:
        faces["issues"] |= np.uint8(BELIEVED) * np.array(believed, np.uint8)
    faces["id"] = range(1, len(seen) + 1) if local_ids is None else local_ids
    faces["logits"] = scores
    faces["visible"] = np.rint(255 * seen.looks.visible)
    faces["colours"] = np.rint(255 * seen.looks.colours).reshape(-1, 4 * 43)
    return head.tobytes() + faces.tobytes()


def nobody(outputs: dict[str, int], size: tuple[int, int] = (640, 480)) -> Observation:
    """Return what is seen where nobody is, by a network with outputs of so many scores."""
    return Observation(
        size,
        Detections.empty(),
        Appearance(np.zeros((0, 4, 43), np.float32), np.zeros((0, 4), np.float32)),
        np.zeros((0, 4), np.bool_),
        {name: np.zeros((0, scores), np.float32) for name, scores in outputs.items()},
        np.zeros(0, np.float32),
    )
