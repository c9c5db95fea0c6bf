"""The operator's page, as an operator and as a visitor meet it."""

import hmac
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app.core.server import operator_view as view
from app.core.server.events import counters
from app.core.server.operator_view import ATTEMPTS, lets_in, network_of, password_of
from app.core.settings import SETTINGS
from app.live import state
from app.live.streaming.turn import IceSource, RelayState, relay_facts
from tests.app.samples import words
from tests.samples import ROOT

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
    assert not page.exception
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
