"""Components of the pages' own: what a browser does beside Streamlit's elements."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_APP = Path(__file__).parents[1]


def mount(name: str, data: dict[str, Any], key: str, **events: Any) -> None:
    """Put a component on the page.

    Args:
        name: ``<room>/<name>``, whose script is ``app/<room>/frontend/<name>.js``; there may be
            ``.css`` and ``.html`` beside it.
        data: what its script gets.
        key: key of the widget; a component's trigger is ``st.session_state[key][trigger]``.
        events: callback by ``on_<trigger>_change``.
    """
    # Streamlit asks pandas whether a list or a dict is a table, and to import it takes 80 MB and a
    # second, which the first page can do without. Of a tuple it knows; a script gets an array.
    plain = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    _renderer(name)(data=plain, key=key, **events)


def download(
    label: str,
    make: Callable[[], Any],
    file_name: str,
    mime: str,
    key: str,
    purpose: str | None = None,
) -> None:
    """Offer a file that is created only when the visitor clicks.

    Args:
        label: of the button.
        make: returns the contents, or a file that Streamlit reads and closes.
        file_name: name of the file.
        mime: its type.
        key: tells the button from those with the same label.
        purpose: what the file is for.
    """
    st.download_button(
        label,
        make,
        file_name,
        mime,
        key=f"download_{key}_{label}",
        on_click="ignore",
        icon=":material/download:",
        help=purpose,
    )


@cache
def _renderer(name: str) -> st.components.v2.types.ComponentRenderer:
    room, file_name = name.split("/")
    stem = _APP / room / "frontend" / file_name
    html, css, js = (_text(stem.with_suffix(suffix)) for suffix in (".html", ".css", ".js"))
    return st.components.v2.component(f"fer_lens_{room}_{file_name}", html=html, css=css, js=js)


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None
