"""Clicks beside other requests for a run of a page, and how long downloads last."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit import config
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequests,
    ScriptRequestType,
)

from app.core.server.cleanup import Cleanup
from app.core.session import clicks
from app.core.session.clicks import (
    BUTTON_SECONDS,
    KEPT_SECONDS,
    Keeper,
    keep_clicks,
    keep_downloads,
)
from tests.app.samples import Clock

FACE = WidgetState(id="face", json_trigger_value="1")
BUTTON = WidgetState(id="remove", trigger_value=True)
SLIDER = WidgetState(id="slider", int_value=1)
SLID = WidgetState(id="slider", int_value=2)


class Runner:
    """A script that runs, with Streamlit's own queue of what it is asked for."""

    def __init__(self) -> None:
        self._requests = ScriptRequests()
        self.request_rerun = self._requests.request_rerun
        self.request_stop = self._requests.request_stop


def session_class() -> type[AppSession]:
    """Return a class of sessions of its own, whose runs are noted, not started."""

    class Session(AppSession):
        request_rerun = inspect.unwrap(AppSession.request_rerun)  # of this process, maybe

        def __init__(self) -> None:
            self._state = AppSessionState.APP_IS_RUNNING
            self._scriptrunner = Runner()  # type: ignore[assignment]
            self.runs: list[RerunData] = []

        def __del__(self) -> None:
            pass  # nothing was connected

        def has_fragment(self, fragment_id: str) -> bool:
            return True

        def _create_scriptrunner(self, initial_rerun_data: RerunData) -> None:
            self.runs.append(initial_rerun_data)
            self._scriptrunner = Runner()  # type: ignore[assignment]

    return Session


def patched(clock: Callable[[], float] = time.monotonic) -> Any:
    kind = session_class()
    keep_clicks(kind, clock)
    keep_clicks(kind, clock)  # each run of a page asks for it
    return kind()


def widgets(run: RerunData) -> dict[str, WidgetState]:
    return {widget.id: widget for widget in run.widget_states.widgets}


#: What stands around the pages, and what is on one of them.
NOTICE = WidgetState(id="notice", json_value="1")
CAMERA = WidgetState(id="camera", json_value="missing")


def asks(page: str, *widgets: WidgetState, fragment: str = "", back: bool = False) -> ClientState:
    """Return what a browser asks for: by a link, unless it names what is on a page."""
    return ClientState(
        page_script_hash=page, page_name=page.title(), query_string=f"of={page}",
        widget_states=WidgetStates(widgets=widgets), fragment_id=fragment,
        is_history_navigation=back,
    )  # fmt: skip


state = partial(asks, "")

TO_LIVE, TO_ABOUT, TO_PHOTO = (asks(page, NOTICE) for page in ("live", "about", "photo"))

#: The first value of a component on the Live page, and the same of a fragment.
FIRST, FRAGMENT = asks("live", NOTICE, CAMERA), asks("live", NOTICE, CAMERA, fragment="a")


@pytest.mark.parametrize(
    ("requests", "pages"),
    [
        ([FIRST, FIRST], ["live", "live"]),
        ([FRAGMENT, FIRST, FRAGMENT], ["live"]),  # in its fragments, the running script sees to it
        ([FRAGMENT, asks("about", SLIDER)], ["about"]),  # what a fragment asks for is no link
        # Whatever the page that is left says: the link's page is what is made.
        ([TO_ABOUT, FIRST, FIRST, FRAGMENT], ["about", "about", "about"]),
        ([FIRST, TO_ABOUT, TO_ABOUT, FIRST], ["live", "about", "about", "about"]),
        ([TO_ABOUT, TO_PHOTO, FIRST], ["about", "photo", "photo"]),
        ([asks("about"), asks("live", NOTICE)], ["about", "about"]),  # what is around speaks first
        # Whoever goes on, or back, does.
        (
            [TO_LIVE, FIRST, TO_ABOUT, asks("about", CAMERA), FIRST],
            ["live"] * 2 + ["about"] * 2 + ["live"],
        ),
        ([TO_LIVE, FIRST, TO_ABOUT, TO_LIVE], ["live", "live", "about", "live"]),
        ([TO_ABOUT, asks("live", CAMERA, back=True)], ["about", "live"]),
    ],
)
def test_a_left_page_takes_no_links_place(requests: list[ClientState], pages: list[str]) -> None:
    session = patched()
    for request in requests:
        copy = ClientState()
        copy.CopyFrom(request)
        session.request_rerun(copy)
    runs = [(run.page_script_hash, run.page_name, run.query_string) for run in session.runs]
    assert runs == [(page, page.title(), f"of={page}") for page in pages]
    waiting = session._scriptrunner._requests._rerun_data
    assert waiting.page_script_hash in ("", pages[-1]), "no fragment of a left page waits"


