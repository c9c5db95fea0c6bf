"""The page's own components: what a browser does beside Streamlit's elements."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_FRONTEND = Path(__file__).parent / "frontend"


def mount(name: str, data: dict[str, Any], key: str, **events: Any) -> None:
    """Put a component on the page.

    Args:
        name: its script is ``frontend/<name>.js``; there may be ``.css`` and ``.html`` beside it.
        data: what its script gets.
        key: key of the widget; a component's trigger is ``st.session_state[key][trigger]``.
        events: callback by ``on_<trigger>_change``.
    """
    _renderer(name)(data=data, key=key, **events)


@cache
def _renderer(name: str) -> st.components.v2.types.ComponentRenderer:
    html, css, js = (_text(f"{name}.{suffix}") for suffix in ("html", "css", "js"))
    return st.components.v2.component(f"fer_lens_{name}", html=html, css=css, js=js)


def _text(file_name: str) -> str | None:
    file = _FRONTEND / file_name
    return file.read_text(encoding="utf-8") if file.is_file() else None
