"""What fine-tuning a model changed, made up."""

from __future__ import annotations

from typing import Any

from fer.evaluation.report import Adaptation, Change, OwnData, Replay
from fer.labels import EXPRESSION_HEAD
from tests.app.dashboard.samples import evaluation


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
    """Return what fine-tuning `compact` on drawn faces changed."""
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
