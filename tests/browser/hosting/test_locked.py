"""The app in the environment of ``uv.lock``, without TensorFlow, as Community Cloud installs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PATIENCE, WIDE
from tests.browser.hosting.visitors import sample_answered
from tests.browser.server import running_app
from tests.samples import ROOT


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of a fresh environment with exactly what the lock names."""
    folder = tmp_path_factory.mktemp("locked") / "environment"
    done = subprocess.run(
        ["uv", "sync", "--frozen", "--python", sys.executable],
        cwd=ROOT,
        env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(folder)},
        capture_output=True,
        text=True,
    )
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"uv could not install what is locked: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def url(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_app(tmp_path_factory.mktemp("server") / "log.txt", python=environment) as address:
        yield address


def test_there_is_no_tensorflow(environment: Path) -> None:
    code = "import importlib.util as u; print(u.find_spec('tensorflow'), u.find_spec('keras'))"
    done = subprocess.run([environment, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "None"]


def test_a_photograph_is_answered_and_every_page_opens(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    sample_answered(page)
    for path in ("video", "live", "own_data", "dashboard", "about"):
        page.goto(f"{url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
    page.close()
