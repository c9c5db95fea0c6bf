"""What a page keeps for its visitor, what is polled, and what whoever runs a server may set."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core import components, state
from app.core.settings import MAX_PHOTOS, SETTINGS, Kind, Setting, problems
from tests.samples import ROOT

PAGES = [("photos", "photos"), ("video", "video_session"), ("live", "live_session"),
         ("own_data", "own_data")]  # fmt: skip


@pytest.mark.usefixtures("analyzer", "live_page")
@pytest.mark.parametrize(("place", "name"), PAGES)
def test_an_address_leads_to_nothing_in_another_browser(
    monkeypatch: pytest.MonkeyPatch, place: str, name: str
) -> None:
    def opened(browser: str, key: str = "") -> tuple[Any, str, bool]:
        monkeypatch.setattr(state, "this_visitor", lambda: browser)
        tab = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        tab.switch_page(f"app/pages/{place}.py")
        if key:
            tab.query_params["session"] = key
        tab.run()
        address = tab.query_params["session"]
        address = address if isinstance(address, str) else address[0]
        return tab.session_state[name], address, tab.session_state["address_unknown"]

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


@pytest.mark.usefixtures("analyzer", "live_page")
@pytest.mark.parametrize("reloaded", ["photos", "video", "live", "own_data", "dashboard", "about"])
def test_a_reload_of_any_page_finds_what_all_pages_keep(reloaded: str) -> None:
    def tab_on(place: str) -> AppTest:
        tab = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
        return tab.switch_page(f"app/pages/{place}.py")

    def visit(tab: AppTest, place: str) -> AppTest:
        key = tab.query_params["session"]
        tab.switch_page(f"app/pages/{place}.py").run()
        assert tab.query_params["session"] == key, "all pages have one key"
        return tab

    tab = tab_on("photos").run()
    for place, _ in PAGES:
        visit(tab, place)
    before = {name: tab.session_state[name] for _, name in PAGES}
    visit(tab, reloaded)
    other = tab_on(reloaded)
    other.query_params["session"] = tab.query_params["session"]
    other.run()
    for place, _ in PAGES:
        visit(other, place)
    assert {name: other.session_state[name] for _, name in PAGES} == before
    assert not other.session_state["address_unknown"]


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
def test_what_is_polled_is_shown_each_second(
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


@pytest.mark.parametrize("kind", ["pills", "segmented_control", "radio", "selectbox"])
def test_a_picker_shows_what_was_chosen_elsewhere_or_here(kind: str) -> None:
    def page(kind: str) -> None:
        from functools import partial

        import streamlit as st

        from app.core.components import show_picker

        chosen = st.session_state.setdefault("chosen", "b")
        show_picker(
            getattr(st, kind),
            "Letter",
            ["a", "b", "c"],
            chosen,
            "picker",
            partial(st.session_state.__setitem__, "chosen"),
        )

    app = AppTest.from_function(page, kwargs={"kind": kind})
    app.session_state["chosen"] = "b"
    for elsewhere, here in (("b", None), ("c", None), ("c", "b"), ("a", "c")):
        app.session_state["chosen"] = elsewhere
        app.run()
        (picker,) = [*app.button_group, *app.radio, *app.selectbox]
        assert picker.value == elsewhere
        if here:
            picker.set_value(here).run()
            assert app.session_state["chosen"] == here


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
    assert app.session_state["ids"] == before
    assert len(before) == 1


SIZE = Setting("SIZE", "")


def test_a_setting_counts_where_there_is_one() -> None:
    assert SIZE.number({}, 7) == 7
    assert [SIZE.number({"SIZE": said}, 7) for said in ("", "  ", "0", " 12 ")] == [7, 7, 0, 12]
    for wrong in ("four", "-1", "²"):
        with pytest.raises(ValueError, match=r"SIZE: expected a whole number such as 4"):
            SIZE.number({"SIZE": wrong}, 7)
    assert MAX_PHOTOS.number({}) == MAX_PHOTOS.number({}, 7) == MAX_PHOTOS.default == 500
    place = Setting("PLACE", "", "here")
    assert (place.text({"PLACE": " "}), place.text({"PLACE": " there "})) == ("here", "there")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, []),
        ({"FER_MAX_STREAMS": "", "FER_ICE": " Relay ", "PATH": "x"}, []),
        ({"FER_ICE": "lan"}, ["FER_ICE: expected local or relay, got 'lan'"]),
        ({"FER_MAX_FACES": "-1"}, ["FER_MAX_FACES: expected a whole number such as 4, got '-1'"]),
        ({"FER_LOG": "xml", "FER_MAX_STREAMS": "x"}, ["FER_MAX_STREAMS: ", "FER_LOG: "]),
    ],
)
def test_all_that_is_wrong_is_told(settings: dict[str, str], says: list[str]) -> None:
    found = problems(settings)
    assert len(found) == len(says)
    assert all(one.startswith(start) for one, start in zip(found, says, strict=True))


def test_settings_are_in_the_table_alone_and_secrets_are_guarded() -> None:
    guarded = {name for name, one in SETTINGS.items() if one.kind is Kind.SECRET}
    words = ("SECRET", "TOKEN", "PASSWORD", "CREDENTIAL", "_SID", "KEY", "USERNAME")
    assert {name for name in SETTINGS if any(word in name for word in words)} == guarded
    elsewhere = {
        (file.name, node.value)
        for file in [*(ROOT / "app").rglob("*.py"), *ROOT.glob("*.py")]
        if file.name != "settings.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch("(FER|TURN|TWILIO|CLOUDFLARE)_[A-Z_]+", node.value)
    }
    assert not elsewhere
    files = [*(ROOT / "app").rglob("*.py"), ROOT / "serve.py"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    names = {name: name.removeprefix("FER_") for name in SETTINGS}
    unread = [n for n, const in names.items() if not re.search(rf"\b{const}\b(?! =|\")", source)]
    assert unread == []
