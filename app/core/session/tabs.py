"""The tab that a page runs for: its name, whether it is open, what it has uploaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import streamlit as st
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string


def this_tab() -> str:
    """Return the name that Streamlit gives to the tab for which the page runs.

    A reload is a new tab. A connection that was lost and is found again is the same one.

    Seen in Streamlit 1.67.0. Without it, a page could not tell the tab that it runs for from a
    duplicate. It can go when there is a public way to ask.
    """
    context = get_script_run_ctx()
    return context.session_id if context else ""


def this_visitor() -> str:
    """Return what tells the browser for which the page runs from others, in all of its tabs.

    It is made of the cookie that Streamlit gives to every browser against forged requests. Who has
    none is told by the tab. An address would take all people of a school for one visitor.

    Seen in Streamlit 1.67.0. Without it, limits of a visitor would hold for each tab by itself. It
    can go when there is a public name for a browser.
    """
    return browser_of(st.context.cookies) or this_tab()


def browser_of(cookies: Mapping[str, str]) -> str:
    """Return what identifies a browser by its cookies; an empty string if it has none.

    The browser chooses the cookie, so whoever wants to be a new one is.

    Seen in Streamlit 1.67.0. Without it, see `this_visitor`. It can go when that goes.
    """
    token, _ = decode_xsrf_token_string(cookies.get("_streamlit_xsrf", ""))
    return hashlib.blake2b(token, digest_size=16).hexdigest() if token else ""


def tab_is_open(tab: str) -> bool:
    """Return whether a tab, by the name of `this_tab`, is connected. Safe on any thread.

    Seen in Streamlit 1.67.0. Without it, a reload could not be told from a duplicate of a tab: both
    come with the same address. It can go when there is a public way to ask.
    """
    return runtime.exists() and runtime.get_instance().is_active_session(tab)


def forget_upload(file_id: str) -> None:
    """Remove a file that this tab has uploaded from the server's memory, once it is elsewhere.

    An uploader keeps its file until the visitor removes it or closes the tab, even when the page
    does not show the uploader any more.

    Seen in Streamlit 1.67.0. Without it, a video of 200 MB took as much memory for as long as its
    tab is open. It can go when an uploader writes to a disk, or can be emptied by the page.
    """
    manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    if isinstance(manager, MemoryUploadedFileManager):
        manager.remove_file(this_tab(), file_id)
