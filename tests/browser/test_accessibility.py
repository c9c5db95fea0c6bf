"""What axe finds on every page, with and without results, in both themes: nothing serious."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.acts import sample_answered
from tests.browser.conftest import Visit, until_made
from tests.browser.test_pages import PAGES, settled
from tests.samples import ROOT

#: From ondevice/package.json: `npm ci --ignore-scripts` in that folder.
AXE = ROOT / "ondevice" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        reason = "axe-core is missing: run `npm ci --ignore-scripts` in ondevice/"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text(encoding="utf-8")


def drawn_faces(page: Page) -> None:
    """Begin to label the drawn faces of Your data."""
    page.get_by_role("button", name="Try it with drawn faces").click()
    page.get_by_role("button", name="happy").first.wait_for()
    until_made(page)


STATES: list[tuple[str, Callable[[Page], None] | None]] = [
    *((path, None) for path in PAGES),
    ("live?live=device", None),
    ("", sample_answered),
    ("own_data", drawn_faces),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "act"), STATES)
def test_axe_finds_nothing_serious(
    visit: Visit, axe: str, path: str, act: Callable[[Page], None] | None, scheme: str
) -> None:
    page = visit(path, color_scheme=scheme)
    settled(page)
    if act:
        act(page)
        settled(page)
    page.evaluate(axe)
    run = "axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)"
    found: list[dict[str, Any]] = page.evaluate(run)
    serious = {
        one["id"]: [node["html"][:200] for node in one["nodes"]]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
    assert serious == {}
