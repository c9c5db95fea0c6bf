"""Sessions for tests, which wait for the analysis of every frame, however busy the machine is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import streamlit_webrtc.component
from aiortc.contrib.media import MediaRelay
from streamlit.testing.v1 import AppTest

from app.live import state
from app.live.streaming.session import LiveModel, LiveSession
from app.live.streaming.stream_limit import StreamLimit
from app.live.streaming.turn import Help, Ice, IceSource
from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Image
from tests.app.samples import PATIENCE, Detector
from tests.samples import ROOT, FakeClassifier

PAGE = "app/pages/live.py"


class Visitor:
    """Anything that can hold a place."""


def picture(level: int = 0, width: int = 640, height: int = 480) -> Image:
    """Return a picture whose left half is of one level, and whose right half is white."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[:, : width // 2] = level
    return image


def model_of(spec: ModelSpec, *labels: str, key: str = "fake-1", name: str = "other") -> LiveModel:
    """Return a model of a specification; one with another name and file, if it has other labels."""
    if labels:
        heads = (spec.heads[0].model_copy(update={"labels": labels}),)
        spec = spec.model_copy(update={"name": name, "sha256": "1" * 64, "heads": heads})
    return LiveModel(FakeClassifier(len(spec.labels)), spec, key)


def session_of(
    spec: ModelSpec,
    limit: StreamLimit,
    clock: Callable[[], float],
    detector: Callable = Detector(),  # noqa: B008 - which only finds a face
    *,
    match_seconds: float = PATIENCE,
    **stream: object,
) -> LiveSession:
    """Return a session in which a fake model answers."""
    model = model_of(spec)
    made = FaceStream(detector, model.classifier, spec, detector_version="fake-1", **stream)  # type: ignore[arg-type]
    return LiveSession(made, model, limit, clock, match_seconds=match_seconds)


def live_page(
    session: LiveSession,
    monkeypatch: pytest.MonkeyPatch,
    ice: Ice = Ice(Help.LOCAL, ()),  # noqa: B008 - which cannot be changed
    **query: str,
) -> AppTest:
    """Return the app on the Live page, not run yet, with this session."""
    monkeypatch.setattr(streamlit_webrtc.component, "get_this_session_info", lambda: None)
    monkeypatch.setattr("app.live.webrtc_patches.get_global_relay", MediaRelay)  # needs a server
    monkeypatch.setattr(IceSource, "current", lambda _: ice)
    monkeypatch.setattr(state, "live_model", lambda current: current)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    app.session_state["live_session"] = session
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(PAGE)
