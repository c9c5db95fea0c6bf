"""A server whose disk is full: what needs none works, and the rest says so."""

from __future__ import annotations

import io
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Browser, expect

from fer.types import Image
from tests.browser.conftest import Open, Serve
from tests.browser.test_live import component
from tests.browser.test_video import write_clip

pytest.importorskip("resource", reason="Windows has no such limit")

#: Bytes from which the web server would put an upload into a file, were it left to itself.
LARGE = 2**20


@pytest.fixture(scope="module")
def server(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    # Bytecode would be cut off, and read by others.
    env = {"TMPDIR": str(tmp_path_factory.mktemp("full")), "PYTHONDONTWRITEBYTECODE": "1"}
    return serve(env, module="tests.browser.servers.full_disk_streamlit")


def noisy(photo: Image) -> bytes:
    """Return a PNG of a photograph that cannot be packed well."""
    noise = np.random.default_rng(1).integers(0, 32, (1024, 1024, 3), np.uint8)
    enlarged = np.asarray(PillowImage.fromarray(photo).resize((1024, 1024)))
    out = io.BytesIO()
    PillowImage.fromarray(enlarged // 8 * 7 + noise // 2).save(out, "PNG")
    return out.getvalue()


def test_a_photograph_is_read_in_memory(
    open_page: Open, browser: Browser, server: str, astronaut: Image
) -> None:
    large = noisy(astronaut)
    assert len(large) > LARGE
    page = open_page(browser, server)
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": large}
    )
    expect(page.get_by_role("button", name="Marked picture (PNG)")).to_be_visible()


def test_live_video_can_be_started(open_page: Open, browser: Browser, server: str) -> None:
    page = open_page(browser, f"{server}/live?live=server")
    expect(component(page).get_by_role("button", name="Start", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_recording_is_refused_in_words_and_the_operator_knows(
    open_page: Open, browser: Browser, server: str, tmp_path: Path
) -> None:
    page = open_page(browser, f"{server}/video")
    page.locator("input[type=file]").set_input_files(write_clip(tmp_path / "a.mp4", "libx264"))
    expect(page.get_by_text("could not write it to its disk")).to_be_visible()
    with urllib.request.urlopen(f"{server}/_stcore/metrics") as answer:
        figures = answer.read().decode()
    assert 'event="disk_failed"' in figures
