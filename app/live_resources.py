"""What all live streams share: loaded networks, places, connection help; and one's own session."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st

from app import resources
from app.ice import Ice, IceSource
from app.live_limit import StreamLimit, max_streams
from app.live_session import LiveSession
from fer import FaceStream
from fer.classifier import ExpressionClassifier
from fer.detection import BlazeFace
from fer.stream import STREAM_SCORE

_SESSION = "live_session"


class StreamPool:
    """Networks for streams, as many as there are cores; streams take turns on them.

    A pair takes some 25 MB, so memory stays bounded however many streams there are, and more pairs
    than cores would not be faster.

    Args:
        directory: of the model.
        size: pairs of networks.

    Raises:
        ModelError: a model is missing or broken.
    """

    def __init__(self, directory: Path, size: int) -> None:
        self._pairs = [
            (BlazeFace(min_score=STREAM_SCORE, fitted=True), ExpressionClassifier(directory))
            for _ in range(size)
        ]
        self._next = itertools.count()
        for detector, classifier in self._pairs:
            # The first call of a network is slow, and a visitor would wait for it.
            spec = classifier.spec
            detector(np.zeros((480, 640, 3), np.uint8))
            classifier(np.zeros((1, spec.input_size, spec.input_size, spec.channels), np.uint8))

    def stream(self) -> FaceStream:
        """Return a stream of its own tracks, on the pair whose turn it is."""
        detector, classifier = self._pairs[next(self._next) % len(self._pairs)]
        return FaceStream(detector, classifier, classifier.spec)


def live_session() -> LiveSession:
    """Return the visitor's session; it lasts over page switches, until the tab is closed.

    Raises:
        ModelError: there is no complete model.
    """
    if _SESSION not in st.session_state:
        # Streamlit drops old sessions when a new one comes, and they hold themselves in circles.
        # Its own collection after every run is off (config.toml), for it stops all streams.
        gc.collect()
        pool = _pool(resources.model_dir(), os.cpu_count() or 1)
        st.session_state[_SESSION] = LiveSession(pool.stream(), _limit())
    return st.session_state[_SESSION]


def connection_help() -> Ice:
    """Return the servers for a connection that starts now."""
    return _ice_source().current()


def _settings() -> Mapping[str, str]:
    # Streamlit puts the secrets of the root level into the environment when it reads them.
    st.secrets.load_if_toml_exists()
    return dict(os.environ)


@st.cache_resource(max_entries=2, show_spinner="Loading the model …")
def _pool(directory: Path, size: int) -> StreamPool:
    return StreamPool(directory, size)


@st.cache_resource(show_spinner=False)
def _limit() -> StreamLimit:
    return StreamLimit(max_streams(_settings()))


@st.cache_resource(show_spinner=False)
def _ice_source() -> IceSource:
    return IceSource(_settings())
