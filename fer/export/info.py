"""What an export says about all of its answers: when they were made, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from fer.model.spec import ModelSpec


@dataclass(frozen=True)
class ExportInfo:
    """When answers were made, and with which model and detector.

    Attributes:
        time: date, time and zone; of a session, those of its first frame.
        model: name of the model.
        sha256: SHA-256 of the model's file.
        detector: name and version of what found the faces; see `fer.detection.version`.
        heads: labels of each head of the model, by its name.
        others: name and SHA-256 of each further model that answered, where that was changed.
    """

    time: datetime
    model: str
    sha256: str
    detector: str
    heads: dict[str, tuple[str, ...]]
    others: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError(f"expected a time with its zone, got {self.time.isoformat()}")

    @classmethod
    def of(cls, spec: ModelSpec, detector: str, time: datetime) -> ExportInfo:
        """Describe an export of answers of a model."""
        heads = {head.name: head.labels for head in spec.heads}
        return cls(time, spec.name, spec.sha256, detector, heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """The distinct labels of all heads, in order of first occurrence."""
        return tuple(dict.fromkeys(chain.from_iterable(self.heads.values())))

    @property
    def iso_time(self) -> str:
        """The time in ISO 8601, to the second."""
        return self.time.isoformat(timespec="seconds")

    def iso_time_after(self, seconds: float) -> str:
        """Return the time after so many seconds, in ISO 8601 with milliseconds and zone."""
        # `isoformat` cuts off what is below a millisecond.
        when = self.time + timedelta(seconds=seconds, microseconds=500)
        return when.isoformat(timespec="milliseconds")

    def record(self) -> dict[str, object]:
        """Return model and detector as a JSON-ready object; all models where there are several."""
        first, *others = [
            {"name": name, "sha256": sha256}
            for name, sha256 in ((self.model, self.sha256), *self.others)
        ]
        several = {"models": [first, *others]} if others else {}
        return {"model": first, **several, "detector": self.detector}