def test_what_a_left_page_holds_is_no_choice_on_the_next_for_a_while(clock: Clock) -> None:
    session = patched(clock)
    for page, *on_it in (("about", NOTICE), ("live", NOTICE, CAMERA)):
        session.request_rerun(asks(page, *on_it))
    clock.seconds += 60
    session.request_rerun(asks("live", CAMERA))
    assert [run.page_script_hash for run in session.runs] == ["about", "about", "live"]
    assert [[*widgets(run)] for run in session.runs] == [["notice"], ["notice"], ["camera"]]


@pytest.mark.parametrize(
    ("clicks", "runs"),
    [
        ([], []),
        ([state(SLIDER)], [{"slider": SLIDER}]),
        # In a fragment: it waits for the running script, which will see to it.
        ([state(FACE, fragment="photo")], []),
        ([state(FACE, fragment="photo"), state()], [{"face": FACE}]),
        ([state(SLIDER, BUTTON, fragment="a"), state(SLID)], [{"slider": SLID, "remove": BUTTON}]),
        # The same button again: the newer one is meant.
        (
            [state(FACE, fragment="a"), state(WidgetState(id="face", json_trigger_value="2"))],
            [{"face": WidgetState(id="face", json_trigger_value="2")}],
        ),
    ],
)
def test_what_waits_goes_on(clicks: list[ClientState], runs: list[dict[str, WidgetState]]) -> None:
    session = patched()
    for click in clicks:
        session.request_rerun(click)
    assert [widgets(run) for run in session.runs] == runs


def test_a_run_that_has_not_begun_hands_on_what_it_was_for(monkeypatch: pytest.MonkeyPatch) -> None:
    session = patched()
    old = session._scriptrunner
    old.request_rerun(RerunData(widget_states=state(BUTTON).widget_states))
    session.request_rerun(state(SLIDER))
    assert widgets(session.runs[0]) == {"slider": SLIDER, "remove": BUTTON}
    assert old._requests.on_scriptrunner_ready().type is ScriptRequestType.STOP  # not twice
    monkeypatch.setattr(config, "get_option", {"runner.fastReruns": False}.__getitem__)
    session = patched()
    session.request_rerun(state(FACE, fragment="photo"))
    session.request_rerun(state(SLIDER))
    assert session.runs == []
    waiting = session._scriptrunner._requests.on_scriptrunner_ready()
    assert waiting.type is ScriptRequestType.RERUN
    assert widgets(waiting.rerun_data) == {"face": FACE, "slider": SLIDER}


def test_another_version_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for runner in (None, SimpleNamespace(request_stop=lambda: None)):
        session = patched()
        session._scriptrunner = runner
        session.request_rerun(state(SLIDER))
        assert [widgets(run) for run in session.runs] == [{"slider": SLIDER}]
        session.request_rerun(None)
        assert session.runs[1:] == [RerunData()]
    monkeypatch.delattr(script_requests, "_coalesce_widget_states")
    kind = session_class()
    before = kind.request_rerun
    keep_clicks(kind)
    assert kind.request_rerun is before


class Server(MediaFileManager):
    """The files of all visitors, where other visitors' pages end while one downloads."""

    def __init__(self) -> None:
        super().__init__(MemoryMediaFileStorage("/media"))

    def execute_deferred(self, file_id: str) -> str:
        url = super().execute_deferred(file_id)
        self.pages_end()
        return url

    def pages_end(self) -> None:
        for _ in range(3):
            self.remove_orphaned_files()

    def show_button(self, data: bytes) -> str:
        """Run a page that shows a download button, and return the button's number."""
        self.clear_session_refs()
        return self.add_deferred(lambda: data, "text/csv", "1.2", "faces.csv")

    def click(self, data: bytes) -> str:
        """Make a file as a click on a download button does, and return its address."""
        button = self.add_deferred(lambda: data, "text/csv", "1.2", "faces.csv")
        return self.execute_deferred(button)

    def has(self, url: str) -> bool:
        return self.read_file(PurePosixPath(url).name) is not None


