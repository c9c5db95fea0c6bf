"""The visitor's choice of a head, made once and used on every page of the session."""

from __future__ import annotations

import streamlit as st

from app.common import running_model
from app.common.head_text import IN_SHORT, NAMES, offered

_HEAD = "head"

#: Key of the widget, apart from `_HEAD`: Streamlit drops a widget's value on pages without the
#: widget.
_CHOICE = "head_choice"


def chosen_head() -> str:
    """Return the name of the head that the visitor chose on any page.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    spec = running_model.model_spec()
    chosen = st.session_state.get(_HEAD, spec.default_head)
    return chosen if chosen in offered(spec) else spec.default_head


def choose_head() -> str:
    """Show the head picker if the model has more than one usable head; return the chosen head.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    choices, chosen = offered(running_model.model_spec()), chosen_head()
    if len(choices) < 2:
        return chosen
    st.session_state[_CHOICE] = chosen
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.pills(
            "Labels to answer with",
            choices,
            required=True,
            format_func=lambda head: NAMES[head],
            key=_CHOICE,
            on_change=_store_choice,
            label_visibility="collapsed",
            width="content",
            wrap=True,  # on a phone
        )
        with st.popover(
            "What is the difference?",
            icon=":material/help:",
            key="head_help",
            on_change="rerun",
        ) as explanation:
            if explanation.open:
                st.markdown(IN_SHORT)
                st.page_link("app/pages/about.py", label="More about both", icon=":material/info:")
    return chosen


def _store_choice() -> None:
    st.session_state[_HEAD] = st.session_state[_CHOICE]
