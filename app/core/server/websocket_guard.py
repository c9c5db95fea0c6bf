"""What a browser may say to this server over its websocket, and which session it may resume."""

from __future__ import annotations

import logging
from functools import wraps
from typing import Any

from pydantic_core import from_json
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.session_manager import SessionClient

from app.core.server.events import log_event
from app.core.server.gate import RateLimit
from app.core.session.tabs import browser_of
from app.core.settings import max_files

#: Kinds of messages, and of operations, that the pages need. The others are for developers:
#: "clear_cache" empties the caches of all visitors, "install_skills" writes files.
_MESSAGES = frozenset(
    {
        "rerun_script",
        "stop_script",
        "app_heartbeat",
        "file_urls_request",
        "backend_operation_request",
    }
)
_OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})

#: Most widgets, and most hashes of known messages, in a request for a run of a page. The fullest
#: page has some hundred. Streamlit looks at each of them on its event loop.
MAX_ENTRIES = 10_000

#: Most characters of the JSON of a component. The largest legitimate value is a message of a
#: visitor's device on the Live page, see `app.live.device.protocol.MAX_MESSAGE`.
MAX_JSON = 1_000_000

_JSON_FIELDS = ("json_value", "json_trigger_value")

#: End of the id under which a component of Streamlit's second kind sends its events.
_TRIGGERS = "__events"

_log = logging.getLogger(__name__)


class MessageGuard:
    """Decides which messages of browsers are handled. Used on the event loop only."""

    def __init__(self, max_names: int) -> None:
        self._names = RateLimit(max_names)
        #: Reasons for which something was ignored and which are in the log already.
        self._logged: set[str] = set()

    def admit(self, session: AppSession, msg: BackMsg) -> bool:
        """Return whether to handle a message, and remove what is broken from it.

        A session that asks for the addresses of too many uploads gets an error as its answer.
        """
        kind = msg.WhichOneof("type")
        names = len(msg.file_urls_request.file_names)
        if names > self._names.most or self._names.take(session.id, names) < names:
            log_event("upload_refused", reason="number")
            self._refuse_names(session, msg)
            return False
        problem = self._problem(msg)
        if problem:
            self._log_once(problem)
            return False
        if kind == "rerun_script":
            self._remove_broken_json(msg.rerun_script)
        return True

    def _problem(self, msg: BackMsg) -> str:
        """Return why a message is ignored, or an empty string."""
        kind = msg.WhichOneof("type")
        if kind not in _MESSAGES:
            return f"no page sends messages of the kind {kind}"
        if kind == "backend_operation_request":
            operation = msg.backend_operation_request.WhichOneof("payload")
            if operation not in _OPERATIONS:
                return f"no page asks for the operation {operation}"
        if kind == "rerun_script":
            widgets = msg.rerun_script.widget_states.widgets
            hashes = msg.rerun_script.cached_message_hashes
            if max(len(widgets), len(hashes)) > MAX_ENTRIES:
                return f"no page has more than {MAX_ENTRIES:,} widgets"
        return ""

    def _refuse_names(self, session: AppSession, msg: BackMsg) -> None:
        answer = ForwardMsg()
        answer.file_urls_response.response_id = msg.file_urls_request.request_id
        answer.file_urls_response.error_msg = (
            f"This server takes {self._names.most:,} files a minute of a tab. Choose fewer, or try "
            "again later."
        )
        session._enqueue_forward_msg(answer)

    def _remove_broken_json(self, request: ClientState) -> None:
        """Remove values of components that are not JSON, a text, too long or nested too deeply."""
        widgets = request.widget_states.widgets
        broken = [number for number, widget in enumerate(widgets) if self._is_broken(widget)]
        for number in reversed(broken):
            del widgets[number]
        if broken:
            self._log_once("the value of a component is not JSON, or a text, or too long")

    def _is_broken(self, widget: WidgetState) -> bool:
        field = widget.WhichOneof("value")
        if widget.id.endswith(_TRIGGERS) and field != "json_trigger_value":
            return True
        if field not in _JSON_FIELDS:
            return False
        value = getattr(widget, field)
        if len(value) > MAX_JSON:
            return True
        try:
            parsed = from_json(value)
        except ValueError:
            return True
        # Streamlit parses the text of a state twice, and logs a traceback if that fails.
        return field == "json_value" and isinstance(parsed, str)

    def _log_once(self, reason: str) -> None:
        if reason not in self._logged:
            self._logged.add(reason)
            _log.warning("A message of a browser, or a part, is ignored, logged once: %s", reason)


