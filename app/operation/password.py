"""Who may see the operator's page: a password, and how often it may be tried. No Streamlit."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

#: Setting, in the environment or the secrets, with the password. Without it there is no page.
PASSWORD_VARIABLE = "FER_OPERATOR_PASSWORD"

#: Least length of the password. With `ATTEMPTS` a minute, twelve random letters are not guessed.
MIN_LENGTH = 12

#: Wrong passwords in a minute, of all visitors together, after which none is looked at for a
#: while: who guesses opens as many tabs as he likes.
ATTEMPTS = 5
ATTEMPT_SECONDS = 60.0


def password_of(settings: Mapping[str, str]) -> str:
    """Return the password of the operator's page; empty if there is no page.

    Args:
        settings: environment variables and secrets; may contain `PASSWORD_VARIABLE`.
    """
    password = settings.get(PASSWORD_VARIABLE, "").strip()
    return password if len(password) >= MIN_LENGTH else ""


class PasswordDoor:
    """Compares passwords, not too often. Safe to share between threads.

    Args:
        clock: monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: deque[float] = deque(maxlen=ATTEMPTS)

    @property
    def closed_seconds(self) -> float:
        """Seconds for which no password is looked at; 0 if one may be tried."""
        with self._lock:
            return self._closed_seconds()

    def lets_in(self, given: str, password: str) -> bool:
        """Return whether the right password was given while one may be tried.

        Args:
            given: what was typed, which may be anything.
            password: the right one; nobody gets in if it is empty.
        """
        with self._lock:
            if self._closed_seconds() or not password:
                return False
            # Of the digests, so that the time tells neither the place of a wrong letter nor the
            # length of the right password.
            if hmac.compare_digest(_digest(given), _digest(password)):
                return True
            self._wrong.append(self._clock())
            return False

    def _closed_seconds(self) -> float:
        if len(self._wrong) < ATTEMPTS:
            return 0.0
        return max(0.0, self._wrong[0] + ATTEMPT_SECONDS - self._clock())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.strip().encode(errors="replace")).digest()
