"""Shared state of all live streams (networks, slots, ICE servers), and each visitor's session."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.core.models import running_model
from app.core.models.running_model import chosen_key, chosen_model
from app.core.priority import max_streams, usable_cores
from app.core.server.cleanup import CLEANUP
from app.core.server.metrics import GAUGES
from app.core.session.tabs import this_visitor
from app.core.settings import MAX_STREAMS_A_VISITOR
from app.core.state import kept
from app.live.streaming.session import LiveModel, LiveSession
from app.live.streaming.stream_limit import StreamLimit
from app.live.streaming.turn import IceSource, RelayCheck, relay_facts, twilio_servers
from app.live.webrtc_patches import cloudflare_servers
from fer.detection.blazeface import BlazeFace, stream_detector
from fer.detection.evidence import Evidence, FaceLandmark
from fer.model.classifier import ExpressionClassifier, NetworkPool
from fer.stream import STREAM_SCORE, FaceStream
from fer.types import LANDMARKS, Detections

#: Models that are loaded for streams at a time; the one that was not used for longest goes. A
#: stream that still works with one that went keeps it.
MAX_MODELS = 2


def live_session() -> LiveSession:
    """Return the visitor's session, or a ModelError. A reload finds it by the page's address."""
    return kept(
        "live_session",
        _new_session,
        end=lambda session: session.ended(),
        bytes_of=lambda session: session.record.bytes,
    )


def _new_session() -> LiveSession:
    # Streamlit drops old sessions when a new one starts, but they contain reference cycles. Its
    # own garbage collection after every run is off (config.toml), as it interrupts all streams.
    gc.collect()
    model = live_model()
    detector, face_check = _face_networks(_size())
    stream = FaceStream(
        detector, model.classifier, model.spec, face_check, detector_version=stream_detector()
    )
    session = LiveSession(stream, model, _limit())
    _limit().belongs(session, this_visitor())
    return session


def live_model(current: LiveModel | None = None) -> LiveModel:
    """Return the model that the visitor has chosen, loaded once for all streams.

    A stream keeps its current one as long as it is the chosen one: where visitors have chosen more
    than are kept loaded, none is loaded again and again.

    Raises:
        ModelError: it is missing or broken.
    """
    key = chosen_key()
    return current if current and current.key == key else _model(chosen_model(), key, _size())


def _size() -> int:
    """Return the number of networks of a kind: of no use are more than cores, or than streams."""
    # At least one, even if no stream may run: the page asks it for its heads.
    return max(1, min(ceil(usable_cores()), _limit().slots))


@st.cache_resource(show_spinner="Loading the model …")
def _face_networks(size: int) -> tuple[SharedNetwork, Evidence]:
    return shared_face_networks(size, running_model.face_landmark())


@st.cache_resource(max_entries=MAX_MODELS, show_spinner="Loading the model …")
def _model(directory: Path, key: str, size: int) -> LiveModel:
    """Return the networks of a model, which `key` tells from what was there before."""
    return shared_model(running_model.expression_network(directory), size, key)


@st.cache_resource(show_spinner=False)
def _limit() -> StreamLimit:
    limit = StreamLimit(max_streams(), of_visitor=MAX_STREAMS_A_VISITOR.number())
    about, _ = GAUGES["fer_lens_streams"]
    GAUGES["fer_lens_streams"] = about, lambda: limit.taken
    CLEANUP.add(limit.look)
    return limit


@st.cache_resource(show_spinner=False)
def ice_source() -> IceSource:
    """Return what has the credentials of TURN servers, for all visitors."""
    providers = {"Cloudflare": cloudflare_servers, "Twilio": twilio_servers}
    return IceSource(os.environ, providers)


def operator_facts() -> list[tuple[str, str]]:
    """Return where live video goes, after asking the TURN server, for the operator."""
    relay = _relay_check().state(ice_source().current())
    return relay_facts(ice_source(), relay)


@st.cache_resource(show_spinner=False)
def _relay_check() -> RelayCheck:
    return RelayCheck()


class SharedNetwork:
    """A `FaceDetector` or a `Classifier` that uses whichever of its copies is free."""

    def __init__(self, copies: Sequence[Any]) -> None:
        self._pool = NetworkPool(copies)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """See `FaceDetector` and `Classifier`."""
        with self._pool.borrow() as network:
            return network(*arguments, **named)

    def activation_maps(self, *arguments: Any, **named: Any) -> Any:
        """See `Classifier`."""
        with self._pool.borrow() as network:
            return network.activation_maps(*arguments, **named)


def shared_face_networks(size: int, landmark: FaceLandmark) -> tuple[SharedNetwork, Evidence]:
    """Return what finds faces for all streams; a ModelError if it is missing or broken.

    A detector takes about 12 MB. A fixed number of them bounds the memory for any number of
    streams; more than cores, or than streams, would not be faster. The network that looks closely
    at new faces is needed so rarely that there is one for all.
    """
    detectors = [BlazeFace(min_score=STREAM_SCORE, fitted=True) for _ in range(size)]
    frame = np.zeros((480, 640, 3), np.uint8)
    # The first call of a network is slow; without this, a visitor would wait for it.
    for detector in detectors:
        detector(frame)
    any_face = np.array([[200, 200, 300, 300]], np.float32)
    points = np.zeros((1, LANDMARKS, 2), np.float32)
    landmark(frame, Detections(any_face, np.ones(1, np.float32), points))
    return SharedNetwork(detectors), Evidence(landmark)


def shared_model(first: ExpressionClassifier, size: int, key: str = "") -> LiveModel:
    """Return an expression model for all streams; each frame uses whichever network is free."""
    classifiers = [first, *(first.twin() for _ in range(size - 1))]
    spec = first.spec
    for classifier in classifiers:
        classifier(np.zeros((1, spec.input_size, spec.input_size, spec.channels), np.uint8))
    return LiveModel(SharedNetwork(classifiers), spec, key)
