"""Connections that say nothing, or next to nothing: to the app itself, and to nginx before it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlparse

import psutil
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PATIENCE, WIDE
from tests.browser.hosting.visitors import sample_answered
from tests.browser.server import server_of

SILENT, SLOW = 1000, 50


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def connect(url: str) -> socket.socket:
    place = urlparse(url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=60)


def answers(page: Page, url: str) -> None:
    """Have a photograph answered."""
    page.goto(url)
    sample_answered(page)


def connections(process: psutil.Process) -> int:
    return sum(c.status == psutil.CONN_ESTABLISHED for c in process.net_connections("tcp"))


def test_a_thousand_connections_that_never_speak_keep_nobody_out(page: Page, server: str) -> None:
    process = server_of(server)
    before = connections(process)
    with ExitStack() as silent:
        for _ in range(SILENT):
            silent.enter_context(connect(server))
        answers(page, server)
        assert connections(process) >= before + SILENT
    answers(page, server)
    while connections(process) > before + SLOW:
        page.wait_for_timeout(100)  # between two looks at the condition
    assert process.num_threads() < 100


def test_uploads_that_trickle_keep_nobody_out(page: Page, server: str) -> None:
    head = (
        "PUT /_stcore/upload_file/nobody/1 HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 10000000\r\n\r\n--x\r\n"
    )
    with ExitStack() as slow:
        uploads = [slow.enter_context(connect(server)) for _ in range(SLOW)]
        for upload in uploads:
            upload.sendall(head.encode())
        answers(page, server)
        for upload in uploads:
            upload.sendall(b"x")
        answers(page, server)
