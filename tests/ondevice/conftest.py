"""One process of Node for all tests of the scripts."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.ondevice.networks import networks as python_networks
from tests.ondevice.node import Node, node


@pytest.fixture(scope="session")
def js() -> Iterator[Node]:
    """A process of Node; in CI it must be installed."""
    if not node():
        if os.environ.get("CI"):
            pytest.fail("CI needs Node")
        pytest.skip("needs Node")
    process = Node()
    yield process
    process.close()


@pytest.fixture(scope="session")
def networks(js: Node) -> Node:
    """The same process, whose scripts may ask for networks, which Python runs."""
    js.networks = python_networks()
    return js
