"""What a page keeps for its visitor, on each page that keeps something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core import state
from tests.app.samples import FakeAnalyzer
from tests.samples import ROOT

Open = Callable[..., tuple[Any, str, bool]]


@pytest.fixture(
    params=[
        ("photos", "photos"),
        ("video", "video_session"),
        ("live", "live_session"),
        ("own_data", "own_data"),
    ],
    ids=lambda param: param[0],
)
def opened(
    request: pytest.FixtureRequest,
    analyzer: FakeAnalyzer,
    live_page: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Open:
    """Opens a page in a new tab of a browser, by an address or without."""
    place, name = request.param

    def open_page(browser: str, key: str = "") -> tuple[Any, str, bool]:
        monkeypatch.setattr(state, "this_visitor", lambda: browser)
        tab = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        tab.switch_page(f"app/pages/{place}.py")
        if key:
            tab.query_params["session"] = key
        tab.run()
        assert not tab.exception
        address = tab.query_params["session"]
        address = address if isinstance(address, str) else address[0]
        return tab.session_state[name], address, tab.session_state["address_unknown"]

    return open_page


def test_an_address_leads_to_nothing_in_another_browser(opened: Open) -> None:
    mine, address, _ = opened("me")
    theirs, another, unknown = opened("somebody", address)
    assert theirs is not mine
    assert another != address
    assert unknown
    # Nor does what somebody begins there come to who sent the address.
    again, _, unknown = opened("me", another)
    assert again is not theirs
    assert unknown
    assert opened("me", address)[0] is mine


def test_a_reload_finds_what_was_there_and_changes_the_address(opened: Open) -> None:
    mine, address, unknown = opened("me")
    assert not unknown
    again, another, unknown = opened("me", address)
    assert again is mine
    assert another != address
    assert not unknown
