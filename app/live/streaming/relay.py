"""Asks a TURN server for a relay, as a connection does, to tell why one fails. No Streamlit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from aioice.stun import TransactionError, TransactionFailed
from aioice.turn import create_turn_endpoint
from aiortc.rtcicetransport import parse_stun_turn_uri

from app.core.server.events import log_event
from app.live.streaming.ice import Ice, Server

#: Seconds after which a server counts as out of reach; one that is there answers at once.
TIMEOUT_SECONDS = 3.0

#: Seconds for which an answer holds.
_HOLDS_SECONDS = 30.0

#: Codes of a server that has no room: allocation quota reached, insufficient capacity (RFC 8656).
_FULL = (486, 508)


class RelayState(Enum):
    """What a TURN server says to the credentials of a connection."""

    WORKS = "works"
    EXPIRED = "expired"
    REFUSED = "refused"
    FULL = "full"
    UNREACHABLE = "unreachable"


#: Why it did not relay, in the words of the log.
_REASONS = {
    RelayState.EXPIRED: "expired",
    RelayState.REFUSED: "password",
    RelayState.FULL: "full",
    RelayState.UNREACHABLE: "timeout",
}


class RelayCheck:
    """Asks the TURN server of one visitor, at most twice a minute.

    Args:
        ask: asks for a relay, and gives it back; raises what is in the way.
        clock: monotonic clock in seconds.
        today: seconds since 1970.
    """

    def __init__(
        self,
        ask: Callable[[Server], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        self._ask, self._clock, self._today = ask or allocate, clock, today
        self._asked = -float("inf")
        self._state: RelayState | None = None

    def state(self, ice: Ice) -> RelayState | None:
        """Return how the TURN server of a connection is; None if the connection has none.

        An attempt that has just failed was made with servers that may have been replaced since:
        what they said holds for a while.

        Args:
            ice: the servers of the connection.
        """
        if self._clock() - self._asked >= _HOLDS_SECONDS:
            self._asked, self._state = self._clock(), self._look(ice)
            if self._state in _REASONS:
                log_event("turn_failed", reason=_REASONS[self._state])
        return self._state

    def _look(self, ice: Ice) -> RelayState | None:
        server = first_turn(ice)
        if server is None:
            return None
        try:
            self._ask(server)
        except TransactionFailed as error:
            if error.response.error_code in _FULL:
                return RelayState.FULL
            return RelayState.EXPIRED if self._expired(ice) else RelayState.REFUSED
        except (TransactionError, OSError, TimeoutError, ValueError):
            return RelayState.UNREACHABLE
        return RelayState.WORKS

    def _expired(self, ice: Ice) -> bool:
        return ice.expires is not None and ice.expires <= self._today()


def first_turn(ice: Ice) -> Server | None:
    """Return the first TURN address with its credentials, the one that aiortc uses too."""
    for server in ice.servers:
        for url in server["urls"]:
            if url.startswith("turn"):
                return {**server, "urls": [url]}
    return None


def allocate(server: Server) -> None:
    """Ask a TURN server for a relay, and give it back.

    Args:
        server: with one address.

    Raises:
        TransactionError: it refuses, or does not answer.
        OSError: it cannot be reached.
        TimeoutError: it takes longer than `TIMEOUT_SECONDS`.
        ValueError: its address is none.
    """
    asyncio.run(_allocate(server))


async def _allocate(server: Server) -> None:
    uri: dict[str, Any] = parse_stun_turn_uri(server["urls"][0])
    async with asyncio.timeout(TIMEOUT_SECONDS):
        relay, _ = await create_turn_endpoint(
            asyncio.DatagramProtocol,
            (uri["host"], uri["port"]),
            server.get("username"),
            server.get("credential"),
            ssl=True if uri["scheme"] == "turns" else None,
            transport=uri["transport"],
        )
        relay.close()
        # Which tells the server, in a task of its own.
        telling = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*telling, return_exceptions=True)
