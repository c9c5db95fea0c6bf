"""What a page keeps for its visitor, what it takes to put a component on it, what is polled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core import components, state
from tests.app.samples import FakeAnalyzer
from tests.samples import ROOT

Open = Callable[..., tuple[Any, str, bool]]


@pytest.fixture(
    params=[("photos", "photos"), ("video", "video_session"), ("live", "live_session"),
            ("own_data", "own_data")],
    ids=lambda param: param[0],
)  # fmt: skip
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
    mine, address, unknown = opened("me")
    assert not unknown
    theirs, another, unknown = opened("somebody", address)
    assert theirs is not mine
    assert another != address
    assert unknown
    # Nor does what somebody begins there come to who sent the address.
    again, _, unknown = opened("me", another)
    assert again is not theirs
    assert unknown
    again, another, unknown = opened("me", address)  # a reload
    assert (again is mine, another != address, unknown) == (True, True, False)


FIRST_PAGE = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file({entry!r}, default_timeout=60).run()
print(len(page.exception), len(page.get("bidi_component")) > 0, "pandas" in sys.modules)
"""


def test_the_first_page_is_shown_without_pandas() -> None:
    code = FIRST_PAGE.format(entry=str(ROOT / "streamlit_app.py"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "True", "False"]


@pytest.mark.parametrize(
    ("active", "every", "shown", "reruns"),
    [(True, components.POLL_SECONDS, 2, 0), (False, None, 0, 1)],
)
def test_what_is_polled_is_shown_each_second_and_after_the_end_the_new_page(
    monkeypatch: pytest.MonkeyPatch, active: bool, every: float | None, shown: int, reruns: int
) -> None:
    fragments: list[Callable[[], None]] = []
    calls, intervals, again = list[int](), list[float | None](), list[int]()

    def fragment(body: Callable[[], None], *, run_every: float | None) -> Callable[[], None]:
        fragments.append(body)
        intervals.append(run_every)
        return body

    monkeypatch.setattr(components.st, "fragment", fragment)
    monkeypatch.setattr(components.st, "rerun", lambda: again.append(1))
    components.poll(lambda: calls.append(1), active=active)
    assert again == [], "the run itself"
    fragments[0]()  # a browser asks
    assert (intervals, len(calls), len(again)) == ([every], shown, reruns)


def test_a_polled_place_is_the_same_before_and_after_the_end() -> None:
    def page() -> None:
        import streamlit as st

        from app.core.components import poll

        if st.session_state.get("active"):
            poll(lambda: None, active=True)
        else:
            poll(lambda: None, active=False)
        # What Streamlit keeps of this run, by identity.
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        context = get_script_run_ctx()
        assert context
        st.session_state["ids"] = sorted(context.shared.new_fragment_ids.snapshot())

    app = AppTest.from_function(page).run()
    before = app.session_state["ids"]
    app.session_state["active"] = True
    app.run()
    assert not app.exception
    assert app.session_state["ids"] == before
    assert len(before) == 1
