"""What a page keeps for its visitor, over reloads too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app.core.session.session_store import PARAMETER, Session, SessionStore
from app.core.session.tabs import this_tab, this_visitor

#: Whether the page's address had the key of a session that is kept no more.
_UNKNOWN = "address_unknown"


def session_of_tab(
    store: SessionStore[Session],
    name: str,
    make: Callable[[], Session],
    ended: Callable[[Session], bool] = lambda session: False,
) -> Session:
    """Return what a page keeps for its visitor. A reload finds it by the key in the address.

    The key alone is of no use: another browser, by its cookie, does not get what it leads to.

    Args:
        store: has those of all visitors.
        name: key of it in Streamlit's session state.
        make: makes a new one, for who has none.
        ended: returns whether one is of no more use.
    """
    tab, browser = this_tab(), this_visitor()
    session = st.session_state.get(name)
    if session is None or ended(session) or store.is_lost(session, tab):
        address = st.query_params.get(PARAMETER, "")
        st.session_state[_UNKNOWN] = bool(address) and not store.knows(address, browser)
        earlier = store.claim(address, tab, browser)
        session = make() if earlier is None else earlier
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
