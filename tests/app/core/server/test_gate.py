"""Who may use a server, how often a visitor may upload, and what people are told."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.core.server import gate
from app.core.server.gate import Admission, RateLimit, too_fast
from app.core.server.notice import Notice
from tests.app.samples import Clock, png, words


def test_a_full_server_says_so_and_opens_when_there_is_a_place(
    monkeypatch: pytest.MonkeyPatch, page: AppTest
) -> None:
    monkeypatch.setenv("FER_MAX_SESSIONS", "0")
    gate._admission.clear()
    page.run()
    assert "Everybody is here at once" in words(page).replace("\\", "")
    assert not page.title
    assert not page.exception
    gate._admission().most = 1
    page.run()
    assert page.title[0].value == "Read the expressions in photos"


def test_a_wrong_setting_is_told_in_words(monkeypatch: pytest.MonkeyPatch, page: AppTest) -> None:
    monkeypatch.setenv("FER_MAX_PHOTOS", "many")
    gate._wrong_settings.clear()
    page.run()
    assert not page.exception
    assert "FER_MAX_PHOTOS: expected a whole number" in words(page).replace("\\", "")


def test_no_page_takes_more(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_MAX_UPLOADS_A_MINUTE", "0")
    for place in ("photos", "video", "own_data"):
        page.switch_page(f"app/pages/{place}.py").run()
        assert page.file_uploader, words(page)
        given = ("a.png", png(), "")
        page.file_uploader[0].set_value(given if place == "video" else [given])
        page.run()
        assert not page.exception
        assert "was not added: this server takes no uploads" in words(page).replace("\\", ""), place


def test_who_is_in_stays_and_who_has_left_makes_room() -> None:
    assert not Admission(0, lambda tab: True).let_in("a")
    open_tabs = {"a", "b"}
    admission = Admission(2, open_tabs.__contains__)
    assert [admission.let_in(tab) for tab in "abca"] == [True, True, False, True]
    open_tabs.symmetric_difference_update("bc")
    assert [admission.let_in(tab) for tab in "cb"] == [True, False]


def test_threads_never_let_in_more() -> None:
    admission = Admission(3, lambda tab: True)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admission.let_in, map(str, range(50)))) == 3


def test_so_many_are_taken_at_once_and_then_one_by_one() -> None:
    clock = Clock()
    assert RateLimit(0, clock).take("one") == 0
    rate = RateLimit(3, clock)
    assert rate.take("one", 5) == 3
    assert rate.take("one") == 0
    assert rate.take("another", 2) == 2
    assert rate.seconds_for("another", 3) == pytest.approx(40)
    assert rate.seconds_for("one") == pytest.approx(20)
    clock.seconds += 20
    assert rate.take("one", 5) == 1
    clock.seconds += 1000
    assert rate.take("one", 5) == 3


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a.png"], "a.png was not added: this server takes 3 files a minute of a visitor. "
         "Add it again in about 20 seconds."),
        (["a.png", "b.png"], "2 files were not added: this server takes 3 files a minute of a "
         "visitor. Add them again in about 40 seconds."),
    ],
)  # fmt: skip
def test_it_is_told_how_long_to_wait(names: list[str], says: str) -> None:
    rate = RateLimit(3, Clock())
    rate.take("one", 3)
    assert too_fast(names, rate, "one") == says


def test_who_has_paused_is_forgotten() -> None:
    rate = RateLimit(3, clock := Clock())
    for visitor in range(100):
        rate.take(str(visitor))
    clock.seconds += 60
    rate.take("another")
    assert len(rate._left) == 1


def test_of_files_that_come_too_fast_the_first_are_taken_and_the_others_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted, rate = list[object](), RateLimit(2)
    monkeypatch.setattr(gate, "this_visitor", str)
    monkeypatch.setattr(gate, "_upload_rate", lambda: rate)
    monkeypatch.setattr(gate, "log_event", lambda name, **facts: noted.append((name, facts)))
    assert gate.let_through(["a"]) == (1, "")
    count, said = gate.let_through(["b", "c", "d"])
    assert (count, said.startswith("2 files were not added")) == (1, True)
    assert noted == [("upload_refused", {"reason": "rate", "files": 2})]


@given(st.integers(1, 50), st.lists(st.tuples(st.floats(0, 30), st.integers(0, 60)), max_size=30))
def test_no_visitor_uploads_more_than_the_rate_allows(
    most: int, uploads: list[tuple[float, int]]
) -> None:
    clock = Clock()
    rate, began, taken = RateLimit(most, clock), clock.seconds, 0
    for pause, wanted in uploads:
        clock.seconds += pause
        taken += rate.take("one", wanted)
        assert taken <= most + most * (clock.seconds - began) / 60 + 1e-6


SET = {
    "FER_NOTICE_OPERATOR": "Museum of <b>Faces</b>",
    "FER_NOTICE_CONTACT": "privacy@example.org",
    "FER_NOTICE_PURPOSE": "an exhibit & its *tests*",
}


def test_what_is_set_stands_on_the_notice_and_there_are_lines_to_fill_in() -> None:
    assert Notice.of({}) == Notice()
    assert Notice().page().count("<span></span>") == 3
    page = Notice.of(SET).page()
    assert "Museum of &lt;b&gt;Faces&lt;/b&gt;" in page
    assert "an exhibit &amp; its *tests*" in page
    assert "<span></span>" not in page
    assert not re.search(r"https?://|src=", page), "it prints without a network"


def test_a_notice_is_where_pictures_are_taken(
    page: AppTest, live_page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(place: str) -> list[str]:
        infos = page.switch_page(f"app/pages/{place}.py").run().info
        return [str(one.value) for one in infos if "run by" in str(one.value)]

    assert told("photos") == []
    for name, value in SET.items():
        monkeypatch.setenv(name, value)
    for place in ("photos", "video", "live", "own_data"):
        (said,) = told(place)
        assert "Museum of \\<b\\>Faces\\</b\\>" in said
        assert "privacy@example\\.org" in said
    assert told("about") == []
