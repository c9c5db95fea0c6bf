"""What every file of a collection has, whatever is made of it. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Missing(StrEnum):
    """What a file without a result of its own counts as, in the words of the page."""

    NOT_READ = "not read"
    NOT_STARTED = "not started"
    REPEATED = "here already"


@dataclass(frozen=True)
class Entry:
    """A file of a collection and what became of it.

    Attributes:
        name: its path in the collection.
        error: why it has no result of its own, as the end of a sentence that starts with its name.
        number: tells it from the others of its collection.
        missing: what it counts as if it has none.
    """

    name: str
    error: str = ""
    number: int = field(default=0, kw_only=True)
    missing: Missing = field(default=Missing.NOT_READ, kw_only=True)

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return 0
