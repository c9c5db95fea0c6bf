"""The parts of a running server that an operator looks at, once they are there. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Places(Protocol):
    """Places for live streams."""

    @property
    def taken(self) -> int:
        """Number of places that are taken."""


class Relay(Protocol):
    """Where TURN credentials come from.

    Attributes:
        succeeded_at: when credentials came last, in seconds since 1970; None if never.
        failed_at: when they last did not come.
    """

    succeeded_at: float | None
    failed_at: float | None

    @property
    def source(self) -> str:
        """One of the words for relays, such as ``own``; never an address or a secret."""


@dataclass
class Parts:
    """What has been made so far.

    Attributes:
        streams: places for live streams; None until somebody has opened the Live page.
        relay: where TURN credentials come from; None as long.
    """

    streams: Places | None = None
    relay: Relay | None = None


#: Of this process. Who makes a part puts it here.
PARTS = Parts()
