"""What every file of a collection has, whatever is made of it. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """A file of a collection and what became of it.

    Attributes:
        name: its path in the collection.
        error: why it was not read, as the end of a sentence that starts with its name.
        number: tells it from the others of its collection.
    """

    name: str
    error: str = ""
    number: int = field(default=0, kw_only=True)

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return 0
