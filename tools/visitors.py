"""Programs that play visitors: a tab without a browser, and a camera that streams over WebRTC.

A tab says what a page's scripts would say to the server, and hears from it. Hundreds fit on a
machine on which ten browsers do not. What a browser does beside that, drawing above all, is left
out; it happens on the visitors' machines. A camera runs in a process of its own, so that its
encoding and decoding do not hold anybody's interpreter lock. All share the machine's cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.cookies import SimpleCookie
from multiprocessing.connection import Connection
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

#: Seconds within which a camera's process answers on a machine that has much else to do, and ends.
_ANSWER_SECONDS, _END_SECONDS = 120, 10


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
            tab._stop_polls()
            listening.cancel()


class Camera(VideoStreamTrack):
    """A camera that plays packets of VP8, which begin with a key frame, in a loop in real time."""

    def __init__(self, packets: Sequence[av.Packet]) -> None:
        super().__init__()
        self._packets, self._count, self._started = packets, 0, 0.0

    async def recv(self) -> av.Packet:
        """Return the next frame when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        self._started = self._started or now
        await asyncio.sleep(max(0.0, self._started + self._count / RATE - now))
        packet = self._packets[self._count % len(self._packets)]
        packet.pts = round(self._count * _CLOCK_RATE / RATE)
        packet.time_base = Fraction(1, _CLOCK_RATE)
        self._count += 1
        return packet


class Client:
    """A client in its own process, controlled from the server's process.

    Its methods raise `TimeoutError` if the process does not answer.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, client_pipe = context.Pipe()
        self._process = context.Process(target=_run, args=(client_pipe,), daemon=True)
        self._process.start()
        client_pipe.close()

    def wait(self) -> None:
        """Wait until the process is ready for calls."""
        self._answer()

    def call(self) -> str:
        """Start a call and return its SDP offer."""
        self._pipe.send("call")
        return str(self._answer())

    def accept(self, answer: str) -> None:
        """Continue the call with the server's SDP answer."""
        self._pipe.send(answer)

    def hang_up(self) -> None:
        """End the call."""
        self._pipe.send("hang up")
        self._answer()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe.send("end")
        self._process.join(_END_SECONDS)
        self._process.kill()
        self._pipe.close()

    def _answer(self) -> Any:
        if not self._pipe.poll(_ANSWER_SECONDS):
            raise TimeoutError("the client's process does not answer")
        return self._pipe.recv()


def _run(pipe: Connection) -> None:
    """Encode the camera's frames before any call, so that calls cost little; then serve."""
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
    asyncio.run(_serve(pipe, packets + encoder.encode(None)))


async def _serve(pipe: Connection, packets: Sequence[av.Packet]) -> None:
    """Handle the commands of the server's process, one call after the other."""
    pipe.send("ready")
    while await asyncio.to_thread(pipe.recv) == "call":
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(Camera(packets))
        sink = MediaBlackhole()  # takes the frames that come back
        connection.on("track", sink.addTrack)
        await connection.setLocalDescription(await connection.createOffer())
        pipe.send(connection.localDescription.sdp)
        while (message := await asyncio.to_thread(pipe.recv)) != "hang up":
            await connection.setRemoteDescription(RTCSessionDescription(message, "answer"))
            await sink.start()
        await sink.stop()
        await connection.close()
        pipe.send("over")
