"""Which messages of a browser are handled, and which session it may resume."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession

from app.core.server import websocket_guard
from app.core.server.websocket_guard import MAX_ENTRIES, MAX_JSON, guard_messages, guard_sessions
from app.core.settings import max_files


class Session(AppSession):
    """Handles messages as Streamlit does, and notes what it did; nothing is connected."""

    def __init__(self) -> None:
        self.id = "tab"
        self.handled: list[BackMsg] = []
        self.answers: list[ForwardMsg] = []

    def __del__(self) -> None:
        pass

    def handle_backmsg(self, msg: BackMsg) -> None:
        self.handled.append(msg)
        if msg.WhichOneof("type") == "clear_cache":
            st.cache_resource.clear()

    def _enqueue_forward_msg(self, msg: ForwardMsg) -> None:
        self.answers.append(msg)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session on a server that takes 4,000 files a minute of a tab."""

    class Guarded(Session):
        handle_backmsg = Session.handle_backmsg

    monkeypatch.setenv("FER_MAX_OWN_PHOTOS", "3000")
    guard_messages(Guarded)
    guard_messages(Guarded)  # which changes nothing
    return Guarded()


def operation(name: str) -> BackMsg:
    msg = BackMsg()
    getattr(msg.backend_operation_request, name).SetInParent()
    return msg


def named(count: int) -> BackMsg:
    msg = BackMsg()
    msg.file_urls_request.request_id = "request"
    msg.file_urls_request.file_names.extend([""] * count)
    return msg


def run_with(widgets: int = 0, hashes: int = 0) -> BackMsg:
    msg = BackMsg()
    msg.rerun_script.SetInParent()
    msg.rerun_script.cached_message_hashes.extend([""] * hashes)
    for _ in range(widgets):
        msg.rerun_script.widget_states.widgets.add()
    return msg


def run_with_value(field: str, value: str, widget: str = "component") -> BackMsg:
    msg = BackMsg()
    setattr(msg.rerun_script.widget_states.widgets.add(id=widget), field, value)
    return msg


@pytest.mark.parametrize(
    ("msg", "handled"),
    [
        (BackMsg(), False),
        (run_with(), True),
        (run_with(MAX_ENTRIES, MAX_ENTRIES), True),
        (run_with(MAX_ENTRIES + 1), False),
        (run_with(hashes=MAX_ENTRIES + 1), False),
        (BackMsg(app_heartbeat=True), True),
        (BackMsg(stop_script=True), True),
        (named(0), True),
        (operation("deferred_file"), True),
        (operation("dataframe_chunk"), True),
        (operation("install_skills"), False),
        (BackMsg(clear_cache=True), False),
        (BackMsg(set_run_on_save=True), False),
        (BackMsg(load_git_info=True), False),
    ],
)
def test_only_messages_that_pages_need_are_handled(
    session: Session, caplog: pytest.LogCaptureFixture, msg: BackMsg, handled: bool
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        session.handle_backmsg(msg)
    assert session.handled == [msg] * 3 * handled
    assert len(caplog.messages) == (not handled), "a reason is logged once"


def test_shared_state_survives_clear_cache(session: Session) -> None:
    @st.cache_resource(show_spinner=False)
    def shared() -> object:
        return object()

    before = shared()
    session.handle_backmsg(BackMsg(clear_cache=True))
    assert shared() is before


@pytest.mark.parametrize(
    ("counts", "handled"),
    [((4000,), 1), ((4001,), 0), ((3000, 1000), 2), ((3000, 2000), 1), ((4001, 4000), 1)],
)
def test_too_many_uploads_are_refused_in_words(
    session: Session, counts: tuple[int, ...], handled: int
) -> None:
    for count in counts:
        session.handle_backmsg(named(count))
    assert len(session.handled) == handled
    answers = [answer.file_urls_response for answer in session.answers]
    assert {answer.response_id for answer in answers} <= {"request"}
    said = "This server takes 4,000 files a minute of a tab. Choose fewer, or try again later."
    assert [answer.error_msg for answer in answers] == [said] * (len(counts) - handled)


@pytest.mark.parametrize(("photos", "files"), [("", 11_000), ("0", 1500), ("many", 0)])
def test_the_number_of_files_follows_the_settings(
    monkeypatch: pytest.MonkeyPatch, photos: str, files: int
) -> None:
    monkeypatch.setenv("FER_MAX_OWN_PHOTOS", photos)
    assert max_files() == files


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("json_value", "", False),
        ("json_value", "{}", True),
        ("json_value", "{", False),
        ("json_value", "[" * 100_000, False),
        ("json_value", "[" * 300 + "]" * 300, False),
        ("json_value", "1" * 5000, False),
        ("json_value", r'"\ud800"', False),
        ("json_value", '"x"', False),
        ("json_value", '["' + "x" * (MAX_JSON - 4) + '"]', True),
        ("json_value", '["' + "x" * (MAX_JSON - 3) + '"]', False),
        ("json_trigger_value", '"x"', True),
        ("json_trigger_value", "[", False),
        ("json_trigger_value", '[{"event": "open", "value": 1}]', True),
        ("string_value", "[", True),
    ],
)
def test_values_of_components_are_json(
    session: Session, field: str, value: str, kept: bool
) -> None:
    msg = run_with_value(field, value)
    msg.rerun_script.widget_states.widgets.add(id="other").bool_value = True
    session.handle_backmsg(msg)
    (handled,) = session.handled
    left = [widget.id for widget in handled.rerun_script.widget_states.widgets]
    assert left == (["component", "other"] if kept else ["other"])


