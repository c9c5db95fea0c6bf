"""What all visitors share, and what is kept of each visitor beyond a run of a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app.core.budget import MB, Budget
from app.core.jobs import Jobs, max_jobs
from app.core.server.cleanup import CLEANUP
from app.core.server.end import at_end
from app.core.session.session_store import KEEP_SECONDS, PARAMETER, Kept, SessionStore, Visitor
from app.core.session.tabs import tab_is_open, this_tab, this_visitor
from app.core.settings import MAX_SESSIONS, Setting
from app.core.uploads import UploadLimits

Session = TypeVar("Session")

#: Keys in the tab's session state: what is kept of the visitor, the names of what pages have kept,
#: and whether the page's address had the key of a visitor who is kept no more.
_VISITOR, _NAMES, _UNKNOWN = "visitor", "kept_names", "address_unknown"


def keep_visitor() -> Visitor:
    """Return what is kept of the visitor, and put the key to it into the page's address.

    Call it in every run of the app, on whatever page: so a reload of any page finds what all pages
    have kept. The key alone is of no use: another browser, by its cookie, does not get what it
    leads to.
    """
    store = _store()
    tab = this_tab()
    browser = this_visitor()
    visitor = st.session_state.get(_VISITOR)
    if visitor is None or store.is_lost(visitor, tab):
        for name in st.session_state.pop(_NAMES, ()):
            st.session_state.pop(name, None)  # another tab has it
        address = st.query_params.get(PARAMETER, "")
        st.session_state[_UNKNOWN] = bool(address) and not store.knows(address, browser)
        visitor = store.claim(address, tab, browser) or Visitor()
        st.session_state[_VISITOR] = visitor
    key = store.keep(visitor, tab, browser)
    if st.query_params.get(PARAMETER) != key:
        st.query_params[PARAMETER] = key
    return visitor


def kept(
    name: str,
    make: Callable[[], Session],
    end: Callable[[Session], None],
    bytes_of: Callable[[Session], int],
    *,
    ended: Callable[[Session], bool] = lambda session: False,
    keep_seconds: float | None = None,
) -> Session:
    """Return what is kept of the visitor under a name, made anew if there is nothing.

    `end` is called with what is kept no more; `bytes_of` returns the memory that it takes, 0 if
    losing it is no loss; `ended` returns whether it is of no more use.
    """
    store = _store()
    visitor = keep_visitor()
    found: Session | None = store.get(visitor, name)
    if found is None:
        # Dropped while the connection was away, it may still be of use to its own tab.
        found = st.session_state.get(name)
    session = make() if found is None or ended(found) else found
    if store.get(visitor, name) is not session:
        seconds = KEEP_SECONDS if keep_seconds is None else keep_seconds
        store.put(visitor, name, Kept(session, bytes_of, end, seconds))
    st.session_state[name] = session
    st.session_state.setdefault(_NAMES, set()).add(name)
    return session


def address_is_unknown() -> bool:
    """Return whether the visitor came to find what is kept no more."""
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
def _store() -> SessionStore:
    store = SessionStore(tab_is_open)
    CLEANUP.add(store.look)
    return store
