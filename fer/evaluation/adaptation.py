"""What teaching a trained model further images changed: part of a report."""

from __future__ import annotations

from typing import Literal

from fer.evaluation.metrics import Evaluation
from fer.records import Record, Share

#: Where temperatures and thresholds are from, as sentences for users.
CALIBRATIONS = {
    "fitted": "Temperatures and thresholds were fitted on the replayed data's validation split "
    "together with one's own.",
    "own": "Temperatures and thresholds were fitted on one's own images held out; those of the "
    "FER+ head are kept unless the images have votes.",
    "kept": "Temperatures and thresholds are those of the initial model, though it says other "
    "things now: the images held out are too few to fit them.",
}
Calibration = Literal["fitted", "own", "kept"]


class Given(Record):
    """The answers other than "uncertain".

    Attributes:
        answered: fraction of the faces that get one.
        right: fraction of these answers that is right; 0 without any.
    """

    answered: Share
    right: Share


class Change(Record):
    """What a head answers to the same faces before and after.

    Attributes:
        head: name of the head.
        data: name of the data set.
        split: name of the split.
        before: metrics of the initial model.
        after: metrics of the taught one.
        given_before: which of them the initial model answers; None in older reports.
        given_after: which of them the taught one answers, with its thresholds.
    """

    head: str
    data: str
    split: str
    before: Evaluation
    after: Evaluation
    given_before: Given | None = None
    given_after: Given | None = None

    @property
    def gained(self) -> float:
        """Difference of the accuracies, −1…1."""
        return self.after.accuracy - self.before.accuracy


class OwnData(Record):
    """The images that a model was taught.

    Attributes:
        name: name of the file or folder.
        sha256: SHA-256 of it.
        class_counts: number of images per split and class.
        left_out: number of images per class that the model does not know.
    """

    name: str
    sha256: str
    class_counts: dict[str, dict[str, int]]
    left_out: dict[str, int]

    @property
    def learnt(self) -> int:
        """Number of images that were learnt from."""
        return sum(self.class_counts["train"].values())


class Replay(Record):
    """What was replayed beside them.

    Attributes:
        name: name of the data set.
        sha256: SHA-256 of it.
        pool: number of faces that were drawn from.
        per_epoch: number of faces drawn for each epoch.
        of_initial_model: whether the initial model had been trained on this very data set.
    """

    name: str
    sha256: str
    pool: int
    per_epoch: int
    of_initial_model: bool


class Adaptation(Record):
    """What teaching a trained model further images changed.

    Attributes:
        initial_model: name of the model that was taught.
        initial_sha256: SHA-256 of its LiteRT file.
        own: the images.
        replay: what was replayed; None if nothing was.
        own_changes: before and after on the images held out, of each head that knows these
            classes.
        replay_changes: before and after on the validation split of what was replayed, where
            forgetting shows; empty if nothing was.
        calibration: where temperatures and thresholds are from, a key of `CALIBRATIONS`.
        seconds: wall-clock time of the training, without measuring.
    """

    initial_model: str
    initial_sha256: str
    own: OwnData
    replay: Replay | None
    own_changes: tuple[Change, ...]
    replay_changes: tuple[Change, ...]
    calibration: Calibration
    seconds: float
