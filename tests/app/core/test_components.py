"""What it takes to put a component on a page, and what is shown again every second."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core import components
from tests.samples import ROOT

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


class Fragments:
    """Stands for Streamlit: keeps the fragments of a run, which a browser may ask for later."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: list[Callable[[], None]] = []
        self.every: list[float | None] = []
        self.reruns = 0
        monkeypatch.setattr(components.st, "fragment", self._fragment)
        monkeypatch.setattr(components.st, "rerun", self._rerun)

    def _fragment(self, body: Callable[[], None], *, run_every: float | None) -> Any:
        self.kept.append(body)
        self.every.append(run_every)
        return body

    def _rerun(self) -> None:
        self.reruns += 1


def test_what_is_polled_is_shown_in_the_run_and_in_each_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fragments, shown = Fragments(monkeypatch), []
    components.poll(lambda: shown.append(1), active=True)
    fragments.kept[0]()
    assert (len(shown), fragments.every, fragments.reruns) == (2, [components.POLL_SECONDS], 0)


def test_a_browser_that_asks_on_after_the_end_gets_the_new_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fragments, shown = Fragments(monkeypatch), []
    components.poll(lambda: shown.append(1), active=False)
    assert (shown, fragments.every, fragments.reruns) == ([], [None], 0), "the run itself"
    fragments.kept[0]()
    assert (shown, fragments.reruns) == ([], 1)


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