def guard_messages(session: type[AppSession] = AppSession) -> None:
    """Handle only the messages that pages need, for all visitors; change the class in place, once.

    Every other message is ignored, and each reason is logged once. Values of components that are no
    JSON are removed from a message. A tab gets addresses for `max_files` uploads a minute.

    Seen in Streamlit 1.67.0. Without it, any visitor could clear the caches of all visitors with
    `BackMsg(clear_cache=True)`; a message of 1 MB that asks for the addresses of 500,000 uploads
    stopped the event loop for 3 seconds; and a value that is no JSON logged a traceback at each run
    of its page. It can go when Streamlit has options for these.
    """
    handle = session.handle_backmsg
    if hasattr(handle, "__wrapped__"):
        return
    guard = MessageGuard(max_files())

    @wraps(handle)
    def handle_admitted(self: AppSession, msg: BackMsg) -> None:
        if guard.admit(self, msg):
            handle(self, msg)

    session.handle_backmsg = handle_admitted  # type: ignore[method-assign]


#: Sessions whose browser is known. Beyond that, those of closed tabs are forgotten, oldest first.
MAX_SESSIONS = 10_000


class SessionOwners:
    """Knows which browser each session belongs to. Used on the event loop only."""

    def __init__(self) -> None:
        self._browsers: dict[str, str] = {}

    def owns(self, session: str, client: SessionClient) -> bool:
        """Return whether a session belongs to the browser of a connection."""
        return self._browsers.get(session) == self._browser(client)

    def add(self, server: Runtime, session: str, client: SessionClient) -> None:
        """Note that a session belongs to the browser of a connection."""
        self._browsers[session] = self._browser(client)
        for other in list(self._browsers):
            if len(self._browsers) <= MAX_SESSIONS:
                break
            if not server.is_active_session(other):
                del self._browsers[other]

    def _browser(self, client: SessionClient) -> str:
        context = client.client_context
        return browser_of(context.cookies) if context is not None else ""


def guard_sessions(server: Runtime, kind: type[Runtime] = Runtime) -> None:
    """Let only the browser that a session belongs to resume it; change the class in place, once.

    `server` is the one that runs. Another browser that sends the id of a session gets a new one.

    Seen in Streamlit 1.67.0. Without it, whoever had the id of an open tab's session, which is in
    the addresses of its uploads, took the page over. It can go when Streamlit binds a session to
    its cookie. Where a newer version keeps sessions in another way, nothing is changed.
    """
    connect = kind.connect_session
    manager = getattr(server, "_session_mgr", None)
    if manager is None or hasattr(connect, "__wrapped__"):
        return
    owners = SessionOwners()
    for info in manager.list_active_sessions():
        owners.add(server, info.session.id, info.client)

    @wraps(connect)
    def connect_owned(
        self: Runtime,
        client: SessionClient,
        user_info: Any,
        existing_session_id: str | None = None,
        session_id_override: str | None = None,
    ) -> str:
        if existing_session_id is not None and not owners.owns(existing_session_id, client):
            existing_session_id = None
        session = connect(self, client, user_info, existing_session_id, session_id_override)
        owners.add(self, session, client)
        return session

    kind.connect_session = connect_owned  # type: ignore[method-assign]
