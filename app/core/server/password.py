"""Who may see the operator's page: a password, and how often it may be tried. No Streamlit."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from app.core.settings import OPERATOR_PASSWORD

#: Least length of the password. With `ATTEMPTS` a minute, twelve random letters are not guessed.
MIN_LENGTH = 12

#: Wrong passwords in a minute from one address, after which none from there is looked at for a
#: while: who guesses opens as many tabs as he likes, and must not lock the operator out.
ATTEMPTS = 5
ATTEMPT_SECONDS = 60.0

#: Addresses that are remembered; who has so many is held by the password's length.
_MOST_ADDRESSES = 1000


def password_of(settings: Mapping[str, str]) -> str:
    """Return the password of the operator's page; empty if there is no page.

    Args:
        settings: environment variables and secrets; may contain `OPERATOR_PASSWORD`.
    """
    password = OPERATOR_PASSWORD.text(settings)
    return password if len(password) >= MIN_LENGTH else ""


class PasswordDoor:
    """Compares passwords, not too often. Safe to share between threads.

    Args:
        clock: monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, deque[float]] = {}

    def closed_seconds(self, address: str) -> float:
        """Return for how long no password from an address is looked at; 0 if one may be tried."""
        with self._lock:
            return self._closed_seconds(_network(address))

    def lets_in(self, given: str, password: str, address: str) -> bool:
        """Return whether the right password was given while one may be tried.

        Args:
            given: what was typed, which may be anything.
            password: the right one; nobody gets in if it is empty.
            address: of who gave it; empty if it is not known.
        """
        network = _network(address)
        with self._lock:
            if self._closed_seconds(network) or not password:
                return False
            # Of the digests, so that the time tells neither the place of a wrong letter nor the
            # length of the right password.
            if hmac.compare_digest(_digest(given), _digest(password)):
                return True
            wrong = self._wrong.pop(network, deque(maxlen=ATTEMPTS))
            wrong.append(self._clock())
            self._wrong[network] = wrong  # the newest stands last
            if len(self._wrong) > _MOST_ADDRESSES:
                del self._wrong[next(iter(self._wrong))]
            return False

    def _closed_seconds(self, network: str) -> float:
        wrong = self._wrong.get(network, deque())
        if len(wrong) < ATTEMPTS:
            return 0.0
        return max(0.0, wrong[0] + ATTEMPT_SECONDS - self._clock())


def _network(address: str) -> str:
    """Return what one visitor has all addresses of: of version 6, 64 bits."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if known.version == 4 or (known.ipv4_mapped is not None):
        return str(known)
    return str(ipaddress.ip_network((int(known) >> 64 << 64, 64)))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.strip().encode(errors="replace")).digest()
