"""The Live page in the mode on the visitor's device, without a browser."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit_webrtc.component
from aiortc.contrib.media import MediaRelay
from streamlit.testing.v1 import AppTest

from app.live import notices, state
from app.live.camera import CameraProblem
from app.live.device import choice, component, view
from app.live.device.protocol import Report
from app.live.device.texts import PROBLEMS
from app.live.streaming.connection import Connection, DeviceConnection, Phase
from app.live.streaming.stream_limit import StreamLimit
from app.live.streaming.turn import STUN, Help, Ice
from fer.model.spec import ModelSpec
from tests.app.live.samples import session_of
from tests.app.samples import Detector, FakeAnalyzer
from tests.samples import ROOT

PAGE = "app/pages/live.py"

LOCAL = Ice(Help.LOCAL, ())

NETWORK = {"url": "/x", "sha256": "", "bytes": 1_000_000}
NETWORKS = {"detector": {"192x256": NETWORK}, "landmark": NETWORK, "expression": NETWORK}


class Browser:
    """Stands for the component: keeps what it was given, and reports what a test says."""

    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []
        self.report = Report()

    def __call__(self, *, data: dict[str, Any], **_: object) -> SimpleNamespace:
        self.data.append(data)
        return SimpleNamespace()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr(component, "_component", lambda: fake)
    monkeypatch.setattr(component, "served_networks", lambda *_: NETWORKS)
    monkeypatch.setattr(component, "device_report", lambda: fake.report)
    monkeypatch.setattr(choice, "device_report", lambda: fake.report)
    monkeypatch.setattr(component.fer_lens_ondevice, "missing", lambda: "")
    monkeypatch.setattr(
        component.fer_lens_ondevice, "runtime", lambda: {"files": {"a.wasm.gz": {"bytes": 3e6}}}
    )
    return fake


Visit = Callable[..., AppTest]


@pytest.fixture
def visit(
    spec: ModelSpec,
    detector: Detector,
    analyzer: FakeAnalyzer,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> Visit:
    """Open the Live page; its options are the state of the server, and what was chosen."""
    monkeypatch.setattr(streamlit_webrtc.component, "get_this_session_info", lambda: None)
    monkeypatch.setattr("app.live.webrtc_patches.get_global_relay", MediaRelay)  # needs a server

    def open_page(
        slots: int = 1, ice: Ice = LOCAL, chosen: str = "", full: bool = False
    ) -> AppTest:
        limit = StreamLimit(slots)
        session = session_of(spec, limit, time.monotonic, detector)
        monkeypatch.setattr(state, "connection_help", lambda: ice)
        monkeypatch.setattr(state, "live_model", lambda current: current)
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
        app.session_state["live_session"] = session
        app.session_state["other"] = other = Other()
        if full:
            limit.hold(other)
        if chosen:
            app.query_params["live"] = chosen
        return app.switch_page(PAGE).run()

    return open_page


class Other:
    """Another visitor."""


def words(page: AppTest) -> str:
    kinds = (page.title, page.subheader, page.markdown, page.caption, page.warning, page.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def place(page: AppTest) -> str:
    (widget,) = [group for group in page.button_group if group.key == "live_place"]
    return str(widget.value.value)


def test_the_server_is_usual_where_it_can_hold_it(visit: Visit, browser: Browser) -> None:
    page = visit()
    assert not page.exception
    assert place(page) == "server"
    assert "Each frame is analysed on this server" in words(page)
    assert not browser.data


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"full": True}, "All places on this server are taken"),
        ({"slots": 0}, "switched off"),
        ({"ice": Ice(Help.STUN, STUN, "Google")}, "no relay (TURN)"),
    ],
)
def test_the_device_is_first_where_the_server_cannot_with_the_reason(
    visit: Visit, browser: Browser, options: dict[str, Any], says: str
) -> None:
    page = visit(**options)
    assert not page.exception
    assert place(page) == "device"
    assert says in words(page)
    assert "The video stays on your device" in words(page)
    assert "loads about 6 MB" in words(page)
    assert browser.data


def test_what_was_chosen_is_in_the_address_and_holds_after_a_reload(visit: Visit) -> None:
    page = visit()
    (widget,) = [group for group in page.button_group if group.key == "live_place"]
    widget.set_value(choice.Place.DEVICE).run()
    assert place(page) == "device"
    assert page.query_params["live"] in ("device", ["device"])
    assert place(visit(chosen="device")) == "device"
    assert place(visit(chosen="server", slots=0)) == "server"
    assert place(visit(chosen="nonsense")) == "server"


def test_a_run_without_news_sends_no_choice_over_a_click_on_its_way(visit: Visit) -> None:
    def sent(page: AppTest) -> set[str]:
        return {str(group.key) for group in page.button_group if group.proto.set_value}

    page = visit(chosen="device")
    assert sent(page) == {"head_choice", "live_place"}
    assert not sent(page.run())


def test_a_browser_that_cannot_says_why_and_the_server_takes_its_place(
    visit: Visit, browser: Browser
) -> None:
    browser.report = Report("unable", "simd")
    page = visit(ice=Ice(Help.STUN, STUN, "Google"))
    assert place(page) == "server"
    assert "lacks WebAssembly SIMD" in words(page)


@pytest.mark.parametrize("code", ["simd", "runtime"])
def test_who_wants_the_device_is_told_why_it_cannot_and_what_else_there_is(
    visit: Visit, browser: Browser, code: str
) -> None:
    browser.report = Report("unable", code)
    page = visit(chosen="device")
    assert not page.exception
    assert place(page) == "device"
    assert page.warning[0].value == PROBLEMS[code]
    assert "Before you start" not in words(page)
    page.button(key="live_device_snapshot").click().run()
    assert page.camera_input
    page.button(key="live_to_server").click().run()
    assert place(page) == "server"


def test_a_server_that_is_full_is_not_offered(visit: Visit, browser: Browser) -> None:
    browser.report = Report("unable", "memory")
    page = visit(chosen="device", full=True)
    assert not [button for button in page.button if button.key == "live_to_server"]


def test_a_problem_with_the_camera_has_the_same_words_as_on_the_server(
    visit: Visit, browser: Browser
) -> None:
    browser.report = Report("failed", "camera", "ended")
    assert notices._CAMERA[CameraProblem.GONE] in words(visit(chosen="device"))


def test_a_problem_that_is_known_before_the_start_is_told(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "camera_problem", lambda: CameraProblem.MISSING)
    page = visit(chosen="device")
    assert page.warning[0].value == notices._CAMERA[CameraProblem.MISSING]
    assert "Before you start" in words(page)


def test_a_failure_of_the_device_offers_the_server(visit: Visit, browser: Browser) -> None:
    browser.report = Report("failed", "network")
    page = visit(chosen="device")
    assert [warning.value for warning in page.warning] == [PROBLEMS["network"]]
    assert page.button(key="live_to_server")


def test_while_it_runs_the_page_is_as_on_the_server(
    visit: Visit, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeviceConnection, "observe", lambda *_: Phase.LIVE)
    browser.report = Report("running")
    page = visit(chosen="device")
    assert not page.exception
    assert "Live on your device" in words(page)
    assert [metric.label for metric in page.metric] == ["Analysed", "A frame takes"]
    assert page.slider
    assert page.download_button


def test_settings_reach_the_browser(visit: Visit, browser: Browser) -> None:
    page = visit(chosen="device")
    assert browser.data[-1]["settings"] == {
        "head": "expression",
        "smoothingSeconds": 0.6,
        "mirrored": True,
        "bars": True,
    }
    page.slider[0].set_value(1.5)
    page.toggle[0].set_value(False).run()
    page.run()
    settings = browser.data[-1]["settings"]
    assert (settings["smoothingSeconds"], settings["mirrored"]) == (1.5, False)


def test_the_server_waits_until_the_device_has_ended(visit: Visit, browser: Browser) -> None:
    browser.report = Report("running")
    page = visit(chosen="device")
    assert browser.data[-1]["stop"] is False
    (widget,) = [group for group in page.button_group if group.key == "live_place"]
    widget.set_value(choice.Place.SERVER).run()
    assert browser.data[-1]["stop"] is True
    count = len(browser.data)
    browser.report = Report("ended")
    page.run()
    assert len(browser.data) == count
    assert "Each frame is analysed on this server" in words(page)


def test_a_failed_connection_offers_the_device(
    visit: Visit, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "observe", lambda *_: Phase.FAILED)
    page = visit()
    page.button(key="live_to_device").click().run()
    assert place(page) == "device"
