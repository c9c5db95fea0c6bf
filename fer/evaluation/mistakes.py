"""``mistakes.json``: pictures that a model read wrongly, for the machine on which it was written.

It holds faces of a data set, which may not be passed on: git ignores the file, and no report,
package or download contains it.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Base64Bytes

from fer.model.spec import ModelSpec
from fer.records import Record, RecordFile, Share


class Mistake(Record):
    """A face and a wrong answer about it.

    Attributes:
        head: name of the head that answered.
        truth: the true class.
        answer: the answer.
        confidence: probability of the answer.
        png: the face as the network saw it, PNG.
    """

    head: str
    truth: str
    answer: str
    confidence: Share
    png: Base64Bytes


class Mistakes(RecordFile):
    """The most confident mistakes of a model on one split.

    Attributes:
        sha256: SHA-256 of the LiteRT file that answered.
        data: name of the data set.
        split: name of the split.
        mistakes: some of each truth and answer, most confident first.
    """

    filename: ClassVar[str] = "mistakes.json"
    current_version: ClassVar[int] = 1

    version: int = current_version
    sha256: str
    data: str
    split: str
    mistakes: tuple[Mistake, ...]

    def describes(self, spec: ModelSpec) -> bool:
        """Return whether the answers are those of the exact LiteRT file that a spec names."""
        return self.sha256 == spec.sha256

    def of(self, head: str, truth: str, answer: str) -> tuple[Mistake, ...]:
        """Return the mistakes of a head where a class was taken for another."""
        wanted = (head, truth, answer)
        return tuple(m for m in self.mistakes if (m.head, m.truth, m.answer) == wanted)
