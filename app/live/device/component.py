"""The component in the visitor's browser: what it is given, and what comes back from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import fer_lens_ondevice
import streamlit as st

from app.live.device.protocol import DeviceFeed, Report
from app.live.device.served import served_networks
from app.live.streaming.frames import OFF_HIGHEST, OFF_MEAN, WORKING_SIDE
from app.live.streaming.record import BOX_SECONDS
from app.live.streaming.session import LiveModel, LiveSession
from fer.labels import PERSON_COLOURS, UNCERTAIN_COLOUR, colour_of
from fer.ondevice.constants import model_constants, path_constants
from fer.types import UNCERTAIN

#: What the browser shows itself; names in braces are filled in there.
IN_BROWSER = {
    "start": "Start",
    "stop": "Stop",
    "chooseCamera": "Choose camera",
    "idle": "Your camera's picture appears here, and does not leave your device.",
    "loading": "Getting ready …",
    "loadingBytes": "Loading what your device needs: {loaded} of {total} MB",
    "preparing": "Getting the networks ready …",
    "paused": "Paused while this page is in the background.",
    "ended": "The camera is off.",
    "failed": "The camera is off.",
    "unable": "This browser cannot analyse by itself.",
    "notConnected": "Not connected: the analysis goes on, and its results wait here.",
    "muted": "The camera gives no picture at the moment.",
    "slow": "This device is slow, so fewer frames are analysed; the video goes on.",
    "or": "or",
    "person": "Person {number}",
    "pictureWithoutFace": "Your camera's picture: no face is marked.",
    "pictureWithFaces": "Your camera's picture with marked faces: {faces}.",
}

KEY, _FEED, _SETUP = "live_device", "live_device_feed", "live_device_setup"


def device_report() -> Report:
    """Return what the browser said last; that nothing runs, if the component is not there."""
    feed = st.session_state.get(_FEED)
    # Streamlit forgets a component that was left out of a run, and so does its browser.
    return feed.report if KEY in st.session_state and isinstance(feed, DeviceFeed) else Report()


def download_bytes() -> int:
    """Return about how many bytes the device of this visitor loads at its first start."""
    setup = st.session_state[_SETUP]
    runtime, networks = setup["runtime"] or {"files": {}}, setup["networks"]
    # Of the runtime's variants, one is loaded; of the detectors, that for the picture's shape.
    wasm = max((file["bytes"] for file in runtime["files"].values()), default=0)
    detector = max(file["bytes"] for file in networks["detector"].values())
    return int(wasm + detector + networks["landmark"]["bytes"] + networks["expression"]["bytes"])


def mount(session: LiveSession, model: LiveModel, directory: Path, *, stop: bool) -> None:
    """Put the component on the page. Call it in every full run while it is chosen.

    It is in a fragment, so the results that come twice a second run nothing else.
    """
    feed = st.session_state.get(_FEED)
    if not isinstance(feed, DeviceFeed) or feed.session is not session:
        feed = st.session_state[_FEED] = DeviceFeed(session)
    feed.answer_with(model)
    st.session_state[_SETUP] = _setup(model, served_networks(directory, model.key))
    st.fragment(_mount)(feed, stop, _shown(feed))


def _mount(feed: DeviceFeed, stop: bool, shown: tuple[Report, int]) -> None:
    # Before the component: what a fragment sends just before a run of the page can get lost, and
    # Streamlit would then take the component off the page for a moment.
    if _shown(feed) != shown:
        st.rerun()
    settings, setup = feed.session.settings, st.session_state[_SETUP]
    has_it, feed.has_setup = feed.has_setup == setup["id"], ""
    _component()(
        key=KEY,
        data={
            "setup": None if has_it else setup,
            "settings": {
                "head": settings.head or feed.session.model.spec.default_head,
                "smoothingSeconds": settings.smoothing_seconds,
                "mirrored": settings.mirrored,
                "bars": settings.bars,
            },
            "reply": feed.reply and feed.reply.data(),
            "heard": feed.heard,
            "generation": feed.session.record.generation,
            "stop": stop,
        },
        # Before the fragment answers.
        on_message_change=lambda: feed.hear(getattr(st.session_state.get(KEY), "message", None)),
    )


def _shown(feed: DeviceFeed) -> tuple[Report, int]:
    """Return what decides how the page looks: the report, and what it shows when nothing runs."""
    report, record = device_report(), feed.session.record
    # Results that come late, as after a lost connection, belong to what is shown after the end.
    return report, -1 if report.active else len(record) + record.dropped


def _setup(model: LiveModel, networks: dict[str, Any]) -> dict[str, Any]:
    """Return what a browser needs to know of the path, of a model, and of the words.

    It has a name, by which the browser says that it has it.
    """
    labels = sorted({label for head in model.spec.heads for label in head.labels})
    answers = {label: colour_of(label) for label in labels}
    setup = {
        "runtime": fer_lens_ondevice.runtime(),
        "missing": fer_lens_ondevice.missing(),
        "networks": networks,
        "constants": path_constants(
            working_side=WORKING_SIDE, off_highest=OFF_HIGHEST, off_mean=OFF_MEAN
        ),
        "model": {"key": model.key, **model_constants(model.spec)},
        "boxSeconds": BOX_SECONDS,
        "colours": {
            "answers": answers | {UNCERTAIN: UNCERTAIN_COLOUR},
            "people": list(PERSON_COLOURS),
        },
        "texts": IN_BROWSER,
    }
    name = sha256(json.dumps(setup, sort_keys=True).encode()).hexdigest()
    return {"id": name[:16], **setup}


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component(fer_lens_ondevice.COMPONENT, js="live.js", css="live.css")
