"""The tab that a page runs for, by what Streamlit keeps to itself."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from app.core.session import tabs
from app.core.session.tabs import forget_upload, tab_is_open, this_tab, this_visitor


def test_outside_of_streamlit_there_is_no_tab() -> None:
    assert this_tab() == ""
    assert not tab_is_open("")


Serve = Callable[[object], None]


def test_a_tab_is_open_while_streamlit_says_so(
    monkeypatch: pytest.MonkeyPatch, streamlit_server: Serve
) -> None:
    server = SimpleNamespace(is_active_session={"a"}.__contains__)
    streamlit_server(server)
    context = SimpleNamespace(session_id="a")
    monkeypatch.setattr(tabs, "get_script_run_ctx", lambda: context)
    assert tab_is_open(this_tab())
    assert not tab_is_open("b")
    assert Runtime.is_active_session(SimpleNamespace(_session_mgr=server), "a")


def visitor_with(monkeypatch: pytest.MonkeyPatch, cookie: str, tab: str = "a") -> str:
    cookies = {"_streamlit_xsrf": cookie} if cookie else {}
    monkeypatch.setattr(tabs.st, "context", SimpleNamespace(cookies=cookies))
    monkeypatch.setattr(tabs, "get_script_run_ctx", lambda: SimpleNamespace(session_id=tab))
    return this_visitor()


def test_all_tabs_of_a_browser_are_one_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    token, other = b"0123456789abcdef", b"fedcba9876543210"
    # The same token is written differently each time.
    first, second, third = map(generate_xsrf_token_string, (token, token, other))
    assert first != second
    visitor = visitor_with(monkeypatch, first, "a")
    assert visitor == visitor_with(monkeypatch, second, "b") != ""
    assert visitor != visitor_with(monkeypatch, third, "a")
    assert token.hex() not in visitor


@pytest.mark.parametrize("cookie", ["", "2|", "nonsense", "2|zz|zz|zz"])
def test_without_a_cookie_each_tab_is_a_visitor(
    monkeypatch: pytest.MonkeyPatch, cookie: str
) -> None:
    assert visitor_with(monkeypatch, cookie, "a") == "a"
    assert visitor_with(monkeypatch, cookie, "b") == "b"


def test_an_upload_is_forgotten_and_those_of_others_stay(
    monkeypatch: pytest.MonkeyPatch, streamlit_server: Serve
) -> None:
    forget_upload("1")  # without a server there is nothing to forget
    manager = MemoryUploadedFileManager("/upload")
    for tab in ("a", "b"):
        manager.add_file(tab, UploadedFileRec("1", "film.mp4", "video/mp4", b"film"))
    streamlit_server(SimpleNamespace(uploaded_file_mgr=manager))
    monkeypatch.setattr(tabs, "get_script_run_ctx", lambda: SimpleNamespace(session_id="a"))
    forget_upload("1")
    forget_upload("2")
    assert manager.get_files("a", ["1"]) == []
    assert len(manager.get_files("b", ["1"])) == 1
