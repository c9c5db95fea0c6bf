"""The operator of a running server: the page, the log and the metrics, beside a visitor."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, expect

from app.core.server.metrics import COUNTERS, GAUGES
from tests.app.samples import png
from tests.browser.conftest import Open, Serve

PASSWORD = "correct horse battery"

#: What a visitor's file is called: nobody else may read it.
SECRET = "party of maria"


def test_the_operator_sees_what_visitors_do_and_nothing_of_them(
    browser: Browser, serve: Serve, open_page: Open, tmp_path: Path
) -> None:
    log = tmp_path / "log.txt"
    limits = {"FER_OPERATOR_PASSWORD": PASSWORD, "FER_MAX_SESSIONS": "2"}
    url = serve({"FER_LOG": "json"} | limits, log=log)
    photo = open_page(browser, url)
    expect(photo.get_by_role("heading", name="Read the expressions")).to_be_visible()
    page = open_page(browser, f"{url}/operator")
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
    third = open_page(browser, url)
    expect(third.get_by_role("heading", name="Read the expressions")).to_be_visible()
    fourth = open_page(browser, url)
    expect(fourth.get_by_text("Everybody is here at once")).to_be_visible()
    photo.context.close()
    expect(fourth.get_by_role("heading", name="Read the expressions")).to_be_visible()

    with urllib.request.urlopen(f"{url}/_stcore/metrics", timeout=30) as answer:
        figures = answer.read().decode()
    quiet = {"fer_lens_analyses", "fer_lens_logged"}  # nobody was live, and nothing went wrong
    assert {name for name in (*GAUGES, *COUNTERS) if f"# TYPE {name} " not in figures} == quiet
    assert 'event="photo_answered",kind="news",reason=""} 1' in figures
    assert "fer_lens_model_ready 1" in figures
    said = log.read_text(encoding="utf-8")
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
