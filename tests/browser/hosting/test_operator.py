"""The operator of a running server: the page, the log and the metrics, beside a visitor."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from app.core.server.metrics import COUNTERS, GAUGES
from tests.app.samples import png
from tests.browser.server import running_app

PASSWORD = "correct horse battery"

#: What a visitor's file is called: nobody else may read it.
SECRET = "party of maria"


class Running(NamedTuple):
    """A server, and what it says."""

    url: str
    log: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("operator") / "log.txt"
    settings = {
        "FER_ICE": "local",
        "FER_LOG": "json",
        "FER_OPERATOR_PASSWORD": PASSWORD,
        "FER_MAX_SESSIONS": "2",
    }
    with running_app(log, settings) as url:
        yield Running(url, log)


def metrics(url: str) -> str:
    with urllib.request.urlopen(f"{url}/_stcore/metrics", timeout=30) as answer:
        return str(answer.read().decode())


def test_the_operator_sees_what_visitors_do_and_nothing_of_them(
    browser: Browser, server: Running
) -> None:
    visitor, operator = browser.new_context(), browser.new_context()
    photo, page = visitor.new_page(), operator.new_page()
    photo.goto(server.url)
    expect(photo.get_by_role("heading", name="Read the expressions")).to_be_visible()
    page.goto(f"{server.url}/operator")
    for given in ("wrong password", PASSWORD):
        page.get_by_label("Password", exact=True).fill(given)
        page.get_by_role("button", name="Sign in").click()
        if given != PASSWORD:
            expect(page.get_by_text("That is not the password")).to_be_visible()

    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    files = photo.locator("input[type=file]").first
    files.set_input_files(
        [
            {"name": f"{SECRET}.png", "mimeType": "image/png", "buffer": png()},
            {"name": f"{SECRET} 2.png", "mimeType": "image/png", "buffer": b"no picture"},
        ]
    )
    expect(photo.get_by_text("is not an image that can be read")).to_be_visible()
    assert SECRET not in page.content()

    # A full server says so, and lets the next one in when somebody leaves.
    third = browser.new_context().new_page()
    third.goto(server.url)
    expect(third.get_by_role("heading", name="Read the expressions")).to_be_visible()
    fourth = browser.new_context().new_page()
    fourth.goto(server.url)
    expect(fourth.get_by_text("Everybody is here at once")).to_be_visible()
    visitor.close()
    expect(fourth.get_by_role("heading", name="Read the expressions")).to_be_visible()
    third.context.close()
    fourth.context.close()
    operator.close()

    figures = metrics(server.url)
    quiet = {"fer_lens_analyses", "fer_lens_logged"}  # nobody was live, and nothing went wrong
    assert {name for name in (*GAUGES, *COUNTERS) if f"# TYPE {name} " not in figures} == quiet
    assert 'event="photo_answered",kind="news",reason=""} 1' in figures
    assert "fer_lens_model_ready 1" in figures
    said = server.log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {line["event"] for line in lines} == {
        "server_started",
        "photo_answered",
        "photo_refused",
        "session_refused",
        "operator_refused",
        "operator_signed_in",
    }
    assert not any(word in said + figures for word in (SECRET, "maria", PASSWORD, "wrong password"))
