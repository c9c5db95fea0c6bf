"""Names from outside on every page, and secrets on none: hostile names in all places."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from app.core.paths import SAMPLE
from fer.evaluation.report import Report
from tests.browser.conftest import PATIENCE, WIDE, follow, until_made
from tests.browser.server import running_app
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
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("models")
    directory = write_copy(folder, f"{MARKUP}".replace("/", "")[:100])
    report = Report.load(directory)
    data = report.data.model_copy(update={"name": NAMES[0]})
    report.model_copy(
        update={
            "name": MARKUP,
            "machine": MARKUP,
            "command": MARKUP,
            "preset": MARKUP,
            "data": data,
        }
    ).save(directory)
    log = folder / "log.txt"
    env = {"FER_MODEL": str(SHIPPED_MODEL), "FER_MODELS": str(folder)}
    turn = {"TURN_URLS": "turn:127.0.0.1:3478"}
    with running_app(log, env | turn | SECRETS) as url:
        yield Site(url, log)


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, permissions=["camera"])  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("request", lambda request: site.asked.append(request.url))
    page.on("dialog", lambda dialog: site.asked.append(f"dialog {EVIL}"))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda f: keep(site, f)))
    page.goto(site.url)
    yield page
    harmless(page)
    context.close()


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


def photos() -> list[FilePayload]:
    data = SAMPLE.read_bytes()
    return [
        {"name": name, "mimeType": "image/jpeg", "buffer": data + bytes(i)}
        for i, name in enumerate(NAMES)
    ]


def archive() -> FilePayload:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for i, name in enumerate(NAMES):
            made.writestr(name, SAMPLE.read_bytes() + bytes(1 + i))
        made.writestr(f"happy/{MARKUP.replace('/', '')}.jpg", SAMPLE.read_bytes())
    return {"name": f"{MARKUP}.zip", "mimeType": "application/zip", "buffer": out.getvalue()}


def saved(page: Page, name: str) -> tuple[str, bytes]:
    with page.expect_download() as file:
        page.get_by_role("button", name=name, exact=True).click()
    return file.value.suggested_filename, file.value.path().read_bytes()


def no_formulas(table: bytes) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    for row in rows:
        for column in ("file", "photo", "expression", "model", "error"):
            assert not row.get(column, "").startswith(("=", "+", "-", "@", "\t"))
    return rows


def inside(data: bytes) -> None:
    for name in zipfile.ZipFile(io.BytesIO(data)).namelist():
        assert ".." not in name.split("/")
        assert not set(name) & set('<>:"|?*\\\0\n\u202e')


def test_photos(page: Page) -> None:
    page.locator("input[type=file]").first.set_input_files(photos())
    expect(page.get_by_role("button", name="CSV of all")).to_be_visible()
    expect(page.get_by_text(MARKUP.split()[-2])).to_have_count(len(NAMES[:1]))
    harmless(page)
    assert len(no_formulas(saved(page, "CSV of all")[1])) == len(NAMES)
    assert len(json.loads(saved(page, "JSON of all")[1])["photos"]) == len(NAMES)
    inside(saved(page, "Everything (ZIP)")[1])


def test_an_archive(page: Page) -> None:
    page.locator("input[type=file]").first.set_input_files(archive())
    expect(page.get_by_role("button", name="Everything (ZIP)")).to_be_visible()
    harmless(page)
    name, data = saved(page, "Everything (ZIP)")
    assert "<" not in name
    inside(data)
    rows = no_formulas(saved(page, "CSV of all")[1])
    assert sum("path leads out" in row["error"] for row in rows) == 1


def test_own_data(page: Page) -> None:
    follow(page, "Your data")
    page.locator("input[type=file]").first.set_input_files(archive())
    expect(page.get_by_role("button", name="Labelled set (ZIP)")).to_be_visible()
    harmless(page)
    inside(saved(page, "Labelled set (ZIP)")[1])
    assert no_formulas(saved(page, "Labels (CSV)")[1])


def test_a_video(page: Page, tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.mp4", "libx264").read_bytes()
    follow(page, "Video")
    page.locator("input[type=file]").first.set_input_files(
        {"name": f"{MARKUP}.mp4", "mimeType": "video/mp4", "buffer": data}
    )
    expect(page.get_by_role("button", name="All files (ZIP)")).to_be_visible()
    harmless(page)
    name, archived = saved(page, "All files (ZIP)")
    assert "<" not in name
    inside(archived)


def test_the_dashboard(page: Page) -> None:
    follow(page, "Dashboard")
    page.get_by_role("combobox", name="Compare with").or_(
        page.get_by_role("combobox", name="Model")
    ).first.wait_for()
    for tab in page.get_by_role("tab").all():
        tab.click()
        until_made(page)
        harmless(page)
    _, html = saved(page, "Report (HTML)")
    page.set_content(html.decode())
    page.locator("h1").wait_for()
    harmless(page)


def test_live(page: Page) -> None:
    follow(page, "Live")
    expect(page.get_by_text("Connection: TURN, your own server")).to_be_visible()
    page.get_by_text("Model and labels").click()
    page.get_by_role("button", name="Model: compact").click()
    expect(page.get_by_role("radiogroup", name="The model that answers")).to_be_visible()


def test_nothing_was_fetched_from_elsewhere_and_no_secret_was_sent_or_logged(site: Site) -> None:
    assert site.got
    assert not [url for url in site.asked if EVIL in url]
    told = b"".join(site.got) + site.log.read_bytes()
    assert not [name for name, secret in SECRETS.items() if secret.encode() in told]
    assert b"HYPERLINK" not in site.log.read_bytes()


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
    upgrade = {
        "Origin": origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
    }
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    status, _ = answer(site.url, "GET", "/_stcore/stream", **upgrade, **key)
    assert status == 403
