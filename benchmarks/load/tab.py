"""A tab without a browser: what a page's scripts would say to the server, and hear from it.

Hundreds fit on a machine on which ten browsers do not. What a browser does beside that, drawing
above all, is left out; it happens on the visitors' machines.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

#: Seconds within which whatever is waited for must come; people have gone by then.
PATIENCE = 60.0


class VisitError(Exception):
    """The server did not do what a visitor may expect."""


@dataclass(eq=False)
class Tab:
    """One tab. Made by `open_tab`.

    Attributes:
        url: address of the app.
        widgets: value of each widget that was used, by its id: field of ``WidgetState`` and value.
        pages: hash of each page by its path.
        heard: is called with every element that comes.
    """

    url: str
    connection: ClientConnection
    cookie: str
    widgets: dict[str, tuple[str, Any]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    heard: Callable[[Element], None] = lambda element: None
    _page: str = ""
    _polls: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _waiting: list[tuple[Callable[[ForwardMsg], Any], asyncio.Future[Any]]] = field(
        default_factory=list
    )

    async def run(self, page: str | None = None) -> None:
        """Run a page, by its path, or the one that is open, and wait until it is shown."""
        if page is not None:
            self._page = self.pages[page]
            self.widgets.clear()
        finished = self.expect(_full_run)
        await self._rerun()
        await finished

    def expect(self, found: Callable[[ForwardMsg], Any]) -> asyncio.Future[Any]:
        """Return the first true result of a function of the messages that come from now on."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((found, future))
        return asyncio.ensure_future(asyncio.wait_for(future, PATIENCE))

    def element(self, kind: str, test: Callable[[Any], Any] = bool) -> asyncio.Future[Any]:
        """Return the first element of a kind to come that passes a test."""

        def found(message: ForwardMsg) -> Any:
            element = element_of(message)
            if element is None or element.WhichOneof("type") != kind:
                return None
            value = getattr(element, kind)
            return value if test(value) else None

        return self.expect(found)

    async def use(self, widget: str, kind: str, value: Any) -> None:
        """Give a widget a value, and run the page.

        Args:
            widget: its id.
            kind: field of ``WidgetState``.
            value: of that field.
        """
        self.widgets[widget] = (kind, value)
        await self._rerun()

    async def upload(self, widget: str, name: str, content: bytes) -> None:
        """Put one file into an uploader, in the place of what it had, and run the page."""
        answered = self.expect(lambda m: m.HasField("file_urls_response") and m.file_urls_response)
        ask = BackMsg()
        ask.file_urls_request.request_id = name
        ask.file_urls_request.file_names.append(name)
        await self.connection.send(ask.SerializeToString())
        urls = (await answered).file_urls[0]
        await self._fetch("PUT", urls.upload_url, files={"file": (name, content)})
        self.widgets[widget] = ("file", (name, len(content), urls))
        await self._rerun()

    async def get(self, path: str) -> bytes:
        """Return what is at a path of the server."""
        return await self._fetch("GET", path)

    async def _fetch(self, method: str, path: str, **options: Any) -> bytes:
        headers = {"Cookie": f"_streamlit_xsrf={self.cookie}", "X-Xsrftoken": self.cookie}
        answer = await asyncio.to_thread(
            requests.request,
            method,
            f"{self.url}{path}",
            headers=headers,
            timeout=PATIENCE,
            **options,
        )
        if not answer.ok:
            raise VisitError(f"{method} {path.split('/')[1]}: {answer.status_code}")
        return answer.content

    async def _rerun(self, fragment: str = "") -> None:
        message = BackMsg()
        client = message.rerun_script
        client.page_script_hash = self._page
        if fragment:
            client.fragment_id, client.is_auto_rerun = fragment, True
        for widget, (kind, value) in self.widgets.items():
            state = client.widget_states.widgets.add(id=widget)
            if kind == "file":
                name, size, urls = value
                file = state.file_uploader_state_value.uploaded_file_info.add(
                    name=name, size=size, file_id=urls.file_id
                )
                file.file_urls.CopyFrom(urls)
            else:
                setattr(state, kind, value)
        await self.connection.send(message.SerializeToString())

    async def listen(self) -> None:
        """Take all that comes, until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            async for content in self.connection:
                message = ForwardMsg()
                message.ParseFromString(content if isinstance(content, bytes) else content.encode())
                self._take(message)
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(VisitError("the connection was lost"))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            pages = message.navigation.app_pages
            self.pages = {page.url_pathname: page.page_script_hash for page in pages}
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self._stop_polls()
        elif kind == "stop_auto_rerun":
            self._stop_polls(*message.stop_auto_rerun.fragment_ids)
        elif kind == "auto_rerun":
            poll = message.auto_rerun
            self._stop_polls(poll.fragment_id)
            task = asyncio.create_task(self._poll(poll.fragment_id, poll.interval))
            self._polls[poll.fragment_id] = task
        element = element_of(message)
        if element is not None:
            self.heard(element)
        for found, future in list(self._waiting):
            if not future.done() and (result := found(message)):
                future.set_result(result)
        self._waiting = [waiting for waiting in self._waiting if not waiting[1].done()]

    async def _poll(self, fragment: str, seconds: float) -> None:
        """Run a fragment again and again, as browsers do."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(seconds)
                await self._rerun(fragment)

    def _stop_polls(self, *fragments: str) -> None:
        for fragment in fragments or list(self._polls):
            if task := self._polls.pop(fragment, None):
                task.cancel()


def element_of(message: ForwardMsg) -> Element | None:
    """Return the element that a message puts on the page, if it does."""
    return message.delta.new_element if message.delta.HasField("new_element") else None


def _full_run(message: ForwardMsg) -> bool:
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    )


@asynccontextmanager
async def open_tab(url: str, page: str = "") -> AsyncIterator[Tab]:
    """Open a page as somebody who was never here, and close it at the end."""
    answer = await asyncio.to_thread(requests.get, f"{url}/_stcore/health", timeout=PATIENCE)
    cookie = SimpleCookie(answer.headers.get("Set-Cookie", ""))["_streamlit_xsrf"].value
    socket = connect(
        f"{url.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit"), Subprotocol(cookie)],
        additional_headers={"Cookie": f"_streamlit_xsrf={cookie}"},
        max_size=None,
        open_timeout=PATIENCE,
    )
    async with socket as connection:
        tab = Tab(url, connection, cookie)
        listening = asyncio.create_task(tab.listen())
        try:
            await tab.run()
            if page:
                await tab.run(page)
            yield tab
        finally:
            tab._stop_polls()
            listening.cancel()
