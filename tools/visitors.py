"""Programs that play visitors: a tab without a browser, and a camera that streams over WebRTC.

A tab says what a page's scripts would say to the server, and hears from it. Hundreds fit on a
machine on which ten browsers do not. What a browser does beside that, drawing above all, is left
out; it happens on the visitors' machines. Cameras play packets that were encoded before.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.cookies import SimpleCookie
from typing import Any

import av
import requests
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import MediaStreamError, VideoStreamTrack
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tools.pictures import moving_faces

#: Seconds within which whatever is waited for must come; people have gone by then.
PATIENCE = 60.0

#: Frames a second and size of the camera; bits a second, those of a browser's at this size.
RATE, SIZE, _BIT_RATE = 15, (640, 480), 900_000

#: Ticks of a timestamp per second, as usual for video over RTP.
_CLOCK_RATE = 90_000


class VisitError(Exception):
    """The server did not do what a visitor may expect."""


@dataclass(eq=False)
class Tab:
    """One tab. Made by `open_tab`.

    Attributes:
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
        finished = self.expect(
            lambda m: (
                m.WhichOneof("type") == "script_finished"
                and m.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
            )
        )
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
            element = message.delta.new_element
            value = getattr(element, kind) if element.WhichOneof("type") == kind else None
            return value if value is not None and test(value) else None

        return self.expect(found)

    async def use(self, widget: str, kind: str, value: Any) -> None:
        """Give a widget, by its id, a value of a field of ``WidgetState``, and run the page."""
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
        await self.use(widget, "file", (name, len(content), urls))

    async def get(self, path: str) -> bytes:
        """Return what is at a path of the server."""
        return await self._fetch("GET", path)

    async def _fetch(self, method: str, path: str, **options: Any) -> bytes:
        options["headers"] = {
            "Cookie": f"_streamlit_xsrf={self.cookie}",
            "X-Xsrftoken": self.cookie,
        }
        answer = await asyncio.to_thread(
            requests.request, method, f"{self.url}{path}", timeout=PATIENCE, **options
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
                self._take(ForwardMsg.FromString(content))
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(VisitError("the connection was lost"))

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            pages = message.navigation.app_pages
            self.pages = {page.url_pathname: page.page_script_hash for page in pages}
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self.stop_polls(*self._polls)
        elif kind == "stop_auto_rerun":
            self.stop_polls(*message.stop_auto_rerun.fragment_ids)
        elif kind == "auto_rerun":
            poll = message.auto_rerun
            self.stop_polls(poll.fragment_id)
            task = asyncio.create_task(self._poll(poll.fragment_id, poll.interval))
            self._polls[poll.fragment_id] = task
        elif message.delta.HasField("new_element"):
            self.heard(message.delta.new_element)
        for found, future in self._waiting:
            if not future.done() and (result := found(message)):
                future.set_result(result)
        self._waiting = [waiting for waiting in self._waiting if not waiting[1].done()]

    async def _poll(self, fragment: str, seconds: float) -> None:
        """Run a fragment again and again, as browsers do."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(seconds)
                await self._rerun(fragment)

    def stop_polls(self, *fragments: str) -> None:
        """Run these fragments no more."""
        for fragment in fragments:
            if task := self._polls.pop(fragment, None):
                task.cancel()


@asynccontextmanager
async def open_tab(url: str) -> AsyncIterator[Tab]:
    """Open the first page as somebody who was never here, and close it at the end."""
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
            yield tab
        finally:
            tab.stop_polls(*tab._polls)
            listening.cancel()


def encoded_film() -> list[av.Packet]:
    """Return a moving face as packets of VP8, which begin with a key frame."""
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height = SIZE
    encoder.pix_fmt, encoder.bit_rate, encoder.gop_size = "yuv420p", _BIT_RATE, RATE
    encoder.time_base = Fraction(1, RATE)
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets = []
    for number, picture in enumerate(moving_faces(1, SIZE)):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, encoder.time_base
        packets += encoder.encode(frame)
    return [*packets, *encoder.encode(None)]


class Camera(VideoStreamTrack):
    """A camera that plays packets in a loop in real time."""

    def __init__(self, packets: Sequence[av.Packet]) -> None:
        super().__init__()
        self._packets, self._count, self._started = packets, 0, time.monotonic()

    async def recv(self) -> av.Packet:
        """Return the next frame when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(max(0.0, self._started + self._count / RATE - time.monotonic()))
        packet = self._packets[self._count % len(self._packets)]
        packet.pts = round(self._count * _CLOCK_RATE / RATE)
        packet.time_base = Fraction(1, _CLOCK_RATE)
        self._count += 1
        return packet


@asynccontextmanager
async def call(
    packets: Sequence[av.Packet], answer: Callable[[str], Awaitable[str]]
) -> AsyncIterator[None]:
    """Stream a film, which nobody else may play, and take in what comes back, until the end.

    ``answer`` returns the server's SDP answer to an offer.
    """
    connection, sink = RTCPeerConnection(RTCConfiguration(iceServers=[])), MediaBlackhole()
    connection.addTrack(Camera(packets))
    connection.on("track", sink.addTrack)
    try:
        await connection.setLocalDescription(await connection.createOffer())
        answered = await answer(connection.localDescription.sdp)
        await connection.setRemoteDescription(RTCSessionDescription(answered, "answer"))
        await sink.start()
        yield
    finally:
        await sink.stop()
        await connection.close()
