"""``other_data.json``: what a model's weights reach on data other than their own.

``python -m training evaluate --record`` adds to it. Figures that somebody measured outside this
project stand in it as they were given: what was not said is not there.
"""

from __future__ import annotations

import operator
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field

from fer.evaluation.measurements import Truth, VoteRule
from fer.evaluation.metrics import LabelledEvaluation, wilson_interval
from fer.model.spec import ModelSpec
from fer.records import Positive, Record, RecordFile, Share


class PhotoSearch(Record):
    """Labelled photographs in which faces had to be found; the largest one of each counts.

    Attributes:
        detector: name and version of the detector; empty if it was not said.
        found: number of photographs in which a face was found.
        right: number of those with the right answer; None if it was not said.
        right_restricted: the same among the classes of the data only.
    """

    detector: str = ""
    images: Positive
    found: int
    right: int | None = None
    right_restricted: int | None = None

    @property
    def accuracy(self) -> float | None:
        """Fraction of all photographs with the right answer; None if it is not known."""
        return None if self.right is None else self.right / self.images

    @property
    def restricted_accuracy(self) -> float | None:
        """The same among the classes of the data only."""
        return None if self.right_restricted is None else self.right_restricted / self.images


class StatedClass(Record):
    """What was said of one class; None where nothing was."""

    label: str
    recall: Share | None = None
    f1: Share | None = None


class StatedFigures(Record):
    """What was said of a measurement, rounded as it was; None where nothing was.

    Attributes:
        classes_asked: the classes among which the head had to choose; empty for all that it knows.
        accuracy: fraction of right answers, among `classes_asked` if there are any.
        answered: fraction of the faces that get an answer other than "uncertain".
        answered_accuracy: fraction of these answers that is right.
    """

    count: Positive
    classes_asked: tuple[str, ...] = ()
    accuracy: Share | None = None
    macro_f1: Share | None = None
    calibration_error: Share | None = None
    answered: Share | None = None
    answered_accuracy: Share | None = None
    classes: tuple[StatedClass, ...] = ()


class Group(Record):
    """What is known of faces, told apart `by` something said of the people, such as ``sex``."""

    by: str
    name: str
    count: Positive
    right: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the share of right answers."""
        return wilson_interval(self.right, self.count)


Kind = Literal["test", "validation", "other"]


class OtherData(Record):
    """What one head reaches on data on which its model was neither trained nor chosen.

    Attributes:
        kind: ``test`` for the held-out split of what the model was trained on, ``validation`` for
            that on which its settings were chosen, ``other`` for data of another origin.
        sha256: SHA-256 of the LiteRT file that answered.
        data_sha256: SHA-256 of the data set; empty if it is not known.
        split: empty if the data has none.
        truth: the ground truth; a key of `TRUTHS` or `VOTE_RULES` of `fer.evaluation.measurements`.
        how: whether the images were faces cut out, or photographs in which they had to be found.
        created: when, as ISO 8601.
        figures: the metrics, of photographs those of the faces that were found.
        groups: groups of the faces that were measured apart; empty if none were.
    """

    kind: Kind
    model: str
    sha256: str
    head: str
    blend: dict[str, float] = Field(default_factory=dict)
    data: str
    data_sha256: str = ""
    split: str = ""
    truth: Truth | VoteRule = "label"
    how: Literal["crops", "photos"]
    search: PhotoSearch | None = None
    measured_by: str
    created: str
    note: str = ""
    figures: LabelledEvaluation | StatedFigures
    groups: tuple[Group, ...] = Field(default=(), exclude_if=operator.not_)

    @property
    def count(self) -> int:
        """Number of faces that were measured; of photographs, those that were found."""
        figures = self.figures
        return figures.count if isinstance(figures, StatedFigures) else figures.as_answered.count

    @property
    def accuracy(self) -> float | None:
        """Fraction of right answers where any class may be the answer; None if it is not known."""
        figures = self.figures
        if isinstance(figures, StatedFigures):
            return None if figures.classes_asked else figures.accuracy
        return figures.as_answered.accuracy

    @property
    def restricted_accuracy(self) -> float | None:
        """The same where only some classes may be; None if that was not measured apart."""
        figures = self.figures
        if isinstance(figures, StatedFigures):
            return figures.accuracy if figures.classes_asked else None
        return figures.restricted.accuracy if figures.missing and figures.restricted else None

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 of the classes that occur, any class being a possible answer."""
        figures = self.figures
        if isinstance(figures, StatedFigures):
            return figures.macro_f1
        return figures.as_answered.macro_f1

    def describes(self, spec: ModelSpec) -> bool:
        """Return whether the answers are those of this model as it is now."""
        known = {head.name: head.blend for head in spec.heads}
        return self.sha256 == spec.sha256 and known.get(self.head) == self.blend

    def same_measurement(self, other: OtherData) -> bool:
        """Return whether both say the same thing about the same weights, at different times."""
        fields = ("sha256", "head", "data", "split", "truth", "how")
        return all(getattr(self, name) == getattr(other, name) for name in fields) and (
            isinstance(self.figures, StatedFigures) == isinstance(other.figures, StatedFigures)
        )


class OtherDataFile(RecordFile):
    """All such measurements of a model directory, oldest first; perhaps of earlier weights too."""

    filename: ClassVar[str] = "other_data.json"
    current_version: ClassVar[int] = 1

    version: int = current_version
    records: tuple[OtherData, ...]

    @classmethod
    def load_if_there(cls, directory: Path) -> Self:
        """Read the file of a model directory; without one, there are no records."""
        return cls.load(directory) if (directory / cls.filename).is_file() else cls(records=())

    def of(self, spec: ModelSpec) -> tuple[OtherData, ...]:
        """Return the records of this model as it is now, those of other weights left out."""
        return tuple(record for record in self.records if record.describes(spec))

    def with_record(self, record: OtherData) -> Self:
        """Return the records with a new one, in place of an earlier one of the same measurement.

        Groups that were told apart by something else then stay.
        """
        kept = [old for old in self.records if not old.same_measurement(record)]
        new = {group.by for group in record.groups}
        others = [group for old in self.records if old not in kept for group in old.groups]
        groups = (*(group for group in others if group.by not in new), *record.groups)
        record = record.model_copy(update={"groups": groups})
        return self.model_copy(update={"records": (*kept, record)})
