"""What a visitor's own device has seen comes into the session. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from app.live.device.clock import RunClock
from app.live.device.messages import Batch, Message, Reply
from app.live.streaming.people import LiveModel
from app.live.streaming.session import LiveSession
from fer.errors import FerError, WireError
from fer.ondevice.wire import SeenFrame
from fer.stream import FrameResult

#: Runs that are remembered, so that nothing of them counts twice.
_MAX_RUNS = 64

#: Frames and faces that are taken of a device in a second, and at once after a pause: more than any
#: sees, and what it kept while its connection was lost. One costs about 0.2 ms.
RATE, BURST = 400, 4000

#: Faces whose numbers the device is told.
_MAX_PEOPLE = 128


@dataclass
class _Run:
    """What is known of a run.

    Attributes:
        acknowledged: number of the last batch that came without a gap.
        dropped: observations that the browser could not keep.
    """

    acknowledged: int = 0
    dropped: int = 0
    clock: RunClock = field(default_factory=RunClock)


class DeviceFeed:
    """Takes batches of observations, in their order and each once. Thread-safe.

    Batches are sent again until they are acknowledged, so what comes after a gap is left: it will
    come again, with what is missing. So does what comes too fast. What cannot be read is counted,
    and never sent again.

    Args:
        session: records what was seen.
        models: gives the model of a key; None if there is none.
    """

    def __init__(self, session: LiveSession, models: Callable[[str], LiveModel | None]) -> None:
        self._session, self._models = session, models
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._left, self._at = float(BURST), session.record.clock()
        self._reply = Reply()

    def take(self, message: object) -> Reply:
        """Take what a browser sent, whatever it is, and return the answer. Never raises."""
        with self._lock:
            try:
                told = Message.of(message)
            except WireError as error:
                self._session.could_not_be_read(error)
            else:
                self._take(told)
            return self._reply

    def _take(self, told: Message) -> None:
        run = self._run(told.run)
        if told.dropped > run.dropped:
            self._session.record.lost(told.dropped - run.dropped, told.life)
            run.dropped = told.dropped
        run.acknowledged = max(run.acknowledged, told.first - 1)
        before = self._reply if self._reply.run == told.run else Reply(told.run)
        people, wanted = before.people, before.wanted
        batches = _next(told.batches, run.acknowledged)
        if batches and self._has_time():
            run.acknowledged = batches[-1].number
            frames = self._frames(batches, model := self._model(told.model))
            self._left -= len(batches) + sum(1 + len(frame.local_ids) for frame in frames)
            if frames and model:
                newest = max(frame.seconds for frame in frames)
                run.clock.hear(newest + told.age, self._session.record.clock())
                times = [run.clock(frame.seconds) for frame in frames]
                found = [
                    (frame, self._session.follow(frame, seconds, told.life, model))
                    for frame, seconds in zip(frames, times, strict=True)
                ]
                people, wanted = _who(found, people)
        self._reply = Reply(told.run, run.acknowledged, people, wanted)

    def _has_time(self) -> bool:
        """Return whether more is taken now; if not, the browser sends it again."""
        now = self._session.record.clock()
        self._left = min(BURST, self._left + RATE * (now - self._at))
        self._at = now
        return self._left > 0

    def _run(self, name: str) -> _Run:
        run = self._runs.setdefault(name, _Run())
        self._runs.move_to_end(name)
        while len(self._runs) > _MAX_RUNS:
            self._runs.popitem(last=False)
        return run

    def _model(self, key: str) -> LiveModel | None:
        chosen = self._session.model
        if chosen and chosen.key == key:
            return chosen
        try:
            return self._models(key)
        except FerError:  # it has gone since
            return None

    def _frames(self, batches: list[Batch], model: LiveModel | None) -> list[SeenFrame]:
        """Return the frames of batches; those that cannot be read are counted."""
        frames = []
        for batch in batches:
            for found in batch.frames(model.spec if model else None):
                if isinstance(found, SeenFrame):
                    frames.append(found)
                else:
                    self._session.could_not_be_read(found)
        return frames


def _who(
    found: list[tuple[SeenFrame, FrameResult | None]], before: dict[int, int]
) -> tuple[dict[int, int], tuple[int, ...]]:
    """Return each face's person, and the faces to look at, by the device's numbers of faces.

    Args:
        found: frames and who is in them.
        before: persons of earlier frames.
    """
    people, wanted = dict(before), ()
    for frame, result in found:
        if result is None:
            continue
        ids = frame.local_ids.tolist()
        for local, number in zip(ids, result.numbers.tolist(), strict=True):
            people.pop(local, None)  # the newest stand last
            people[local] = max(number, 0)
        wanted = tuple(ids[i] for i in result.wanted if ids[i])
    people.pop(0, None)  # faces that the device does not follow
    return dict(list(people.items())[-_MAX_PEOPLE:]), wanted


def _next(batches: list[Batch], after: int) -> list[Batch]:
    """Return the batches that come after the one of this number, without a gap."""
    found: list[Batch] = []
    for batch in batches:
        if batch.number == after + len(found) + 1:
            found.append(batch)
    return found