@pytest.fixture
def server() -> Server:
    return Server()


Wait = Callable[[float], None]


@pytest.fixture
def wait(clock: Clock, server: Server) -> Wait:
    """Let time pass, and the cleanup look each second."""
    keeper = Keeper(server, clock)

    def pass_time(seconds: float) -> None:
        for _ in range(int(seconds)):
            clock.seconds += 1
            keeper.look()

    return pass_time


def test_a_file_lasts_until_its_time_is_over(server: Server, wait: Wait) -> None:
    first = server.click(b"first")
    wait(KEPT_SECONDS / 2)
    second = server.click(b"second")
    server.pages_end()
    wait(KEPT_SECONDS / 2 - 1)
    assert (server.has(first), server.has(second)) == (True, True)
    wait(1)
    assert (server.has(first), server.has(second)) == (False, True)
    assert server.click(b"second") == second, "its time begins anew"
    wait(KEPT_SECONDS / 2)
    assert server.has(second)
    wait(KEPT_SECONDS / 2)
    assert not server.has(second)


def test_a_replaced_button_can_be_clicked_a_while(server: Server, wait: Wait) -> None:
    old, new = server.show_button(b"old"), server.show_button(b"new")
    server.pages_end()
    wait(BUTTON_SECONDS * 0.9)
    assert server.has(server.execute_deferred(old))
    server.pages_end()
    wait(BUTTON_SECONDS * 0.2)  # nobody is there any more, and the cleanup tidies up
    with pytest.raises(MediaFileStorageError, match="not found"):
        server.execute_deferred(old)
    assert server.has(server.execute_deferred(new))


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [([0], [True]), ([4, 4, 4], [False, True, True]), ([4, 4, 12], [False, False, True])],
)
def test_files_together_are_bounded_and_the_newest_stay(
    server: Server, wait: Wait, monkeypatch: pytest.MonkeyPatch, sizes: list[int], kept: list[bool]
) -> None:
    monkeypatch.setattr(clicks, "KEPT_BYTES", 8)
    urls = []
    for number, size in enumerate(sizes):
        urls.append(server.click(bytes([number]) * size))
        wait(1)
    assert [server.has(url) for url in urls] == kept


def test_pictures_and_files_of_a_page_are_left_to_streamlit(server: Server, wait: Wait) -> None:
    picture = server.add(b"picture", "image/png", "1.3")
    table = server.add(b"table", "text/csv", "1.4", is_for_static_download=True)
    server.pages_end()
    assert (server.has(picture), server.has(table)) == (True, True)
    server.clear_session_refs()
    server.pages_end()
    assert not server.has(picture)


def test_it_holds_for_the_server(
    monkeypatch: pytest.MonkeyPatch, streamlit_server: Callable[[object], None]
) -> None:
    newer = SimpleNamespace(execute_deferred=len)  # which decides in another way
    streamlit_server(SimpleNamespace(media_file_mgr=newer))
    keep_downloads()
    assert newer == SimpleNamespace(execute_deferred=len)
    server, cleanup = Server(), Cleanup()
    monkeypatch.setattr(clicks, "CLEANUP", cleanup)
    streamlit_server(SimpleNamespace(media_file_mgr=server))
    keep_downloads()
    assert server.has(url := server.click(b"faces"))
    monkeypatch.setattr(clicks, "KEPT_SECONDS", 0.0)
    cleanup.look()
    assert not server.has(url)


def test_a_look_tells_whether_a_file_or_a_button_went(server: Server, clock: Clock) -> None:
    keeper = Keeper(server, clock)
    assert not keeper.look()
    for button in (b"old", b"new"):
        server.show_button(button)
    assert not keeper.look()
    clock.seconds += BUTTON_SECONDS
    assert (keeper.look(), keeper.look()) == (True, False)
