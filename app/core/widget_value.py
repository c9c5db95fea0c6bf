"""The value of a widget that stands on several pages, each of which has a widget of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.core.session.tabs import this_page


def hold(key: str, value: object) -> None:
    """Give the page's widget of a key a value, unless it has it.

    What is assigned is sent to the browser, over a click on its way here. So nothing is assigned
    in a run without news; but under the same key another page has another widget, without a value.
    """
    page = this_page()
    if st.session_state.get(key) != value or st.session_state.get(f"{key}_page") != page:
        st.session_state[key] = value
        st.session_state[f"{key}_page"] = page


def store_pick(key: str, store: Callable[[Any], None]) -> None:
    """Store what the visitor picked in the widget of a key. Call it when the widget changes.

    A browser that has not heard yet of the value that `hold` gave says that there is none. Nobody
    picks that, and `hold` gives the value again.
    """
    value = st.session_state.get(key)
    if value is not None:
        store(value)
