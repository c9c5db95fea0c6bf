"""Who may use a server or see its settings, how often one may upload, what people are told."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.core.server import gate
from app.core.server import operator_view as view
from app.core.server.events import counters
from app.core.server.gate import Admission, RateLimit, too_fast
from app.core.server.notice import Notice
from app.core.server.operator_view import ATTEMPTS, lets_in, network_of, password_of
from app.core.settings import SETTINGS
from app.live import state
from app.live.streaming.turn import IceSource, RelayState, relay_facts
from tests.app.samples import Clock, plain_words, png, words
from tests.samples import ROOT


def test_full_servers_and_wrong_settings(monkeypatch: pytest.MonkeyPatch, page: AppTest) -> None:
    monkeypatch.setenv("FER_MAX_SESSIONS", "0")
    gate._admission.clear()
    page.run()
    assert "Everybody is here at once" in plain_words(page)
    assert not page.title
    gate._admission().most = 1
    page.run()
    assert page.title[0].value == "Read the expressions in photos"
    monkeypatch.setenv("FER_MAX_PHOTOS", "many")
    gate._wrong_settings.clear()
    page.run()
    assert "FER_MAX_PHOTOS: expected a whole number" in plain_words(page)


def test_no_page_takes_more(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_MAX_UPLOADS_A_MINUTE", "0")
    for place in ("photos", "video", "own_data"):
        page.switch_page(f"app/pages/{place}.py").run()
        assert page.file_uploader, words(page)
        given = ("a.png", png(), "")
        page.file_uploader[0].set_value(given if place == "video" else [given])
        page.run()
        assert "was not added: this server takes no uploads" in plain_words(page), place


def test_who_is_in_stays_and_threads_let_in_no_more() -> None:
    assert not Admission(0, lambda tab: True).let_in("a")
    open_tabs = {"a", "b"}
    admission = Admission(2, open_tabs.__contains__)
    assert [admission.let_in(tab) for tab in "abca"] == [True, True, False, True]
    open_tabs.symmetric_difference_update("bc")
    assert [admission.let_in(tab) for tab in "cb"] == [True, False]
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
    rate = RateLimit(3, clock := Clock())
    for visitor in range(100):
        rate.take(str(visitor))
    clock.seconds += 60
    rate.take("another")
    assert len(rate._left) == 1


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


def test_of_many_files_the_first_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    noted, rate = list[object](), RateLimit(2)
    monkeypatch.setattr(gate, "this_visitor", str)
    monkeypatch.setattr(gate, "_upload_rate", lambda: rate)
    monkeypatch.setattr(gate, "log_event", lambda name, **facts: noted.append((name, facts)))
    assert gate.let_through(["a"]) == (1, "")
    count, said = gate.let_through(["b", "c", "d"])
    assert (count, said.startswith("2 files were not added")) == (1, True)
    assert noted == [("upload_refused", {"reason": "rate", "files": 2})]


@given(st.integers(1, 50), st.lists(st.tuples(st.floats(0, 30), st.integers(0, 60)), max_size=30))
def test_nobody_uploads_more_than_allowed(most: int, uploads: list[tuple[float, int]]) -> None:
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


def test_a_notice_is_shown(page: AppTest, live_page: None, monkeypatch: pytest.MonkeyPatch) -> None:
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


PASSWORD = "correct horse battery"
ENTRY, PAGE = str(ROOT / "streamlit_app.py"), "app/pages/operator.py"


@pytest.mark.parametrize(
    ("setting", "password"),
    [("", ""), ("  ", ""), ("elevenchars", ""), (" twelve chars ", "twelve chars")],
)
def test_without_a_long_password_there_is_no_page(setting: str, password: str) -> None:
    assert password_of({"FER_OPERATOR_PASSWORD": setting}) == password
    assert password_of({}) == ""


@pytest.mark.parametrize("given", ["", " ", "correct", PASSWORD.upper(), PASSWORD + "x", "\ud800"])
def test_only_the_right_password_opens(given: str) -> None:
    assert not lets_in(given, PASSWORD)
    assert lets_in(f"{PASSWORD}\n", PASSWORD)
    assert not lets_in("", "")


def test_the_time_of_a_comparison_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *pair: not compared.append(pair))  # type: ignore[func-returns-value]
    assert lets_in("wrong", PASSWORD), "nothing else compares"
    assert [list(map(len, pair)) for pair in compared] == [[32, 32]]


@pytest.mark.parametrize(
    ("address", "network"),
    [("", ""), ("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::/64"),
     ("2001:db8::ffff:1", "2001:db8::/64"), ("2001:db8:0:1::1", "2001:db8:0:1::/64")],
)  # fmt: skip
def test_all_addresses_of_a_network_are_one_visitor(address: str, network: str) -> None:
    assert network_of(address) == network
    assert network_of("::ffff:192.0.2.1") != network_of("::ffff:192.0.2.2")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("FER_OPERATOR_PASSWORD", PASSWORD)
    monkeypatch.setenv("FER_ICE", "local")
    view._attempts.clear()
    state.ice_source.clear()
    yield AppTest.from_file(ENTRY, default_timeout=60).run().switch_page(PAGE)
    state.ice_source.clear()
    view._attempts.clear()


def try_password(page: AppTest, given: str) -> AppTest:
    page.run()
    page.text_input[0].set_value(given)
    return page.button[0].click().run()


def test_without_a_password_there_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FER_OPERATOR_PASSWORD", raising=False)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        AppTest.from_file(ENTRY, default_timeout=60).run().switch_page(PAGE)


def test_a_wrong_password_is_told_counted_and_not_kept_and_who_guesses_waits(door: AppTest) -> None:
    before = counters().total("operator_refused")
    door.run()
    assert "whoever runs the server" in words(door)
    page = try_password(door, "wrong password")
    assert "That is not the password" in words(page)
    assert counters().total("operator_refused") == before + 1
    assert (len(page.dataframe), page.text_input[0].value) == (0, "")
    for _ in range(ATTEMPTS - 1):
        page = try_password(door, "wrong password")
    assert "Too many wrong passwords" in words(page)
    assert not try_password(door, PASSWORD).dataframe


def test_the_right_password_shows_one_table_until_signed_out(door: AppTest) -> None:
    page = try_password(door, PASSWORD)
    (table,) = page.dataframe
    values = dict(zip(table.value["What"], table.value["Value"], strict=True))
    assert values["Way of live video"] == "none: this machine and its network only"
    assert values["FER_OPERATOR_PASSWORD"] == "set"
    assert len(values["SHA-256 of its file"]) == 64
    assert PASSWORD not in words(page) + str(values)
    assert not page.button[0].click().run().dataframe


@pytest.mark.parametrize("relay", RelayState)
def test_what_the_turn_server_says_is_said_in_words(relay: RelayState) -> None:
    source = IceSource({}, {})
    assert relay_facts(source, None) == [("Way of live video", "not known yet")]
    source.failed_at = 0.0
    way, says, failed = relay_facts(source, relay)
    assert (way[0], says[0]) == ("Way of live video", "The TURN server")
    assert says[1]
    assert failed[1] == "1970-01-01 00:00:00 UTC"


def test_all_settings_are_shown_and_no_secret() -> None:
    secrets = {"TURN_SECRET": "s3cret", "FER_OPERATOR_PASSWORD": PASSWORD}
    rows = {row["What"]: row for row in view.setting_rows({"FER_MAX_FACES": "7"} | secrets)}
    assert rows.keys() == SETTINGS.keys()
    assert (rows["FER_MAX_FACES"]["Value"], rows["FER_MAX_FACES"]["From"]) == ("7", "set")
    assert rows["FER_MAX_PHOTOS"]["From"] == "default"
    assert int(rows["FER_MAX_STREAMS"]["Value"]) >= 2
    assert (rows["TURN_SECRET"]["Value"], rows["TWILIO_AUTH_TOKEN"]["Value"]) == ("set", "not set")
    assert not any(secret in str(rows) for secret in secrets.values())
