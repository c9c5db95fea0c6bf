"""What the component in the browser sends, and what it is answered. Does not use Streamlit.

The browser belongs to its visitor, so whatever comes is checked. Its side is ``page/protocol.js``
of ``ondevice``: numbered batches of observations, sent again until they are acknowledged. So
nothing is lost, and nothing counts twice.
"""

from __future__ import annotations

import base64
import math
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.live.streaming.session import LiveModel, LiveSession
from fer.errors import WireError
from fer.ondevice.wire import SeenFrame, read_observation, split

#: Most characters of a batch and of all batches of a message, and most batches; browsers send less.
MAX_BATCH, MAX_MESSAGE, MAX_BATCHES = 100_000, 400_000, 5000

#: Phases that the browser may report; see `PhaseName` in ``ondevice``.
_PHASES = ("idle", "loading", "running", "paused", "ended", "failed", "unable")

#: Longest code or detail that is kept of what a browser says.
_MAX_LENGTH = 200

#: Seconds by which messages may be quicker on the way than the one by which the clock was set; and
#: by which a device's clock must be behind, in so many messages one after another, to be set: it
#: stands still while a computer sleeps.
_QUICKER, _BEHIND, _MESSAGES = 0.25, 3.0, 6

#: How fast time goes, as a share, where it must not go backwards; and after how many seconds of it
#: no difference to the frame before is made any more.
_SLOWLY, _GAP = 0.5, 1.0

#: Seconds after a gap during which the device's earlier close looks at a face are believed: the
#: server has not had them, and asks for few looks at a time.
_TRUSTING_SECONDS = 2.0

#: Seconds before which nothing can have been that comes now: browsers keep nothing for so long.
_OLDEST = 3600.0

#: Runs that are remembered, so that nothing of them counts twice; models whose answers may still be
#: on their way when another has been chosen; and faces whose numbers the device is told.
_MAX_RUNS, _MAX_MODELS, _MAX_PEOPLE = 64, 4, 128

#: Frames and faces that are taken of a device in a second, and at once after a pause: more than any
#: sees, and what it kept while its connection was lost. One costs about 0.2 ms.
RATE, BURST = 400, 4000

#: Whole numbers that a browser counts exactly.
_Count = Annotated[int, Field(ge=0, le=2**53)]
_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


@dataclass(frozen=True)
class Report:
    """The state of the component in the browser."""

    #: One of `_PHASES`; ``unable`` if the browser cannot analyse at all.
    phase: str = "idle"
    #: What went wrong: ``camera``, or what the worker tells; "" if nothing did.
    code: str = ""
    #: More about it, in the browser's words; not for visitors.
    detail: str = ""

    @classmethod
    def of(cls, sent: object) -> Report:
        """Read what a browser sent, which may be anything; what is no report counts as idle."""
        if not isinstance(sent, Mapping) or sent.get("phase") not in _PHASES:
            return cls()
        texts = (sent.get("code"), sent.get("detail"))
        return cls(sent["phase"], *(t[:_MAX_LENGTH] if isinstance(t, str) else "" for t in texts))

    @property
    def active(self) -> bool:
        """Whether the camera is on, or about to be."""
        return self.phase in ("loading", "running", "paused")

    @property
    def problem(self) -> str:
        """Why this browser cannot analyse; "" if nothing is known against it."""
        return self.code if self.phase == "unable" else ""


class Batch(BaseModel):
    """Observations, in the order of their times."""

    model_config = ConfigDict(strict=True)

    #: Counts the batches of a run, from 1.
    number: Annotated[_Count, Field(ge=1)]
    #: In base64; see `fer.ondevice.wire`.
    observations: Annotated[str, Field(max_length=MAX_BATCH)]


