"""Values that components in visitors' browsers send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.core import components, uploaders
from app.core.components import RefusedFiles, WholeNumber, component_value
from app.own_data.labelling import Report
from app.video import inputs

#: What a page must not believe, for whatever kind of value.
GARBAGE: tuple[Any, ...] = (
    *(None, True, 1.5, float("nan"), -(2**60), 2**60, "", "\ud800", "1"),
    *([None], [[]], [1], {}, {"a": 1}, {"set": 1, "changes": {}}, {"set": "a", "changes": 1}),
    *([{"name": 1, "reason": "x"}], [{"name": "\ud800"}], [{"bytes": "many"}], [{"bytes": -1}]),
    {"set": "a", "changes": [], "have": [[]]},
)

KINDS: tuple[tuple[TypeAdapter[Any], Any], ...] = (
    (WholeNumber, 3),
    (WholeNumber, -1),
    (RefusedFiles, [{"name": "a.txt", "reason": "no"}]),
    (RefusedFiles, [{"name": "", "reason": "", "bytes": 7}]),
    (Report, {"set": "a", "changes": [[1, "undo"]], "have": [0]}),
)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Streamlit keeps of a visitor's widgets."""
    state: dict[str, Any] = {}
    for module in (components, uploaders, inputs):
        monkeypatch.setattr(module.st, "session_state", state)
    return state


@pytest.mark.parametrize(
    "kind", [WholeNumber, RefusedFiles, Report], ids=["number", "files", "labels"]
)
@pytest.mark.parametrize("sent", GARBAGE, ids=ascii)
def test_what_does_not_validate_is_ignored(
    state: dict[str, Any], kind: TypeAdapter[Any], sent: object
) -> None:
    assert component_value("component", "value", kind) is None, "not on the page"
    for garbage in (sent, {"value": sent}):
        state["component"] = garbage
        assert component_value("component", "value", kind) is None


@pytest.mark.parametrize(("kind", "sent"), KINDS)
def test_what_scripts_send_is_read(
    state: dict[str, Any], kind: TypeAdapter[Any], sent: object
) -> None:
    state["component"] = {"value": sent}
    assert component_value("component", "value", kind) == kind.validate_python(sent)


class Session:
    """Notes what it is told of refused files."""

    def __init__(self) -> None:
        self.limits = type("Limits", (), {"bytes": 1})()
        self.told: list[object] = []
        self.notice = ""

    def refuse(self, files: list[tuple[str, str]]) -> None:
        self.told += files

    def refuse_all(self, size: int) -> None:
        self.told.append(size)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([{"name": "a.txt", "reason": "no"}], [("a.txt", "no")]),
        ([{"name": "", "reason": "", "bytes": 7}], [7]),
        *((garbage, []) for garbage in GARBAGE),
    ],
    ids=ascii,
)
def test_uploaders_hear_of_refused_files_only(
    state: dict[str, Any], monkeypatch: pytest.MonkeyPatch, sent: object, told: list[object]
) -> None:
    callbacks: list[Callable[[], None]] = []
    monkeypatch.setattr(
        uploaders, "mount", lambda *_, on_refused_change, **__: callbacks.append(on_refused_change)
    )
    session = Session()
    uploaders._helper(session, "files")  # type: ignore[arg-type]
    state["files_helper"] = {"refused": sent}
    callbacks[0]()
    assert session.told == told
    state[inputs._HELPER] = {"refused": sent}
    inputs._tell_refused(session)  # type: ignore[arg-type]
    assert bool(session.notice) is bool(told)
