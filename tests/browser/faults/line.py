"""The line between a page and its server."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, WebSocketRoute


class Line:
    """The connection of a page to its server, which can be cut."""

    def __init__(self) -> None:
        self._open: list[WebSocketRoute] = []
        self._is_cut = False

    def lay(self, page: Page) -> None:
        """Stand between a page, before it is opened, and its server."""
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)
        page.route(re.compile("/_stcore/health"), self._ask)

    def _ask(self, route: Route) -> None:
        route.abort() if self._is_cut else route.continue_()

    def _connect(self, socket: WebSocketRoute) -> None:
        if self._is_cut:
            socket.close()
        else:
            self._open = [socket, socket.connect_to_server()]

    def cut(self) -> None:
        """Break the connection; none is made until it is mended."""
        self._is_cut = True
        for end in self._open:
            end.close()

    def mend(self) -> None:
        """Let the page connect again."""
        self._is_cut = False