class Message(BaseModel):
    """All that the server is not known to have of one run."""

    model_config = ConfigDict(strict=True)

    #: Name of the run: from a start, with one model, until the record is cleared.
    run: _Name
    #: The one of the record when the run began.
    generation: _Count
    #: Key of the model that answers on the device.
    model: _Name
    #: Number of the oldest batch that the browser has; earlier ones will not come any more.
    first: Annotated[_Count, Field(ge=1)]
    #: In the order of their numbers.
    batches: Annotated[list[Batch], Field(max_length=MAX_BATCHES)]
    #: Seconds since the newest of the observations was made.
    age: _Seconds
    #: How many observations the browser could not keep.
    dropped: _Count = 0

    @field_validator("batches")
    @classmethod
    def _check_size(cls, batches: list[Batch]) -> list[Batch]:
        if sum(len(batch.observations) for batch in batches) > MAX_MESSAGE:
            raise ValueError(f"expected at most {MAX_MESSAGE} characters")
        return batches

    @classmethod
    def of(cls, sent: object) -> Message:
        """Read what a browser sent; WireError if it is no message."""
        try:
            return cls.model_validate(sent)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(step) for step in problem["loc"])
            raise WireError(f"{place or 'message'}: {problem['msg']}") from None


@dataclass(frozen=True)
class Reply:
    """What the browser is told of a run."""

    run: str = ""
    #: Number of the last batch of it that is here without a gap.
    acknowledged: int = 0
    #: Number of the person by the device's own number of the face; 0 as long as there is none.
    people: dict[int, int] = field(default_factory=dict)
    #: The device's own numbers of faces to look at closely.
    wanted: tuple[int, ...] = ()

    def data(self) -> dict[str, Any]:
        """Return the same as JSON has it."""
        people = {str(local): number for local, number in self.people.items()}
        return {**asdict(self), "people": people, "wanted": list(self.wanted)}


class RunClock:
    """Tells when something was on the session's clock that was at a time on a device's clock.

    The two are brought together by the first message: what was sent now was made now. After that,
    what is late keeps its time. Only if a message was quicker than the first one, or one of the
    clocks has jumped, is it done again; and time never goes backwards.
    """

    def __init__(self) -> None:
        self._offset, self._now = math.inf, 0.0
        self._late: deque[float] = deque(maxlen=_MESSAGES)
        #: The last time that was asked for, on both clocks.
        self._last: tuple[float, float] | None = None

    def hear(self, sent: float, now: float) -> None:
        """Note that what was sent at a time on the device's clock came now, on the session's."""
        self._now = now
        late = now - (sent + self._offset)
        self._late.append(late)
        behind = len(self._late) == _MESSAGES and min(self._late) > _BEHIND
        if late < -_QUICKER or behind:
            self._offset = self._offset + min(self._late) if behind else now - sent
            self._late.clear()

    def __call__(self, seconds: float) -> float:
        """Return the session's time of the next frame, by that of the device."""
        here = max(seconds + self._offset, self._now - _OLDEST)
        if self._last is not None:
            there_before, here_before = self._last
            passed = min(max(seconds - there_before, 0.0), _GAP)
            here = max(here, here_before + _SLOWLY * passed)
        self._last = seconds, here
        return here


@dataclass
class _Run:
    """What is known of a run: its last batch without a gap, and what the browser lost."""

    acknowledged: int = 0
    dropped: int = 0
    clock: RunClock = field(default_factory=RunClock)
    #: Whether frames before the next ones may be missing here: at its begin, since others may have
    #: gone to another replica, or to this server before it was restarted; or they were dropped.
    has_gap: bool = True
    #: Until when the device's earlier looks are believed, on its clock.
    trusting_until: float = -math.inf

    def with_trust(self, frames: list[SeenFrame]) -> list[SeenFrame]:
        """Return the next frames, with the evidence that was in those missing before them."""
        if self.has_gap and frames:
            self.has_gap = False
            self.trusting_until = frames[0].seconds + _TRUSTING_SECONDS
        return [
            frame.trusted() if frame.seconds <= self.trusting_until else frame for frame in frames
        ]


