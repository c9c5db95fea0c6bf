"""What a visitor sets once, for every page of the session."""

from __future__ import annotations

import streamlit as st

from app.common import running_model
from app.common.head_text import IN_SHORT, NAMES, offered
from fer.labels import EXPRESSION_HEAD

_HEAD = "head"

#: The widget has a key of its own: Streamlit forgets a widget's value on a page without it.
_CHOICE = "head_choice"


def chosen_head() -> str:
    """Return the head of the network that answers, as chosen on whatever page.

    Raises:
        ModelError: there is no complete model.
    """
    chosen = st.session_state.get(_HEAD, EXPRESSION_HEAD)
    return chosen if chosen in offered(running_model.model_spec()) else EXPRESSION_HEAD


def choose_head() -> str:
    """Show the choice of the head, if the model offers one, and return what is chosen.

    Raises:
        ModelError: there is no complete model.
    """
    choices, chosen = offered(running_model.model_spec()), chosen_head()
    if len(choices) < 2:
        return chosen
    st.session_state[_CHOICE] = chosen
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.pills(
            "What answers",
            choices,
            required=True,
            format_func=lambda head: NAMES[head],
            key=_CHOICE,
            on_change=_keep,
            label_visibility="collapsed",
            width="content",
            wrap=True,  # on a phone
        )
        with st.popover(
            "What is the difference?",
            icon=":material/help:",
            key="head_help",
            on_change="rerun",
        ) as explained:
            if explained.open:
                st.markdown(IN_SHORT)
                st.page_link("app/pages/about.py", label="More about both", icon=":material/info:")
    return chosen


def _keep() -> None:
    st.session_state[_HEAD] = st.session_state[_CHOICE]
