"""The Live page in the mode on the visitor's device, without a browser, and what it serves."""

import hashlib
import re
import time
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import fer_lens_ondevice
import pytest
from streamlit import runtime
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

from app.live import notices
from app.live.device import component
from app.live.device import served as module
from app.live.device.component import IN_BROWSER
from app.live.device.protocol import Report
from app.live.device.served import KEPT_FILES, Shelf, served_networks
from app.live.device.view import PROBLEMS, Choice, Place, explained, reason_for_device
from app.live.streaming.connection import Connection, DeviceConnection, Phase
from app.live.streaming.stream_limit import StreamLimit
from app.live.streaming.turn import STUN, Help, Ice
from fer.model.spec import ModelSpec
from fer.ondevice.networks import device_networks
from tests.app.live.device.samples import Browser as Sight
from tests.app.live.samples import Visitor, live_page, session_of
from tests.app.samples import Clock, Detector, FakeAnalyzer, words
from tests.samples import SHIPPED_MODEL

LOCAL, STUN_ONLY = Ice(Help.LOCAL, ()), Ice(Help.STUN, STUN, "Google")

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

    def open_page(slots: int = 1, ice: Ice = LOCAL, full: bool = False, **query: str) -> AppTest:
        limit = StreamLimit(slots)
        session = session_of(spec, limit, time.monotonic, detector)
        app = live_page(session, monkeypatch, ice, **query)
        app.session_state["other"] = other = Visitor()
        if full:
            limit.hold(other)
        return app.run()

    return open_page


def widget(page: AppTest) -> Any:
    (found,) = [group for group in page.button_group if group.key == "live_place"]
    return found


def place(page: AppTest) -> str:
    return str(widget(page).value.value)


