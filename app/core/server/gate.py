"""Who may use the app at the moment, and how often a visitor may do something."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence

import streamlit as st

from app.core.layout import rerun_when
from app.core.server.events import log_event
from app.core.session.tabs import tab_is_open, this_tab, this_visitor
from app.core.settings import MAX_SESSIONS, MAX_UPLOADS_A_MINUTE, problems
from app.core.text import escape_markdown

_log = logging.getLogger(__name__)


class Admission:
    """Lets so many tabs in; who is in stays. Safe to share between threads."""

    def __init__(self, most: int, is_open: Callable[[str], bool]) -> None:
        self.most, self._is_open = most, is_open
        self._lock = threading.Lock()
        self._inside: set[str] = set()

    def let_in(self, tab: str) -> bool:
        """Return whether a tab may be used, and count it from now on."""
        with self._lock:
            if tab in self._inside:
                return True
            if len(self._inside) >= self.most:  # only now: a look at every tab takes long
                self._inside = {tab for tab in self._inside if self._is_open(tab)}
            if len(self._inside) >= self.most:
                return False
            self._inside.add(tab)
            return True


_MINUTE = 60.0


class RateLimit:
    """Lets everybody do something so often a minute: a token bucket for each. Thread-safe.

    After a pause, that many can come at once; then they come back one by one.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str, times: int = 1) -> int:
        """Return how many of so many times are let through, and count those."""
        now = self._clock()
        with self._lock:
            # Who has paused for a minute has all of it left.
            self._left = {w: kept for w, kept in self._left.items() if now - kept[1] < _MINUTE}
            left = self._left_of(who, now)
            count = min(times, math.floor(left + 1e-9))  # seconds do not add up exactly
            self._left[who] = left - count, now
            return count

    def seconds_for(self, who: str, times: int = 1) -> float:
        """Return the seconds until so many are let through; infinite if they never are."""
        with self._lock:
            missing = min(times, self.most) - self._left_of(who, self._clock())
        return max(0.0, missing * _MINUTE / self.most)

    def _left_of(self, who: str, now: float) -> float:
        left, at = self._left.get(who, (float(self.most), now))
        return min(float(self.most), left + (now - at) * self.most / _MINUTE)


def too_fast(names: Sequence[str], rate: RateLimit, visitor: str) -> str:
    """Return what is said of a visitor's files that came too fast; empty if there are none."""
    if not names:
        return ""
    one = len(names) == 1
    what = f"{names[0]} was" if one else f"{len(names):,} files were"
    if not rate.most:
        return f"{what} not added: this server takes no uploads."
    seconds = rate.seconds_for(visitor, len(names))
    wait = "some seconds" if seconds < 10 else f"about {10 * math.ceil(seconds / 10)} seconds"
    return (
        f"{what} not added: this server takes {rate.most:,} files a minute of a visitor. Add "
        f"{'it' if one else 'them'} again in {wait}."
    )


_WAITS = "waits_for_a_place"


def let_in() -> bool:
    """Return whether the page may be shown; if not, say why."""
    if wrong := _wrong_settings():
        st.error("**This server is not set up correctly**, so nothing can be analysed yet.")
        for problem in wrong:
            st.caption(f"For whoever runs this app: {escape_markdown(problem)}.")
        return False
    admission = _admission()
    if admission.let_in(this_tab()):
        st.session_state.pop(_WAITS, None)
        return True
    if _WAITS not in st.session_state:
        st.session_state[_WAITS] = True
        log_event("session_refused", reason="full")
    with st.container(border=True, horizontal_alignment="center", height=340):
        st.space("medium")
        st.markdown("## :material/hourglass_top:", anchors=False, width="content")
        st.markdown("#### Everybody is here at once", anchors=False, width="content")
        st.markdown(
            f"This server has places for {admission.most:,} open tabs, and all are taken. The page "
            "opens by itself as soon as one is free.",
            text_alignment="center",
        )
    rerun_when(lambda: admission.let_in(this_tab()))
    return False


def let_through(names: Sequence[str]) -> tuple[int, str]:
    """Return how many of a visitor's files are taken, and what is said of the others."""
    rate, visitor = _upload_rate(), this_visitor()
    count = rate.take(visitor, len(names))
    if count < len(names):
        log_event("upload_refused", reason="rate", files=len(names) - count)
    return count, too_fast(names[count:], rate, visitor)


@st.cache_resource(show_spinner=False)
def _wrong_settings() -> list[str]:
    wrong = problems()
    for problem in wrong:
        _log.error("a setting is wrong: %s", problem)
    return wrong


@st.cache_resource(show_spinner=False)
def _admission() -> Admission:
    return Admission(MAX_SESSIONS.number(), tab_is_open)


@st.cache_resource(show_spinner=False)
def _upload_rate() -> RateLimit:
    return RateLimit(MAX_UPLOADS_A_MINUTE.number())
