"""Live video that goes through a TURN server and nothing else; without coturn these are skipped."""

from __future__ import annotations

import base64
import hmac
import os
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import ICE
from app.live.streaming.turn import RELAY, IceSource, RelayCheck, RelayState
from tests.browser.conftest import Open, Serve
from tests.browser.hosting.conftest import needs
from tests.browser.server import free_port
from tests.deploy.files import DEPLOY, compose

SECRET = "shared by both servers"

#: Ports of which every relayed stream takes one.
RELAYS = (47000, 47100)


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a TURN server whose users must have signed with the secret, and its log."""
    with turn_server(tmp_path_factory.mktemp("turn")) as (address, log, _):
        yield address, log


@contextmanager
def turn_server(folder: Path) -> Iterator[tuple[str, Path, subprocess.Popen[bytes]]]:
    """Run a TURN server as `turn` says; yield its address, its log and its process."""
    needs("turnserver", "live video through a TURN server")
    port = free_port()
    text = (DEPLOY / "turnserver.conf").read_text(encoding="utf-8")
    for before, after in (
        (
            "listening-port=3478",
            f"listening-port={port}\nlistening-ip=127.0.0.1\nrelay-ip=127.0.0.1",
        ),
        ("min-port=49160", f"min-port={RELAYS[0]}"),
        ("max-port=49959", f"max-port={RELAYS[1]}"),
        ("pidfile=/tmp/turnserver.pid", f"pidfile={folder / 'pid'}"),
        # Both ends of these streams are on this machine, which coturn rightly denies by default.
        ("no-multicast-peers", "no-multicast-peers\nallow-loopback-peers\nverbose"),
    ):
        assert before in text
        text = text.replace(before, after)
    # What compose.yaml has the container do, with a secret that stands in no argument.
    (folder / "turnserver.conf").write_text(text, encoding="utf-8")
    [script] = compose()["services"]["coturn"]["command"]
    assert "exec turnserver" in script
    script = script.replace("$$", "$").replace("/etc/fer-lens", str(folder))
    script = script.replace("/tmp/turnserver.conf", str(folder / "full.conf"))
    script = re.sub("echo .external-ip.*\n", "", script)
    command = ["/bin/sh", "-c", script]
    log = folder / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(
            command,
            env=os.environ | {"TURN_SECRET": SECRET},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    yield f"turn:127.0.0.1:{port}?transport=udp", log, server
    server.terminate()
    server.wait(timeout=20)


def started(open_page: Open, browser: Browser, url: str) -> Page:
    page = open_page(browser, f"{url}/live")
    expect(page.get_by_text("Connection: TURN, your own server")).to_be_visible()
    page.frame_locator("iframe").first.get_by_role("button", name="Start", exact=True).click()
    return page


def test_a_face_is_read_through_the_relay_alone(
    actress: Browser, open_page: Open, serve: Serve, turn: tuple[str, Path], tmp_path: Path
) -> None:
    address, log = turn
    settings = {"TURN_URLS": address, "TURN_SECRET": SECRET, ICE.name: RELAY}
    page = started(open_page, actress, serve(settings, log=tmp_path / "log.txt"))
    expect(page.get_by_text(re.compile("1 face in view"))).to_be_visible()
    assert re.search("ALLOCATE processed, success", log.read_text(errors="replace"))
    for place in (tmp_path / "log.txt", log):
        assert SECRET not in place.read_text(errors="replace")


def test_a_connection_that_is_lost_is_said_to_be_and_one_that_is_stopped_is_not(
    actress: Browser, open_page: Open, serve: Serve, tmp_path: Path
) -> None:
    in_view = re.compile("1 face in view")
    lost = re.compile("The connection was lost")
    with turn_server(tmp_path) as (address, _, server):
        url = serve({"TURN_URLS": address, "TURN_SECRET": SECRET, ICE.name: RELAY})
        page = started(open_page, actress, url)
        expect(page.get_by_text(in_view)).to_be_visible()
        video = page.frame_locator("iframe").first
        video.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_role("heading", name="Before you start")).to_be_visible()
        expect(page.get_by_text(lost)).to_have_count(0)
        video.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_text(in_view)).to_be_visible()
        server.kill()
        expect(page.get_by_text(lost)).to_be_visible()
        expect(page.get_by_role("button", name="Analyse on this device instead")).to_be_visible()
        expect(page.get_by_role("link", name="Upload a photo").first).to_be_visible()
        expect(video.get_by_role("button", name="Start", exact=True)).to_be_visible()


def test_a_connection_that_fails_is_told_in_plain_words(
    actress: Browser, open_page: Open, serve: Serve, turn: tuple[str, Path]
) -> None:
    url = serve({"TURN_URLS": turn[0], ICE.name: RELAY, "TURN_SECRET": "another"})
    page = started(open_page, actress, url)
    says = "The TURN server refuses the credentials of this page"
    expect(page.get_by_text(says)).to_be_visible()
    expect(page.get_by_role("link", name="Upload a photo")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def signed(expires: float) -> dict[str, str]:
    """Credentials that the server's secret has signed, and that end at this second since 1970."""
    user = f"{int(expires)}:visitor"
    signature = hmac.digest(SECRET.encode(), user.encode(), "sha1")
    return {"TURN_USERNAME": user, "TURN_CREDENTIAL": base64.b64encode(signature).decode()}


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"TURN_SECRET": SECRET}, RelayState.WORKS),
        (signed(time.time() + 3600), RelayState.WORKS),
        ({"TURN_SECRET": "another"}, RelayState.REFUSED),
        (signed(1), RelayState.EXPIRED),
    ],
    ids=["made", "fixed", "wrong", "expired"],
)
def test_what_the_server_says_to_credentials(
    turn: tuple[str, Path], settings: dict[str, str], state: RelayState
) -> None:
    ice = IceSource({"TURN_URLS": turn[0]} | settings, {}).current()
    with ThreadPoolExecutor() as pool:  # as for a visitor: this thread has the browser's event loop
        assert pool.submit(RelayCheck().state, ice).result() is state
