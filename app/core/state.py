"""What all visitors share, and what is kept of each visitor beyond a run of a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app.core.budget import MB, Budget
from app.core.jobs import Jobs, max_jobs
from app.core.server.cleanup import CLEANUP
from app.core.server.end import at_end
from app.core.session.session_store import KEEP_SECONDS, PARAMETER, Session, SessionStore
from app.core.session.tabs import tab_is_open, this_tab, this_visitor
from app.core.settings import MAX_SESSIONS, Setting
from app.core.uploads import UploadLimits

#: Whether the page's address had the key of a session that is kept no more.
_UNKNOWN = "address_unknown"


def kept(
    name: str,
    make: Callable[[], Session],
    end: Callable[[Session], None],
    bytes_of: Callable[[Session], int],
    *,
    ended: Callable[[Session], bool] = lambda session: False,
    keep_seconds: float | None = None,
) -> Session:
    """Return what is kept of the visitor. A reload finds it by the key in the page's address.

    The key alone is of no use: another browser, by its cookie, does not get what it leads to.

    `end` is called with what is kept no more; `bytes_of` returns the memory that it takes, 0 if
    losing it is no loss; `ended` returns whether it is of no more use.
    """
    store = _store(name, end, bytes_of, KEEP_SECONDS if keep_seconds is None else keep_seconds)
    tab, browser = this_tab(), this_visitor()
    session = st.session_state.get(name)
    if session is None or ended(session) or store.is_lost(session, tab):
        address = st.query_params.get(PARAMETER, "")
        st.session_state[_UNKNOWN] = bool(address) and not store.knows(address, browser)
        earlier = store.claim(address, tab, browser)
        session = make() if earlier is None else earlier  # not "or": one may be empty
    key = store.keep(session, tab, browser)
    st.session_state[name] = session
    if st.query_params.get(PARAMETER) != key:
        st.query_params[PARAMETER] = key
    return session


def address_is_unknown() -> bool:
    """Return whether the visitor came to find a session that is kept no more."""
    return bool(st.session_state.get(_UNKNOWN))


def visitors_zone() -> tzinfo:
    """Return the time zone of the visitor's browser; UTC if it is not known."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # not known here, or no name at all
        return UTC


def upload_limits(photos: Setting, megabytes: Setting) -> UploadLimits:
    """Return what a visitor may upload, by two settings."""
    return UploadLimits(photos.number(), upload_megabytes(megabytes) * MB)


def upload_megabytes(setting: Setting) -> int:
    """Return the size of the largest upload of a kind, of which a setting says the megabytes."""
    # Streamlit's own limit holds for every upload, whatever an uploader says.
    return min(setting.number(), int(st.get_option("server.maxUploadSize")))


@st.cache_resource(show_spinner=False)
def jobs(setting: Setting) -> Jobs:
    """Return the jobs of a kind of all visitors, of which a setting says the number."""
    made = Jobs(max_jobs(setting))
    at_end(made.close)
    return made


@st.cache_resource(show_spinner=False)
def quick_jobs() -> Jobs:
    """Return the jobs for which somebody waits: each visitor has a place."""
    made = Jobs(max(1, MAX_SESSIONS.number()), niceness=0)
    at_end(made.close)
    return made


@st.cache_resource(show_spinner=False)
def budget(setting: Setting) -> Budget:
    """Return the memory for a kind of upload of all visitors, of which a setting says how much."""
    return Budget(setting.number() * MB)


@st.cache_resource(show_spinner=False)
def _store(
    name: str,
    _end: Callable[[Session], None],
    _bytes_of: Callable[[Session], int],
    _keep_seconds: float,
) -> SessionStore[Session]:
    store = SessionStore(tab_is_open, keep_seconds=_keep_seconds, dropped=_end, bytes_of=_bytes_of)
    CLEANUP.add(store.look)
    return store