@pytest.mark.parametrize(("field", "kept"), [("json_trigger_value", True), ("string_value", False)])
def test_events_of_components_are_events(session: Session, field: str, kept: bool) -> None:
    session.handle_backmsg(run_with_value(field, "[]", "component__events"))
    (handled,) = session.handled
    assert len(handled.rerun_script.widget_states.widgets) == kept


def client(cookie: str) -> Any:
    """Return a connection of the browser that has a cookie; of one without, if it is empty."""
    token = cookie.encode().hex()
    cookies = {"_streamlit_xsrf": f"2|00000000|{token}|1"} if cookie else {}
    return SimpleNamespace(client_context=SimpleNamespace(cookies=cookies))


class Server:
    """Resumes whatever session is asked for, as Streamlit does; the session "first" is open."""

    def __init__(self) -> None:
        self.open = {"first"}
        self.count = 0
        first = SimpleNamespace(session=SimpleNamespace(id="first"), client=client("a"))
        self._session_mgr = SimpleNamespace(list_active_sessions=lambda: [first])

    def is_active_session(self, session: str) -> bool:
        return session in self.open

    def connect_session(
        self, client: Any, user_info: Any, existing: str | None = None, override: str | None = None
    ) -> str:
        self.count += 1
        session = existing or f"new {self.count}"
        self.open.add(session)
        return session


@pytest.fixture
def server() -> Any:
    class Guarded(Server):
        connect_session = Server.connect_session

    server: Any = Guarded()
    guard_sessions(server, Guarded)  # type: ignore[arg-type]
    guard_sessions(server, Guarded)  # type: ignore[arg-type]  # which changes nothing
    return server


@pytest.mark.parametrize(
    ("owner", "other", "resumes"),
    [("a", "a", True), ("a", "b", False), ("a", "", False), ("", "a", False), ("", "", True)],
)
def test_only_its_browser_resumes_a_session(
    server: Any, owner: str, other: str, resumes: bool
) -> None:
    session = server.connect_session(client(owner), {})
    for _ in range(2):
        assert (server.connect_session(client(other), {}, session) == session) is resumes
    assert server.connect_session(client(owner), {}, session) == session, "it stays the owner's"


def test_sessions_that_were_open_before_belong_to_their_browser(server: Any) -> None:
    assert server.connect_session(client("b"), {}, "first") != "first"
    assert server.connect_session(client("a"), {}, "first") == "first"


def test_the_number_of_known_sessions_is_bounded(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_guard, "MAX_SESSIONS", 2)
    closed = server.connect_session(client("a"), {})
    server.open.discard(closed)
    server.connect_session(client("a"), {})
    assert server.connect_session(client("a"), {}, "first") == "first", "it is open"
    assert server.connect_session(client("a"), {}, closed) != closed
