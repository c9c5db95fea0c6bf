"""The app with a fake analyzer in the place of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import streamlit_webrtc.component
from aiortc.contrib.media import MediaRelay
from streamlit import runtime
from streamlit.components.v2 import manifest_scanner
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest

from app.core import budget, state
from app.core.jobs import Jobs
from app.core.models import running_model
from app.core.server import gate
from fer.model.spec import ModelSpec
from tests.app.samples import PATIENCE, SECOND, Clock, Detector, FakeAnalyzer, FakeLandmark, Upload
from tests.samples import ROOT


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    """Room for one job at a time, which ends with the test."""
    jobs = Jobs(1)
    yield jobs
    jobs.close(PATIENCE)


@pytest.fixture(scope="session", autouse=True)
def _one_search_for_components() -> Iterator[None]:
    """Streamlit reads the metadata of every installed package whenever an app starts.

    They stay as they are, and reading them takes twenty times as long as a page.
    """
    search = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", search)
        yield


@pytest.fixture(autouse=True)
def _roomy_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all visitors share begins anew: all tests are one visitor to the app.

    Others need memory, too, and on a busy machine a page would say that there is no room.
    """
    for shared in (
        *(gate._upload_rate, gate._admission, gate._wrong_settings),
        *(state.jobs, state.quick_jobs, state.budget, state._store),
    ):
        shared.clear()
    monkeypatch.setattr(budget, "free_memory", lambda: None)


@pytest.fixture(autouse=True)
def _pages_without_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run of a page, whatever asks for it, ends with a traceback."""
    run = AppTest._run

    def checked(page: AppTest, *args: Any, **options: Any) -> AppTest:
        run(page, *args, **options)
        assert not page.exception
        return page

    monkeypatch.setattr(AppTest, "_run", checked)


@pytest.fixture(autouse=True)
def _widgets_with_one_value(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No widget gets a default and a value of the session at once, of which Streamlit warns.

    It does so once per process, so each test begins with none.
    """
    warnings: list[str] = []
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    monkeypatch.setattr(
        policies._LOGGER, "warning", lambda text, *parts, **_: warnings.append(text % parts)
    )
    yield
    assert not warnings


@pytest.fixture
def streamlit_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Put something in the place of Streamlit's running server."""

    def serve(server: object) -> None:
        monkeypatch.setattr(runtime, "exists", lambda: True)
        monkeypatch.setattr(runtime, "get_instance", lambda: server)

    return serve


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def detector() -> Detector:
    return Detector()


@pytest.fixture
def two_heads(spec: ModelSpec) -> ModelSpec:
    """A model with both heads, the first with class activation maps."""
    first = spec.heads[0].model_copy(update={"activation_map": "activation_map_expression"})
    return spec.model_copy(update={"heads": (first, first.model_copy(update=SECOND))})


@pytest.fixture
def analyzer(monkeypatch: pytest.MonkeyPatch, two_heads: ModelSpec) -> FakeAnalyzer:
    fake = FakeAnalyzer(two_heads)
    monkeypatch.setattr(running_model, "photo_analyzer", lambda: fake)
    monkeypatch.setattr(running_model, "model_spec", lambda: fake.spec)
    monkeypatch.setattr(running_model, "matching_track_record", lambda *args: None)
    monkeypatch.setattr(running_model, "matching_report", lambda *args: None)
    return fake


@pytest.fixture
def landmark(monkeypatch: pytest.MonkeyPatch) -> FakeLandmark:
    fake = FakeLandmark()
    monkeypatch.setattr(running_model, "face_landmark", lambda: fake)
    return fake


@pytest.fixture
def live_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the Live page asks a running server for."""
    monkeypatch.setattr(streamlit_webrtc.component, "get_this_session_info", lambda: None)
    monkeypatch.setattr("app.live.webrtc_patches.get_global_relay", MediaRelay)


@pytest.fixture
def page(analyzer: FakeAnalyzer) -> AppTest:
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()


@pytest.fixture
def upload(page: AppTest) -> Upload:
    """Upload files, given as ``name=contents`` pairs, and run the page."""

    def put(*files: tuple[str, bytes]) -> AppTest:
        page.file_uploader[0].set_value([(name, data, "image/png") for name, data in files])
        return page.run()

    return put
