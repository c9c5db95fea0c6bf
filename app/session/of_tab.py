"""What a page keeps for its visitor, over reloads too."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.session.session_store import Session, SessionStore
from app.session.tabs import this_tab

#: Name in the page's address of the key to the session.
_PARAMETER = "session"


def session_of_tab(
    store: SessionStore[Session],
    name: str,
    make: Callable[[], Session],
    ended: Callable[[Session], bool] = lambda session: False,
) -> Session:
    """Return what a page keeps for its visitor. A reload finds it by the key in the address.

    Args:
        store: has those of all visitors.
        name: key of it in Streamlit's session state.
        make: makes a new one, for who has none.
        ended: returns whether one is of no more use.
    """
    tab = this_tab()
    session = st.session_state.get(name)
    if session is None or ended(session) or store.is_lost(session, tab):
        session = store.claim(st.query_params.get(_PARAMETER, ""), tab) or make()
    key = store.keep(session, tab)
    st.session_state[name] = session
    if st.query_params.get(_PARAMETER) != key:
        st.query_params[_PARAMETER] = key
    return session
