"""What pages put beside Streamlit's elements: components, downloads, widgets that stay right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import streamlit as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

_APP = Path(__file__).parents[1]

Value = TypeVar("Value")

#: A whole number that a script counts exactly, such as the number of a photo or a face.
WholeNumber = TypeAdapter(Annotated[int, Field(strict=True, ge=-1, le=2**53)])


class RefusedFile(BaseModel):
    """A file that an uploader did not send."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(max_length=5000)] = ""
    #: The uploader's words.
    reason: Annotated[str, Field(max_length=500)] = ""
    #: Bytes of all files of a choice that has too many; None if that is not the reason.
    total_bytes: Annotated[int | None, Field(alias="bytes", ge=0, le=2**53)] = None


#: What ``core/frontend/uploader.js`` says of refused files.
RefusedFiles = TypeAdapter(Annotated[list[RefusedFile], Field(max_length=20_000)])

#: Seconds between two updates of what is polled.
POLL_SECONDS = 1.0


def mount(name: str, data: dict[str, Any], key: str, **events: Any) -> None:
    """Put a component on the page; its trigger is ``st.session_state[key][trigger]``.

    One of the name ``<room>/<name>`` has its script in ``app/<room>/frontend/<name>.js``; there may
    be ``.css`` and ``.html`` beside it. Events are callbacks by ``on_<trigger>_change``.
    """
    # Streamlit asks pandas whether a list or a dict is a table, and to import it takes 80 MB and a
    # second, which the first page can do without. Of a tuple it knows; a script gets an array.
    plain = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    _renderer(name)(data=plain, key=key, **events)


def component_value(key: str, name: str, kind: TypeAdapter[Value]) -> Value | None:
    """Return a value that the component of a key sent, or None if it is not of the expected kind.

    The component runs in the visitor's browser, so anything may come. What does not validate is
    ignored.
    """
    state = st.session_state.get(key)
    sent = state.get(name) if isinstance(state, Mapping) else None
    try:
        return kind.validate_python(sent)
    except ValidationError:
        return None


def download(
    label: str,
    make: Callable[[], Any],
    file_name: str,
    mime: str,
    key: str,
    purpose: str | None = None,
) -> None:
    """Offer a file that `make` returns, open or as bytes, only when the visitor clicks."""
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


def ask_first(
    label: str, warning: str, action: str, key: str, on_click: Callable[[], None], *, icon: str
) -> None:
    """Offer something that cannot be undone: a button that opens a question with the `action`.

    `warning` says in Markdown what will be lost; `key` is that of the action's button.
    """
    with st.popover(label, icon=icon, type="tertiary"):
        st.markdown(warning)
        st.button(action, type="primary", key=key, on_click=on_click)


@cache
def _renderer(name: str) -> st.components.v2.types.ComponentRenderer:
    room, file_name = name.split("/")
    stem = _APP / room / "frontend" / file_name
    files = (stem.with_suffix(suffix) for suffix in (".html", ".css", ".js"))
    html, css, js = (f.read_text(encoding="utf-8") if f.is_file() else None for f in files)
    return st.components.v2.component(f"fer_lens_{room}_{file_name}", html=html, css=css, js=js)


def poll(show: Callable[[], None], *, active: bool, seconds: float = POLL_SECONDS) -> None:
    """Show something again every so many seconds while `active`, and nothing otherwise.

    A browser on a busy machine may miss the run of the page in which the polling ended. It then
    asks on, every second, for what the page no longer has, and shows the old page. So the fragment
    is always there, and answers such a question with a new run of the page.
    """
    shown = False

    def polled() -> None:
        nonlocal shown
        if active:
            show()
        elif shown:
            st.rerun()
        shown = True

    with st.container():  # so that its place, and with it its identity, is always the same
        st.fragment(polled, run_every=seconds if active else None)()


def show_picker(
    show: Callable[..., Any],
    label: str,
    options: Sequence[Any],
    chosen: Any,
    key: str,
    store: Callable[[Any], None],
    **look: Any,
) -> None:
    """Show a choice whose value is kept elsewhere, as that of a model on all pages.

    A value that is assigned to a widget is sent to the browser once, replaces a click that is on
    its way here, and is lost where the next run comes before the widget is drawn. So the value is
    the widget's default, and it is assigned only in a run in which it has changed elsewhere. In
    that run there is no default, since Streamlit warns of a widget that has both.

    `show` is `st.pills`, `st.segmented_control`, `st.radio` or `st.selectbox`, and gets `look`;
    `store` is called with what the visitor picks.
    """
    default = chosen
    if chosen is not None and st.session_state.get(key, chosen) != chosen:
        st.session_state[key] = chosen
        default = None
    if show in (st.pills, st.segmented_control):
        look |= {"default": default, "required": True}
    else:
        look |= {"index": None if default is None else options.index(default)}
    show(label, options, key=key, on_change=store_pick, args=(key, store), **look)


def store_pick(key: str, store: Callable[[Any], None]) -> None:
    """Store what the visitor picked in the widget of a key. Call it when the widget changes.

    A browser that has not heard yet of the value that was assigned says that there is none. Nobody
    picks that, and the value is assigned again.
    """
    value = st.session_state.get(key)
    if value is not None:
        store(value)
