"""The component in the visitor's browser: what it is given, and what comes back from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import fer_lens_ondevice
import streamlit as st

from app.live.device.protocol import DeviceFeed, Report
from app.live.device.served import served_networks
from app.live.device.texts import IN_BROWSER
from app.live.streaming.frames import OFF_HIGHEST, OFF_MEAN, WORKING_SIDE
from app.live.streaming.people import LiveModel
from app.live.streaming.record import BOX_SECONDS
from app.live.streaming.session import LiveSession
from fer.labels import PERSON_COLOURS, UNCERTAIN_COLOUR, colour_of
from fer.ondevice.constants import model_constants, path_constants
from fer.types import UNCERTAIN

KEY = "live_device"
_STATE = "live_device_state"

Shown = tuple[Report, int]

#: Models whose answers may still be on their way when another has been chosen.
_MAX_MODELS = 4


@dataclass
class _State:
    """What is kept for one visitor between two runs of the page.

    Attributes:
        report: what the browser said last of how it is going.
        reply: the answer to the last batches, for the browser.
        heard: number of the last message.
        has_setup: name of the setup that the browser said it has, until it is used.
        setup: what the browser gets once, for the model that answers now.
        models: the models that have been chosen, by key, the newest one last.
    """

    session: LiveSession
    feed: DeviceFeed = field(init=False)
    report: Report = field(default_factory=Report)
    reply: Any = None
    heard: int = 0
    has_setup: object = ""
    models: dict[str, LiveModel] = field(default_factory=dict)
    setup: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.feed = DeviceFeed(self.session, self.models.get)

    def answer_with(self, model: LiveModel, directory: Path) -> None:
        """Prepare a model for the browser; what an earlier one answered may still come."""
        self.models[model.key] = model
        while len(self.models) > _MAX_MODELS:
            del self.models[next(iter(self.models))]
        self.setup = _setup(model, served_networks(directory, model.key))


def device_report() -> Report:
    """Return what the browser said last; that nothing runs, if the component is not there."""
    state = st.session_state.get(_STATE)
    # Streamlit forgets a component that was left out of a run, and so does its browser.
    return state.report if KEY in st.session_state and isinstance(state, _State) else Report()


def device_problem() -> str:
    """Return why this server cannot let devices analyse, as a code of `texts`; "" if it can."""
    return "runtime" if fer_lens_ondevice.missing() else ""


def download_bytes() -> int:
    """Return about how many bytes the device of this visitor loads at its first start."""
    state: _State = st.session_state[_STATE]
    runtime, networks = state.setup["runtime"] or {"files": {}}, state.setup["networks"]
    # Of the runtime's variants, one is loaded; of the detectors, that for the picture's shape.
    wasm = max((file["bytes"] for file in runtime["files"].values()), default=0)
    detector = max(file["bytes"] for file in networks["detector"].values())
    return int(wasm + detector + networks["landmark"]["bytes"] + networks["expression"]["bytes"])


def mount(session: LiveSession, model: LiveModel, directory: Path, *, stop: bool) -> None:
    """Put the component on the page. Call it in every full run while it is chosen.

    It is in a fragment, so the results that come twice a second run nothing else.

    Args:
        session: the visitor's stream.
        model: the model that answers.
        directory: of the model.
        stop: whether to end, as the visitor goes on with the server.
    """
    _state(session).answer_with(model, directory)
    st.fragment(_mount)(session, stop, _shown(session))


def _mount(session: LiveSession, stop: bool, shown: Shown) -> None:
    # Before the component: what a fragment sends just before a run of the page can get lost, and
    # Streamlit would then take the component off the page for a moment.
    if _shown(session) != shown:
        st.rerun()
    state = _state(session)
    has_it, state.has_setup = state.has_setup == state.setup["id"], ""
    _component()(
        key=KEY,
        data={
            "setup": None if has_it else state.setup,
            "settings": _settings(session),
            "reply": state.reply,
            "heard": state.heard,
            "life": session.record.life,
            "stop": stop,
        },
        on_told_change=lambda: _take(session),
    )


def _take(session: LiveSession) -> None:
    """Take what has come from the browser, before the fragment answers."""
    message = getattr(st.session_state.get(KEY), "told", None)
    if not isinstance(message, Mapping):
        return
    state = _state(session)
    state.report = Report.of(message.get("phase"))
    state.has_setup, number = message.get("setup"), message.get("number")
    state.heard = number if isinstance(number, int) else 0
    if "batches" in message:
        state.reply = state.feed.take(message).data()


def _shown(session: LiveSession) -> Shown:
    """Return what decides how the page looks: the report, and what it shows when nothing runs."""
    report = device_report()
    # Results that come late, as after a lost connection, belong to what is shown after the end.
    return report, -1 if report.active else _written(session)


def _written(session: LiveSession) -> int:
    return len(session.record) + session.record.dropped


def _state(session: LiveSession) -> _State:
    state = st.session_state.get(_STATE)
    if not isinstance(state, _State) or state.session is not session:
        state = st.session_state[_STATE] = _State(session)
    return state


def _settings(session: LiveSession) -> dict[str, Any]:
    settings = session.settings
    return {
        "head": settings.head or session.spec.default_head,
        "smoothingSeconds": settings.smoothing_seconds,
        "mirrored": settings.mirrored,
        "bars": settings.bars,
    }


def _setup(model: LiveModel, networks: dict[str, Any]) -> dict[str, Any]:
    """Return what a browser needs to know of the path, of a model, and of the words.

    It has a name, by which the browser says that it has it.
    """
    labels = {label for head in model.spec.heads for label in head.labels}
    answers = {label: colour_of(label) for label in sorted(labels)}
    constants = path_constants(
        working_side=WORKING_SIDE, off_highest=OFF_HIGHEST, off_mean=OFF_MEAN
    )
    setup = {
        "runtime": fer_lens_ondevice.runtime(),
        "missing": fer_lens_ondevice.missing(),
        "networks": networks,
        "constants": constants,
        "model": {"key": model.key, **model_constants(model.spec)},
        "boxSeconds": BOX_SECONDS,
        "colours": {
            "answers": {**answers, UNCERTAIN: UNCERTAIN_COLOUR},
            "people": list(PERSON_COLOURS),
        },
        "texts": dict(IN_BROWSER),
    }
    name = sha256(json.dumps(setup, sort_keys=True).encode()).hexdigest()
    return {"id": name[:16], **setup}


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component(fer_lens_ondevice.COMPONENT, js="live.js", css="live.css")