def test_the_server_is_usual_and_a_choice_lasts(
    visit: Visit, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit()
    assert place(page) == "server"
    assert "Each frame is analysed on this server" in words(page)
    assert not browser.data
    widget(page).set_value(Place.DEVICE).run()
    assert place(page) == "device"
    assert page.query_params["live"] in ("device", ["device"])
    assert place(visit(live="device")) == "device"
    assert place(visit(live="server", slots=0)) == "server"
    assert place(visit(live="nonsense")) == "server"
    monkeypatch.setattr(Connection, "observe", lambda *_: Phase.FAILED)
    page = visit()
    page.button(key="live_to_device").click().run()
    assert place(page) == "device"


def test_a_reason_puts_the_device_first(visit: Visit, browser: Browser) -> None:
    page = visit(ice=STUN_ONLY)
    assert place(page) == "device"
    for part in ("no relay (TURN)", "The video stays on your device", "loads about 6 MB"):
        assert part in words(page)
    assert browser.data
    browser.report = Report("unable", "simd")
    page = visit(ice=STUN_ONLY)
    assert place(page) == "server"
    assert "lacks WebAssembly SIMD" in words(page)


@pytest.mark.parametrize(
    ("report", "says", "starts"),
    [
        (Report("unable", "simd"), PROBLEMS["simd"], False),
        (Report("failed", "network"), PROBLEMS["network"], True),
    ],
)
def test_who_wants_the_device_is_told_why_it_cannot(
    visit: Visit, browser: Browser, report: Report, says: str, starts: bool
) -> None:
    browser.report = report
    page = visit(live="device")
    assert place(page) == "device"
    assert [warning.value for warning in page.warning] == [says]
    assert ("Before you start" in words(page)) == starts
    full = visit(live="device", full=True)
    assert not [button for button in full.button if button.key == "live_to_server"]
    page.button(key="live_device_snapshot").click().run()
    assert page.camera_input
    page.button(key="live_to_server").click().run()
    assert place(page) == "server"


def test_camera_words_are_alike(
    visit: Visit, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.report = Report("failed", "camera", "ended")
    assert notices._CAMERA["gone"] in words(visit(live="device"))
    browser.report = Report()
    monkeypatch.setattr("app.live.view.camera_problem", lambda: "missing")
    page = visit(live="device")
    assert page.warning[0].value == notices._CAMERA["missing"]
    assert "Before you start" in words(page)


def test_it_runs_as_on_a_server(
    visit: Visit, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeviceConnection, "observe", lambda *_: Phase.LIVE)
    browser.report = Report("running")
    page = visit(live="device")
    assert "Live on your device" in words(page)
    assert [metric.label for metric in page.metric] == ["Analysed", "A frame takes"]
    assert page.download_button
    assert browser.data[-1]["stop"] is False
    usual = {"head": "expression", "smoothingSeconds": 0.6, "mirrored": True, "bars": True}
    assert browser.data[-1]["settings"] == usual
    page.slider[0].set_value(1.5)
    page.toggle[0].set_value(False).run()
    page.run()
    assert browser.data[-1]["settings"] == usual | {"smoothingSeconds": 1.5, "mirrored": False}
    widget(page).set_value(Place.SERVER).run()
    assert browser.data[-1]["stop"] is True
    count = len(browser.data)
    browser.report = Report("ended")
    page.run()
    assert len(browser.data) == count
    assert "Each frame is analysed on this server" in words(page)


def test_the_setup_goes_once_and_results_are_answered(visit: Visit, browser: Browser) -> None:
    page = visit(live="device")
    for _ in range(2):  # a run without news sends no choice over a click on its way
        assert not [group.key for group in page.run().button_group if group.proto.set_value]
    setup = browser.data[-1]["setup"]
    assert setup["model"]["key"] == "fake-1"
    sent = Sight(Clock())
    sent.look()
    feed = page.session_state["live_device_feed"]
    feed.hear({"number": 3, "setup": setup["id"], "phase": {}, **sent.message()})
    page.run()
    data = browser.data[-1]
    assert (data["setup"], data["heard"], data["generation"]) == (None, 3, 0)
    assert (data["reply"]["run"], data["reply"]["acknowledged"]) == ("run-1", 1)
    page.session_state["live_session"].record.clear()
    page.run()
    assert browser.data[-1]["generation"] == 1


@pytest.mark.parametrize(
    ("refusal", "connection", "says"),
    [
        ("", Help.LOCAL, ""),
        ("", Help.TURN, ""),
        ("full", Help.STUN, "All places on this server are taken"),
        ("off", Help.LOCAL, "switched off"),
        ("", Help.STUN, "no relay (TURN)"),
    ],
)
def test_a_reason_against_the_server_is_told(refusal: str, connection: Help, says: str) -> None:
    choice = Choice().revised(reason_for_device(refusal, connection), "")
    assert (choice.place is Place.DEVICE) == bool(choice.reason) == bool(says)
    assert says in choice.reason


def test_what_was_chosen_stays_but_for_a_device_that_cannot() -> None:
    assert Choice().revised("full", "simd") == Choice()
    preselected = Choice().revised("full", "")
    assert preselected.revised("full", "simd") == Choice(), "found out after it was chosen"
    assert preselected.revised("", "") == preselected, "nobody is moved when a place is free again"
    for place in Place:
        chosen = Choice(place, by_visitor=True)
        for reason, problem in product(("", "full"), ("", "runtime")):
            assert chosen.revised(reason, problem) == chosen


PAGE = fer_lens_ondevice.ASSETS / "page"
SCRIPTS = [fer_lens_ondevice.ASSETS / "live.js", *PAGE.glob("*.js")]


def test_every_text_and_problem_of_a_script_has_its_words() -> None:
    used = set(re.findall(r"texts\.(\w+)", "\n".join(file.read_text() for file in SCRIPTS)))
    view, session = ((PAGE / name).read_text() for name in ("view.js", "session.js"))
    used |= set(re.findall(r'^  \w+: \["\w+", "(\w+)"\]', view, re.MULTILINE))
    used |= set(re.findall(r'"(\w+)"', session[session.rindex("  show() {") :])) - {"running"}
    assert used == set(IN_BROWSER)
    camera = (PAGE / "camera.js").read_text()
    assert set(re.findall(r'return "(\w+)"', camera)) <= set(PROBLEMS)
    types = (fer_lens_ondevice.ASSETS / "types.js").read_text()
    codes = re.search(r"@typedef \{([^}]*)\} FailureCode", types)
    assert codes
    assert set(re.findall(r'"(\w+)"', codes[1])) <= set(PROBLEMS)
    assert explained("nobody knows") == PROBLEMS["analysis"]


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MediaFileManager:
    """A manager of files, asked by a page of the visitor “ann”."""
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "ann")
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def fetched(manager: MediaFileManager, url: str) -> bytes | None:
    """What a browser gets whose component's scripts lie where Streamlit has them."""
    base = "http://host/app/_stcore/bidi-components/fer-lens-ondevice.live/"
    path = urljoin(base, url).removeprefix("http://host/app/media/")
    file = manager.read_file(path.partition(".")[0])
    return file and file.content


def page_runs_anew(manager: MediaFileManager) -> None:
    manager.clear_session_refs("ann")
    manager.remove_orphaned_files()


def test_a_file_stays_over_runs_at_an_address_of_its_own(
    manager: MediaFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_FILES", 2)
    other = manager.add(b"picture", "image/png", "1.0")
    first, second, *_ = (Shelf(manager).put(of) for of in (b"first", b"second", b"first", b"3rd"))
    page_runs_anew(manager)
    assert fetched(manager, first["url"]) == b"first"
    assert (first["bytes"], first["sha256"]) == (5, hashlib.sha256(b"first").hexdigest())
    assert fetched(manager, second["url"]) is fetched(manager, f"../../..{other}") is None
    content = bytearray(4 * 2**20)
    first, again = (Shelf(manager).put(bytes(content)) for _ in range(2))
    content[2**20] = 1  # large files that differ in a byte
    assert first == again
    assert first["url"] != Shelf(manager).put(bytes(content))["url"]

    def add(content: bytes, *_: str) -> str:
        return f"https://files.example/{len(content)}"

    file = Shelf(SimpleNamespace(add=add)).put(b"network")  # type: ignore[arg-type]
    assert file["url"] == "https://files.example/7"


def test_networks_are_served(manager: MediaFileManager, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SimpleNamespace(media_file_mgr=manager)
    monkeypatch.setattr(runtime, "get_instance", lambda: server)
    served, made = served_networks(SHIPPED_MODEL, "compact"), device_networks(SHIPPED_MODEL)
    page_runs_anew(manager)
    assert served["key"] == "compact"
    assert served["detector"].keys() == made.detector.keys()
    for canvas, file in served["detector"].items():
        assert fetched(manager, file["url"]) == made.detector[canvas]
    assert fetched(manager, served["landmark"]["url"]) == made.landmark
    assert fetched(manager, served["expression"]["url"]) == made.expression
    assert len(served["detector"]) + 2 < KEPT_FILES