class DeviceFeed:
    """Takes what one visitor's device sends: batches in their order, and each once. Thread-safe.

    What comes after a gap, or too fast, is left: it will come again, with what is missing. What
    cannot be read is counted, and never sent again.
    """

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        #: What the browser said last of how it is going, and the number of that message.
        self.report, self.heard = Report(), 0
        #: Name of the setup that the browser said it has, until it is used.
        self.has_setup = ""
        #: The answer to the last batches; None before the first.
        self.reply: Reply | None = None
        self._models = {session.model.key: session.model}
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._left, self._at = float(BURST), session.record.clock()

    def answer_with(self, model: LiveModel) -> None:
        """Know a model that has been chosen; what an earlier one answered may still come."""
        self._models[model.key] = model
        if len(self._models) > _MAX_MODELS:
            del self._models[next(iter(self._models))]

    def hear(self, sent: object) -> None:
        """Take all that a message says, whatever it is. Never raises."""
        if not isinstance(sent, Mapping):
            return
        self.report = Report.of(sent.get("phase"))
        setup, number = sent.get("setup"), sent.get("number")
        self.has_setup = setup if isinstance(setup, str) else ""
        self.heard = number if isinstance(number, int) else 0
        if "batches" in sent:
            self.take(sent)

    def take(self, sent: object) -> Reply:
        """Take a message with batches, whatever it is, and return the answer. Never raises."""
        with self._lock:
            try:
                message = Message.of(sent)
            except WireError as error:
                self.session.could_not_be_read(error)
            else:
                self.reply = self._answer(message)
            return self.reply or Reply()

    def _answer(self, message: Message) -> Reply:
        run = self._runs.setdefault(message.run, _Run())
        self._runs.move_to_end(message.run)
        if len(self._runs) > _MAX_RUNS:
            self._runs.popitem(last=False)
        if message.dropped > run.dropped:
            self.session.record.lost(message.dropped - run.dropped, message.generation)
            run.dropped = message.dropped
            run.has_gap = True
        run.acknowledged = max(run.acknowledged, message.first - 1)
        same = self.reply and self.reply.run == message.run
        before = self.reply if self.reply and same else Reply(message.run)
        people, wanted = dict(before.people), before.wanted
        batches: list[Batch] = []
        for batch in message.batches:
            if batch.number == run.acknowledged + len(batches) + 1:  # else there is a gap
                batches.append(batch)
        if batches and self._has_time():
            run.acknowledged = batches[-1].number
            frames = list(self._frames(batches, model := self._models.get(message.model)))
            self._left -= len(batches) + sum(1 + len(frame.local_ids) for frame in frames)
            if frames and model:
                sent_at = max(frame.seconds for frame in frames) + message.age
                run.clock.hear(sent_at, self.session.record.clock())
                for frame in run.with_trust(frames):
                    at = run.clock(frame.seconds)
                    found = self.session.follow(frame, at, message.generation, model)
                    if found is None:
                        continue
                    ids = frame.local_ids.tolist()
                    for local, number in zip(ids, found.numbers.tolist(), strict=True):
                        people.pop(local, None)  # the newest stand last
                        people[local] = max(number, 0)
                    wanted = tuple(ids[i] for i in found.wanted if ids[i])
            people.pop(0, None)  # faces that the device does not follow
        newest = dict(list(people.items())[-_MAX_PEOPLE:])
        return Reply(message.run, run.acknowledged, newest, wanted)

    def _has_time(self) -> bool:
        """Return whether more is taken now; if not, the browser sends it again."""
        now = self.session.record.clock()
        self._left = min(BURST, self._left + RATE * (now - self._at))
        self._at = now
        return self._left > 0

    def _frames(self, batches: list[Batch], model: LiveModel | None) -> Iterator[SeenFrame]:
        """Yield the frames of batches; those that cannot be read are counted."""
        for batch in batches:
            try:
                parts = split(base64.b64decode(batch.observations, validate=True))
            except (ValueError, WireError) as error:
                self.session.could_not_be_read(error)
                continue
            for part in parts:
                try:
                    if model is None:
                        raise WireError("expected a model that is known here")
                    yield read_observation(part, model.spec)
                except WireError as error:
                    self.session.could_not_be_read(error)
