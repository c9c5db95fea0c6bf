"""The operator's page, as an operator and as a visitor meet it."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app.live import state
from app.operation import view
from app.operation.events import counters
from app.operation.password import ATTEMPTS
from tests.samples import ROOT

PASSWORD = "correct horse battery"
PAGE = "app/pages/operator.py"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("FER_OPERATOR_PASSWORD", PASSWORD)
    monkeypatch.setenv("FER_ICE", "local")
    view._doorkeeper.clear()
    state._ice_source.clear()
    yield opened().switch_page(PAGE)
    state._ice_source.clear()
    view._doorkeeper.clear()


def opened() -> AppTest:
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()


def try_password(page: AppTest, given: str) -> AppTest:
    page.run()
    page.text_input[0].set_value(given)
    return page.button[0].click().run()


def words(page: AppTest) -> str:
    said = (*page.title, *page.markdown, *page.error, *page.caption)
    return "\n".join(str(element.value) for element in said)


def test_without_a_password_there_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FER_OPERATOR_PASSWORD", raising=False)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        opened().switch_page(PAGE)


def test_nothing_is_shown_before_the_password(door: AppTest) -> None:
    door.run()
    assert not door.exception
    assert "whoever runs the server" in words(door)
    assert not door.metric
    assert not door.dataframe


def test_a_wrong_password_is_told_counted_and_not_kept(door: AppTest) -> None:
    before = counters().total("operator_refused")
    page = try_password(door, "wrong password")
    assert "That is not the password" in words(page)
    assert counters().total("operator_refused") == before + 1
    assert not page.metric
    assert page.text_input[0].value == ""


def test_who_guesses_has_to_wait(door: AppTest) -> None:
    for _ in range(ATTEMPTS):
        page = try_password(door, "wrong password")
    assert "Too many wrong passwords" in words(page)
    page = try_password(door, PASSWORD)
    assert not page.metric


def test_the_right_password_shows_the_figures_until_signed_out(door: AppTest) -> None:
    page = try_password(door, PASSWORD)
    assert not page.exception
    assert [metric.label for metric in page.metric] == [
        "Open tabs", "Streams", "Analyses", "Photos answered", "Memory"
    ]  # fmt: skip
    assert "this machine and its network only" in words(page)
    assert PASSWORD not in words(page)
    assert PASSWORD not in str(page.dataframe[-1].value)
    page.button[0].click().run()
    assert not page.metric
