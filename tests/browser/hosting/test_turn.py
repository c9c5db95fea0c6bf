"""Live video that goes through a TURN server and nothing else; without coturn these are skipped."""

from __future__ import annotations

import base64
import hmac
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import ICE
from app.live.streaming.turn import RELAY, IceSource, RelayCheck, RelayState
from tests.browser.conftest import PATIENCE, WIDE
from tests.browser.server import free_port, running_app
from tests.deploy.files import DEPLOY, compose

SECRET = "shared by both servers"

#: Ports of which every relayed stream takes one.
RELAYS = (47000, 47100)


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a TURN server whose users must have signed with the secret, and its log."""
    if not shutil.which("turnserver"):
        reason = "coturn is missing: install it to test live video through a TURN server"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    port = free_port()
    folder = tmp_path_factory.mktemp("turn")
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
    yield f"turn:127.0.0.1:{port}?transport=udp", log
    server.terminate()
    server.wait(timeout=20)


def opened(browser: Browser, url: str) -> Page:
    context = browser.new_context(viewport=WIDE, permissions=["camera"])  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{url}/live")
    return page


def start(page: Page) -> None:
    page.frame_locator("iframe").first.get_by_role("button", name="Start", exact=True).click()


def test_a_face_is_read_through_the_relay_alone(
    actress: Browser, turn: tuple[str, Path], tmp_path: Path
) -> None:
    address, log = turn
    settings = {"TURN_URLS": address, "TURN_SECRET": SECRET, ICE.name: RELAY}
    with running_app(tmp_path / "log.txt", settings) as url:
        page = opened(actress, url)
        expect(page.get_by_text("Connection: TURN, your own server")).to_be_visible()
        start(page)
        expect(page.get_by_text(re.compile("1 face in view"))).to_be_visible()
        page.context.close()
    said = log.read_text(errors="replace")
    assert re.search("ALLOCATE processed, success", said)
    for place in (tmp_path / "log.txt", log):
        assert SECRET not in place.read_text(errors="replace")


def signed(expires: float) -> dict[str, str]:
    """Credentials that the server's secret has signed, and that end at this second since 1970."""
    user = f"{int(expires)}:visitor"
    signature = hmac.digest(SECRET.encode(), user.encode(), "sha1")
    return {"TURN_USERNAME": user, "TURN_CREDENTIAL": base64.b64encode(signature).decode()}


def nobody() -> dict[str, str]:
    return {"TURN_URLS": f"turn:127.0.0.1:{free_port()}?transport=udp"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"TURN_SECRET": "another"}, "The TURN server refuses the credentials of this page"),
        (signed(1), "The credentials for the TURN server have expired"),
        (nobody() | {"TURN_SECRET": SECRET}, "The TURN server does not answer"),
    ],
    ids=["wrong", "expired", "unreachable"],
)
def test_a_connection_that_fails_is_told_in_plain_words(
    actress: Browser,
    turn: tuple[str, Path],
    tmp_path: Path,
    settings: dict[str, str],
    says: str,
) -> None:
    settings = {"TURN_URLS": turn[0], ICE.name: RELAY} | settings
    with running_app(tmp_path / "log.txt", settings) as url:
        page = opened(actress, url)
        start(page)
        expect(page.get_by_text(says)).to_be_visible()
        expect(page.get_by_role("link", name="Upload a photo")).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.context.close()


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"TURN_SECRET": SECRET}, RelayState.WORKS),
        (signed(time.time() + 3600), RelayState.WORKS),
        ({"TURN_SECRET": "another"}, RelayState.REFUSED),
        ({}, RelayState.REFUSED),
        (signed(1), RelayState.EXPIRED),
        (nobody(), RelayState.UNREACHABLE),
    ],
    ids=["made", "fixed", "wrong", "none", "expired", "unreachable"],
)
def test_what_the_server_says_to_credentials(
    turn: tuple[str, Path], settings: dict[str, str], state: RelayState
) -> None:
    ice = IceSource({"TURN_URLS": turn[0]} | settings, {}).current()
    with ThreadPoolExecutor() as pool:  # as for a visitor: this thread has the browser's event loop
        assert pool.submit(RelayCheck().state, ice).result() is state
