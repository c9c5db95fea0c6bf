"""What a server holds of visitors, and that it holds nothing of those who have left."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import acts
from tests.browser.conftest import PATIENCE
from tests.browser.server import running_app
from tests.browser.servers.forgetful_streamlit import CENSUS_VARIABLE, KINDS
from tools.pictures import write_photos

#: Megabytes that no server may need for one visitor. The budget is 450, and
#: `tools.hosting` measures it; this is wide enough for any machine.
FAR_TOO_MUCH = 650

Census = dict[str, float]


class Server:
    """A server that tells what it holds."""

    def __init__(self, browser: Browser, url: str, census: Path) -> None:
        self.address, self._census = (browser, url), census

    def holds(self, what: Callable[[Census], bool]) -> Census:
        """Wait until this is so, and return all that it holds."""
        end = time.monotonic() + PATIENCE / 1000
        census: Census = {}
        while time.monotonic() < end:
            if self._census.exists():
                census = json.loads(self._census.read_text())
                if what(census):
                    return census
            time.sleep(0.2)  # between two looks at the condition
        pytest.fail(f"the server still holds {census}")


@pytest.fixture(scope="module")
def server(actress: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("memory")
    census = folder / "census.json"
    env = {"FER_ICE": "local", CENSUS_VARIABLE: str(census)}
    module = "tests.browser.servers.forgetful_streamlit"
    with running_app(folder / "log.txt", env, module) as url:
        yield Server(actress, url, census)


def nobody(census: Census) -> bool:
    # Streamlit's loop refers to the last session, which is empty by then, until somebody comes.
    return not any(census[kind] for kind in KINDS if kind != "AppSession")


def test_nothing_is_left_of_photographs_and_sessions_when_their_tabs_are_closed(
    server: Server, tmp_path: Path
) -> None:
    photos = write_photos(tmp_path)
    with acts.tab(*server.address) as page:
        for _ in range(4):  # the last one has 24 megapixels
            acts.photograph(page, next(photos))
        server.holds(lambda census: census["Album"] > 0)
    with acts.tab(*server.address, acts.LIVE) as page:
        acts.stream(page)
        server.holds(lambda census: census["LiveSession"] > 0)
    left = server.holds(nobody)  # though no other visitor has come
    assert left["mb"] < FAR_TOO_MUCH
