"""The visitor's choice of a head, made once and used on every page of the session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app.core.components import show_picker
from app.core.models import running_model
from app.core.models.head_text import IN_SHORT, NAMES, offered
from app.core.models.model_choice import choose_model, models_to_choose

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
    return _chosen_among(offered(spec), spec.default_head)


def choose_head(more: Callable[[], None] | None = None) -> str:
    """Show the settings, shut: the head, the model, what the page adds. Return the head.

    Where there is one head, one model and nothing more, there is nothing to set.

    Raises:
        ModelError: the model is missing or incomplete.
    """
    choices, chosen = offered(running_model.model_spec()), chosen_head()
    if more or len(choices) > 1 or models_to_choose():
        with st.popover("Settings", icon=":material/tune:", key="settings"):
            if more:
                more()
            if len(choices) > 1:
                _show(st.pills, choices, chosen, width="content", wrap=True)  # on a phone
                st.caption(IN_SHORT)
            choose_model()
    return chosen


def choose_measured(measured: Sequence[str], default: str) -> str:
    """Show the choice among heads of which there are figures; it is the same as on other pages.

    The default is shown where nobody chose one of them.
    """
    chosen = _chosen_among(measured, default if default in measured else measured[0])
    if len(measured) > 1:
        _show(st.selectbox, measured, chosen, width=300)
    return chosen


def _chosen_among(heads: Sequence[str], default: str) -> str:
    chosen = st.session_state.get(_HEAD, default)
    return chosen if chosen in heads else default


def _show(element: Callable[..., Any], heads: Sequence[str], chosen: str, **look: Any) -> None:
    show_picker(
        element,
        "Labels to answer with",
        heads,
        chosen,
        _CHOICE,
        partial(st.session_state.__setitem__, _HEAD),
        format_func=lambda head: NAMES[head],
        **look,
    )
