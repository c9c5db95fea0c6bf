"""The visitor's choice of a head, made once and used on every page of the session."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from app.core.models import running_model
from app.core.models.head_text import IN_SHORT, NAMES, offered
from app.core.models.model_choice import choose_model
from app.core.widget_value import hold, store_pick
from fer.model.spec import ModelSpec

_HEAD = "head"

#: Key of the widget, apart from `_HEAD`: Streamlit drops a widget's value on pages without the
#: widget.
_CHOICE = "head_choice"


def chosen_head(answered: ModelSpec | None = None) -> str:
    """Return the name of the head that the visitor chose on any page.

    Args:
        answered: describes the model whose answers are shown; the chosen model if None.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    spec = answered or running_model.model_spec()
    return _chosen_among(offered(spec), spec.default_head)


def choose_head(answered: ModelSpec | None = None) -> str:
    """Show the choices of the model and of its head, where there are several; return the head.

    Args:
        answered: describes the model whose answers are shown, in place of a choice; see
            `app.core.models.model_choice.show_answered`.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    choices = offered(answered or running_model.model_spec())
    chosen = chosen_head(answered)
    if len(choices) < 2:
        if answered is None:
            choose_model()
        return chosen
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if answered is None:
            choose_model()
        _pills(choices, chosen)
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


def choose_measured(measured: Sequence[str], default: str) -> str:
    """Show the choice among heads of which there are figures; it is the same as on other pages.

    Args:
        measured: names of the heads, at least one.
        default: the head that is shown where nobody chose one of them.
    """
    chosen = _chosen_among(measured, default if default in measured else measured[0])
    if len(measured) > 1:
        hold(_CHOICE, chosen)
        st.selectbox(
            "Labels to answer with",
            measured,
            format_func=lambda head: NAMES[head],
            key=_CHOICE,
            on_change=store_pick,
            args=(_CHOICE, partial(st.session_state.__setitem__, _HEAD)),
            width=300,
        )
    return chosen


def _chosen_among(heads: Sequence[str], default: str) -> str:
    chosen = st.session_state.get(_HEAD, default)
    return chosen if chosen in heads else default


def _pills(choices: Sequence[str], chosen: str) -> None:
    hold(_CHOICE, chosen)
    st.pills(
        "Labels to answer with",
        choices,
        required=True,
        format_func=lambda head: NAMES[head],
        key=_CHOICE,
        on_change=store_pick,
        args=(_CHOICE, partial(st.session_state.__setitem__, _HEAD)),
        label_visibility="collapsed",
        width="content",
        wrap=True,  # on a phone
    )
