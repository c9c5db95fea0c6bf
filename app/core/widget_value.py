"""The value of a widget that stands on several pages, each of which has a widget of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def hold(key: str, value: object) -> None:
    """Give the page's widget of a key another value than the one it has.

    What is assigned is sent to the browser once, over a click on its way here, and gets lost where
    the next run comes before it is drawn. So a widget has the value as its default, too, and
    nothing is assigned where it has not changed elsewhere.
    """
    if st.session_state.get(key, value) != value:
        st.session_state[key] = value


def store_pick(key: str, store: Callable[[Any], None]) -> None:
    """Store what the visitor picked in the widget of a key. Call it when the widget changes.

    A browser that has not heard yet of the value that `hold` gave says that there is none. Nobody
    picks that, and `hold` gives the value again.
    """
    value = st.session_state.get(key)
    if value is not None:
        store(value)
