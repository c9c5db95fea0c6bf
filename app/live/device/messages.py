"""What the page in the browser sends, and what it is answered. Does not use Streamlit.

The browser belongs to its visitor, so whatever comes is checked before anything is done with it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fer.errors import WireError
from fer.model.spec import ModelSpec
from fer.ondevice.wire import SeenFrame, read_observation, split

#: Most characters of a batch, and of all batches of a message, and most batches. A browser sends
#: less, see `LIMITS` of ``batches.js``; this bounds the work that a message makes.
MAX_BATCH, MAX_MESSAGE, MAX_BATCHES = 100_000, 400_000, 5000

#: Whole numbers that a browser counts exactly.
_Count = Annotated[int, Field(ge=0, le=2**53)]
_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class Batch(BaseModel):
    """Observations, in the order of their times.

    Attributes:
        number: counts the batches of a run, from 1.
        observations: base64; see `fer.ondevice.wire`.
    """

    model_config = ConfigDict(strict=True)

    number: Annotated[_Count, Field(ge=1)]
    observations: Annotated[str, Field(max_length=MAX_BATCH)]

    def frames(self, spec: ModelSpec | None) -> Iterator[SeenFrame | WireError]:
        """Yield what each observation says, or why it cannot be read.

        Args:
            spec: describes the model that has answered; None if it is not known.
        """
        try:
            parts = split(base64.b64decode(self.observations, validate=True))
        except ValueError as error:
            yield WireError(f"expected base64: {error}")
            return
        except WireError as error:
            yield error
            return
        for part in parts:
            try:
                if spec is None:
                    raise WireError("expected a model that is known here")
                yield read_observation(part, spec)
            except WireError as error:
                yield error


class Message(BaseModel):
    """All that the server is not known to have of one run.

    Attributes:
        run: name of the run: from a start, with one model, until the record is cleared.
        life: how often the record had been cleared when the run began.
        model: key of the model that answers on the device.
        first: number of the oldest batch that the browser has; earlier ones will not come any more.
        batches: in the order of their numbers.
        age: seconds since the newest of the observations was made.
        dropped: how many observations the browser could not keep.
    """

    model_config = ConfigDict(strict=True)

    run: _Name
    life: _Count
    model: _Name
    first: Annotated[_Count, Field(ge=1)]
    batches: Annotated[list[Batch], Field(max_length=MAX_BATCHES)]
    age: _Seconds
    dropped: _Count = 0

    @field_validator("batches")
    @classmethod
    def _check_size(cls, batches: list[Batch]) -> list[Batch]:
        if sum(len(batch.observations) for batch in batches) > MAX_MESSAGE:
            raise ValueError(f"expected at most {MAX_MESSAGE} characters")
        return batches

    @classmethod
    def of(cls, told: object) -> Message:
        """Read what a browser sent.

        Raises:
            WireError: it is no message.
        """
        try:
            return cls.model_validate(_plain(told))
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(step) for step in problem["loc"])
            raise WireError(f"{place or 'message'}: {problem['msg']}") from None


def _plain(told: object) -> object:
    """Return mappings of any kind as dicts, as far down as a message goes."""
    if not isinstance(told, Mapping):
        return told
    plain = dict(told)
    if isinstance(batches := plain.get("batches"), list):
        plain["batches"] = [dict(b) if isinstance(b, Mapping) else b for b in batches]
    return plain


@dataclass(frozen=True)
class Reply:
    """What the browser is told.

    Attributes:
        run: the run that it is about; "" if there was none yet.
        acknowledged: number of the last batch of it that is here without a gap.
        people: number of the person by the device's own number of the face; 0 as long as there is
            none.
        wanted: the device's own numbers of faces to look at closely.
    """

    run: str = ""
    acknowledged: int = 0
    people: dict[int, int] = field(default_factory=dict)
    wanted: tuple[int, ...] = ()

    def data(self) -> dict[str, Any]:
        """Return the same as JSON has it."""
        people = {str(local): number for local, number in self.people.items()}
        return {**asdict(self), "people": people, "wanted": list(self.wanted)}
