"""Names from outside on every page, and secrets on none: hostile names in all places."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from app.core.settings import SAMPLE
from fer.evaluation.report import Report
from tests.browser.conftest import Open, Serve, follow, until_made
from tests.browser.test_video import write_clip
from tests.samples import SHIPPED_MODEL, write_copy

#: Where nothing may lead to, and nothing be fetched from.
EVIL = "evil.example"

MARKUP = f"<img src=x onerror='window.pwned=1'><b>x</b> ![a](https:{EVIL}) *star* $x^2$ :red[r]"
NAMES = (
    f"{MARKUP} <a href='https:{EVIL}'>y</a>.jpg",
    f'=HYPERLINK("https:{EVIL}","x").jpg',
    "@SUM(1+1).jpg",
    "../../up.jpg",
    "\u202egpj.exe.jpg",
)

#: Secrets of an operator.
SECRETS = {
    "TURN_SECRET": "marked-turn-secret-7d1f",
    "FER_OPERATOR_PASSWORD": "marked-operator-password-93c2",
    "CLOUDFLARE_TURN_KEY_API_TOKEN": "marked-cloudflare-token-55aa",
    "TWILIO_AUTH_TOKEN": "marked-twilio-token-0b0b",
}


@dataclass
class Site:
    """A server, and all that browsers got from it."""

    url: str
    log: Path
    got: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("models")
    directory = write_copy(folder, MARKUP.replace("/", "")[:100])
    report = Report.load(directory)
    data = report.data.model_copy(update={"name": NAMES[0]})
    named = dict.fromkeys(("name", "machine", "command", "preset"), MARKUP)
    report.model_copy(update={**named, "data": data}).save(directory)
    log = folder / "log.txt"
    env = {"FER_MODEL": str(SHIPPED_MODEL), "FER_MODELS": str(folder), "FER_LOG": "json"}
    turn = {"TURN_URLS": "turn:127.0.0.1:3478"}
    return Site(serve(env | turn | SECRETS, log=log), log)


@pytest.fixture
def page(site: Site, browser: Browser, open_page: Open) -> Iterator[Page]:
    page = open_page(browser)
    page.on("request", lambda request: site.asked.append(request.url))
    page.on("dialog", lambda dialog: site.asked.append(f"dialog {EVIL}"))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda f: keep(site, f)))
    page.goto(site.url)
    yield page
    harmless(page)


def keep(site: Site, frame: bytes | str) -> None:
    site.got.append(frame.encode() if isinstance(frame, str) else frame)


def harmless(page: Page) -> None:
    """Assert that no name became a part of the page."""
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("performance.getEntriesByType('resource').map(r => r.name)") != []
    for made in (f"a[href*='{EVIL}']", f"img[src*='{EVIL}']", "img[src='x']", "b:text-is('x')"):
        expect(page.locator(made)).to_have_count(0)
    expect(page.locator("em:text-is('star')")).to_have_count(0)
    expect(page.locator(".katex:has-text('x')")).to_have_count(0)


def payload(name: str, kind: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": data}


def archive() -> FilePayload:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for i, name in enumerate(NAMES):
            made.writestr(name, SAMPLE.read_bytes() + bytes(1 + i))
        made.writestr(f"happy/{MARKUP.replace('/', '')}.jpg", SAMPLE.read_bytes())
    return payload(f"{MARKUP}.zip", "application/zip", out.getvalue())


# What stands in files (no formulas, no paths that lead out) is tested where they are written.


def test_photos(page: Page) -> None:
    data = SAMPLE.read_bytes()
    photos = [payload(name, "image/jpeg", data + bytes(i)) for i, name in enumerate(NAMES)]
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(photos)
    expect(page.get_by_role("button", name="CSV of all")).to_be_visible()
    expect(page.get_by_text(MARKUP.split()[-2])).to_have_count(1)


@pytest.mark.parametrize(
    ("name", "ready"),
    [("Photos", "Everything (ZIP)"), ("Your data", "Labelled set (ZIP)")],
)
def test_an_archive(page: Page, name: str, ready: str) -> None:
    follow(page, name)
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(archive())
    with page.expect_download() as file:
        page.get_by_role("button", name=ready).click()
    assert "<" not in file.value.suggested_filename


def test_a_video(page: Page, tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.mp4", "libx264").read_bytes()
    follow(page, "Video")
    video = payload(f"{MARKUP}.mp4", "video/mp4", data)
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(video)
    expect(page.get_by_role("button", name="All files (ZIP)")).to_be_visible()


def test_the_dashboard(page: Page) -> None:
    follow(page, "Dashboard")
    page.get_by_role("combobox", name="Compare with").or_(
        page.get_by_role("combobox", name="Model")
    ).first.wait_for()
    for tab in page.get_by_role("tab").all():
        tab.click()
        until_made(page)
        harmless(page)
    with page.expect_download() as file:
        page.get_by_role("button", name="Report (HTML)").click()
    page.set_content(file.value.path().read_text(encoding="utf-8"))
    page.locator("h1").wait_for()


def test_live(page: Page) -> None:
    follow(page, "Live")
    expect(page.get_by_text("Connection: TURN, your own server")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("radiogroup", name="The model that answers")).to_be_visible()


def test_nothing_was_fetched_from_elsewhere_and_no_secret_was_sent_or_logged(site: Site) -> None:
    assert site.got
    assert not [url for url in site.asked if EVIL in url]
    with urllib.request.urlopen(f"{site.url}/_stcore/metrics", timeout=60) as answer:
        figures = answer.read()
    log = site.log.read_bytes()
    sent = b"".join(site.got) + log + figures
    assert not [name for name, secret in SECRETS.items() if secret.encode() in sent]
    # The operator learns what happened, and nothing of a visitor.
    assert b'event="photo_answered",kind="news"' in figures
    events = {json.loads(line)["event"] for line in log.splitlines() if line.startswith(b"{")}
    assert {"server_started", "photo_answered"} <= events
    assert not [word for word in (b"HYPERLINK", b"pwned", b"up.jpg") if word in log + figures]


def answer(url: str, method: str, path: str, **headers: str) -> tuple[int, str]:
    """Return the status of a request from somebody else's page, and whom the answer is open to."""
    connection = HTTPConnection(urlparse(url).netloc, timeout=60)
    try:
        connection.request(method, path, b"x" if method == "PUT" else None, headers)
        found = connection.getresponse()
        return found.status, found.getheader("Access-Control-Allow-Origin", "")
    finally:
        connection.close()


def test_other_sites_can_neither_upload_nor_read(site: Site) -> None:
    origin = f"https://{EVIL}"
    status, allowed = answer(site.url, "PUT", "/_stcore/upload_file/a/b", Origin=origin)
    assert (status in (400, 403), allowed in ("", site.url)) == (True, True)
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        status, allowed = answer(site.url, "GET", path, Origin=origin)
        assert allowed not in ("*", origin)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Origin": origin, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert answer(site.url, "GET", "/_stcore/stream", **upgrade, **key)[0] == 403
