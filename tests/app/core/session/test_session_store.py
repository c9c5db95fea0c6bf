"""What a visitor has: sessions by key, with tabs that a test opens and closes, and files."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from app.core.session import tabs as this
from app.core.session.session_store import (
    CAPACITY,
    CAPACITY_BYTES,
    KEEP_SECONDS,
    KEY_SECONDS,
    Kept,
    SessionStore,
    Visitor,
)
from app.core.session.stream_files import FORMATS, Format
from app.core.session.tabs import forget_upload, tab_is_open, this_tab, this_visitor
from fer.export.sessions import WRITERS, file_bytes
from fer.export.stream import StreamResult
from tests.app.samples import Clock
from tests.fer.export.samples import INFO, steady

#: Seconds between two looks of whoever looks.
LOOK_SECONDS = 30.0


@pytest.fixture
def tabs() -> set[str]:
    return set()


@pytest.fixture
def store(tabs: set[str], clock: Clock) -> SessionStore:
    return SessionStore(tabs.__contains__, clock)


def turn(tabs: set[str], *now: str) -> None:
    tabs.clear()
    tabs.update(now)


def look(store: SessionStore, clock: Clock, seconds: float) -> None:
    """Let time pass, and look now and then."""
    end = clock.seconds + seconds
    while clock.seconds + LOOK_SECONDS <= end:
        clock.seconds += LOOK_SECONDS
        store.look()
    clock.seconds = end


def holding(store: SessionStore, tab: str, size: int, session: object = None) -> str:
    """Keep a visitor of a tab with one session of a size, and return the key."""
    visitor = Visitor()
    key = store.keep(visitor, tab, "me")
    store.put(visitor, "photos", Kept(session, lambda _: size))
    return key


def test_only_a_reload_finds_it(store: SessionStore, tabs: set[str], clock: Clock) -> None:
    visitor = Visitor()
    assert len(store._visitors) == 0
    assert [store.claim(guess, "a", "me") for guess in ("", "guess")] == [None, None]
    assert not store.is_lost(visitor, "a")
    first = store.keep(visitor, "a", "me")
    turn(tabs, "b")
    assert (store.knows(first, "me"), store.knows(first, "another")) == (True, False)
    assert store.claim(first, "b", "another") is None
    assert store.claim(first, "b", "me") is visitor
    turn(tabs)
    second = store.keep(visitor, "b", "me")
    assert store.keep(visitor, "b", "me") == second != first
    # A tab that is reloaded again before it has heard of the new address.
    assert store.claim(first, "c", "me") is visitor
    assert store.claim(first, "d", "another") is None
    third = store.keep(visitor, "d", "me")
    assert not store.knows(second, "me")
    clock.seconds += KEY_SECONDS + 1
    assert not store.knows(first, "me")
    assert store.claim(third, "e", "me") is visitor


def test_a_duplicate_and_the_late_get_none(store: SessionStore, tabs: set[str]) -> None:
    visitor = Visitor()
    turn(tabs, "a", "b")
    key = store.keep(visitor, "a", "me")
    assert store.claim(key, "b", "me") is None
    assert store.claim(key, "a", "me") is visitor
    turn(tabs, "b")  # the connection of "a" is broken
    assert store.claim(key, "b", "me") is visitor
    turn(tabs, "a", "b")
    assert (store.is_lost(visitor, "a"), store.is_lost(visitor, "b")) == (True, False)
    assert store.claim(key, "a", "me") is None


def test_one_key_finds_the_sessions_of_all_pages_each_as_long_as_it_is_kept(
    store: SessionStore, tabs: set[str], clock: Clock
) -> None:
    dropped = list[str]()
    visitor = Visitor()
    turn(tabs, "a")
    key = store.keep(visitor, "a", "me")
    assert store.get(visitor, "photos") is None
    store.put(visitor, "photos", Kept("photos", dropped=dropped.append))
    store.put(
        visitor, "labels", Kept("labels", dropped=dropped.append, keep_seconds=9 * KEEP_SECONDS)
    )
    look(store, clock, 24 * 3600)  # open for a day
    turn(tabs)
    look(store, clock, KEEP_SECONDS - LOOK_SECONDS)
    assert store.claim(key, "b", "me") is visitor
    assert [store.get(visitor, name) for name in ("photos", "labels")] == ["photos", "labels"]
    key = store.keep(visitor, "b", "me")
    look(store, clock, KEEP_SECONDS + 2 * LOOK_SECONDS)
    assert dropped == ["photos"], "though nobody has come meanwhile"
    assert store.claim(key, "c", "me") is visitor
    assert [store.get(visitor, name) for name in ("photos", "labels")] == [None, "labels"]
    look(store, clock, 9 * KEEP_SECONDS + 2 * LOOK_SECONDS)
    assert (len(store._visitors), dropped) == (0, ["photos", "labels"])
    assert store.claim(key, "d", "me") is None


def test_closed_ones_are_bounded(store: SessionStore, tabs: set[str], clock: Clock) -> None:
    turn(tabs, "open")
    keys = [holding(store, "open", 1)]
    for number in range(CAPACITY + 5):
        clock.seconds += 0.01
        keys.append(holding(store, f"closed {number}", 1))
    store.look()
    assert len(store._visitors) == CAPACITY + 1
    assert [store.knows(key, "me") for key in keys] == [True, *[False] * 5, *[True] * CAPACITY]


def test_what_closed_ones_hold_is_bounded_and_those_with_nothing_go_first(
    store: SessionStore, clock: Clock
) -> None:
    keys = []
    for number in range(45):
        clock.seconds += 1
        keys.append(holding(store, f"{number}", CAPACITY_BYTES // 40))
    for number in range(2 * CAPACITY):
        holding(store, f"empty {number}", 0)
    assert [store.knows(key, "me") for key in keys] == [False] * 5 + [True] * 40
    store.look()
    assert len(store._visitors) == CAPACITY


def test_visitors_without_a_session_are_bounded(store: SessionStore, clock: Clock) -> None:
    keys = [store.keep(Visitor(), f"{number}", "me") for number in range(CAPACITY + 5)]
    assert [store.knows(key, "me") for key in keys] == [False] * 5 + [True] * CAPACITY
    look(store, clock, KEEP_SECONDS + LOOK_SECONDS)
    assert store._visitors == []


def test_keys_cannot_be_guessed(store: SessionStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda tab: store.keep(Visitor(), tab, "me"), map(str, range(100))))
    assert len(set(keys)) == 100
    assert all(len(key) >= 128 / 6 for key in keys)  # six bits a letter


Serve = Callable[[object], None]


def test_streamlit_knows_the_tabs(monkeypatch: pytest.MonkeyPatch, streamlit_server: Serve) -> None:
    assert (this_tab(), tab_is_open("")) == ("", False), "there is none outside of Streamlit"
    server = SimpleNamespace(is_active_session={"a"}.__contains__)
    streamlit_server(server)
    monkeypatch.setattr(this, "get_script_run_ctx", lambda: SimpleNamespace(session_id="a"))
    assert tab_is_open(this_tab())
    assert not tab_is_open("b")
    assert Runtime.is_active_session(SimpleNamespace(_session_mgr=server), "a")


def visitor_with(monkeypatch: pytest.MonkeyPatch, cookie: str, tab: str = "a") -> str:
    cookies = {"_streamlit_xsrf": cookie} if cookie else {}
    monkeypatch.setattr(this.st, "context", SimpleNamespace(cookies=cookies))
    monkeypatch.setattr(this, "get_script_run_ctx", lambda: SimpleNamespace(session_id=tab))
    return this_visitor()


def test_all_tabs_of_a_browser_are_one_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    token, other = b"0123456789abcdef", b"fedcba9876543210"
    # The same token is written differently each time.
    first, second, third = map(generate_xsrf_token_string, (token, token, other))
    visitor = visitor_with(monkeypatch, first, "a")
    assert visitor == visitor_with(monkeypatch, second, "b") != ""
    assert visitor != visitor_with(monkeypatch, third, "a")
    assert token.hex() not in visitor


@pytest.mark.parametrize("cookie", ["", "nonsense", "2|zz|zz|zz"])
def test_without_cookies_a_tab_is_a_visitor(monkeypatch: pytest.MonkeyPatch, cookie: str) -> None:
    assert visitor_with(monkeypatch, cookie, "a") == "a"
    assert visitor_with(monkeypatch, cookie, "b") == "b"


def test_an_upload_is_forgotten(monkeypatch: pytest.MonkeyPatch, streamlit_server: Serve) -> None:
    forget_upload("1")  # without a server there is nothing to forget
    manager = MemoryUploadedFileManager("/upload")
    for tab in ("a", "b"):
        manager.add_file(tab, UploadedFileRec("1", "film.mp4", "video/mp4", b"film"))
    streamlit_server(SimpleNamespace(uploaded_file_mgr=manager))
    monkeypatch.setattr(this, "get_script_run_ctx", lambda: SimpleNamespace(session_id="a"))
    forget_upload("1")
    forget_upload("2")
    assert manager.get_files("a", ["1"]) == []
    assert len(manager.get_files("b", ["1"])) == 1


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.label)
def test_a_file_is_the_same_as_on_the_command_line_but_for_the_mark_for_excel(kind: Format) -> None:
    assert [one.ending for one in FORMATS] == list(WRITERS), "every file is offered"
    result = StreamResult(steady("hhhhh..ss"), INFO)
    mark = codecs.BOM_UTF8 if kind.ending == ".csv" else b""
    assert kind.contents(result) == mark + file_bytes(result, kind.ending)
