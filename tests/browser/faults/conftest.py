"""A server of their own for the tests of each file, as these load it or lose it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.server import running_app


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with running_app(log, {"FER_ICE": "local"}) as url:
        yield url
