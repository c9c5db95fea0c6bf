"""Frames on their way from the browser to the session and back, and the patches on that way."""

import asyncio
import errno
import io
import json
import re
import shutil
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import av
import numpy as np
import pytest
import streamlit as st
import streamlit_webrtc.component
import streamlit_webrtc.relay
import streamlit_webrtc.webrtc
from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.runtime import Runtime
from streamlit_webrtc import get_cloudflare_ice_servers, webrtc_streamer
from streamlit_webrtc.process import AsyncVideoProcessTrack

from app.core.priority import LINGER_SECONDS, Priority, Throttle
from app.live.webrtc import Frames, frames_callback
from app.live.webrtc_patches import (
    Styled,
    cloudflare_servers,
    deliver_newest,
    prevent_reset,
    video_context,
)
from fer.types import Image
from tests import loops
from tests.app.samples import Clock

KEY = "video"
FRONTEND = Path(streamlit_webrtc.__file__).parent / "frontend" / "dist"
SERVER = {"urls": ["turn:relay.example"], "username": "u", "credential": "c"}


class Visit:
    """A visitor's runs of a page with a video, as streamlit-webrtc sees them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, self.playing = 0, False
        self.kept: dict[str, Any] = {}
        monkeypatch.setattr(st, "session_state", self.kept)
        module = streamlit_webrtc.component
        info = lambda: SimpleNamespace(script_run_count=self.count)  # noqa: E731
        monkeypatch.setattr(module, "get_this_session_info", info)
        monkeypatch.setattr(module, "_component_func", self._mount)

    def run(self, count: int, *, patched: bool) -> None:
        """Call the video in a run before which Streamlit has counted so many."""
        self.count = count
        if patched:
            prevent_reset(KEY)
        webrtc_streamer(KEY, rtc_configuration={"iceServers": []})

    def _mount(self, *, key: str, on_change: Any, **_: Any) -> dict[str, Any]:
        self.kept[key] = {"playing": True}
        if not self.playing:  # the browser tells it once
            self.playing = True
            on_change()
        return self.kept[key]


def streams() -> bool:
    context = video_context(KEY)
    return context is not None and context.state.playing


@pytest.mark.parametrize(("patched", "left"), [(False, False), (True, False), (True, True)])
def test_a_stream_lasts_patched(monkeypatch: pytest.MonkeyPatch, patched: bool, left: bool) -> None:
    """When the second begins, the browser has not been told yet that the first has ended."""
    visit = Visit(monkeypatch)
    assert video_context(KEY) is None
    for count in (3, 3):
        visit.run(count, patched=patched)
        assert streams()
    if left:  # to another page; Streamlit then drops what this page's elements have told
        visit.kept = st.session_state = {KEY: visit.kept[KEY]}
    visit.run(5, patched=patched)
    assert streams() == (patched and not left)


def test_streamlit_counts_a_run_only_when_it_tells_the_browser_that_it_has_ended() -> None:
    told: list[ForwardMsg] = []
    session = SimpleNamespace(
        script_run_count=3, client=SimpleNamespace(write_forward_msg=told.append)
    )
    message = ForwardMsg()
    message.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    Runtime._send_message(None, session, message)
    assert (session.script_run_count, told) == (4, [message])


class Numbers(MediaStreamTrack):
    """A video of numbered frames, the next of which comes when it is let through."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.allowed = asyncio.Semaphore(0)

    async def recv(self) -> av.VideoFrame:
        await self.allowed.acquire()
        self.sent += 1
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        frame.pts, frame.time_base = self.sent, Fraction(1, 90000)
        return frame


async def after_a_pause(relay: MediaRelay) -> int:
    """Return the number of the frame that a slow consumer gets when three are waiting."""
    source = Numbers()
    seen = relay.subscribe(source)
    first = asyncio.ensure_future(seen.recv())
    source.allowed.release()
    assert (await first).pts == 1
    for _ in range(3):
        source.allowed.release()
    while source.sent < 4:
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)  # the relay hands on what it has
    number = (await seen.recv()).pts
    seen.stop()
    source.stop()
    return int(number)


class Repeating(AsyncVideoProcessTrack):
    """A processed video that gives a picture again until there is a new one, as the real one."""

    def __init__(self, *pictures: av.VideoFrame) -> None:
        MediaStreamTrack.__init__(self)
        self.source, self.pictures = Numbers(), list(pictures)

    async def recv(self) -> av.VideoFrame:
        await self.source.recv()
        return self.pictures[self.source.sent - 1]

    def stop(self) -> None:
        MediaStreamTrack.stop(self)


@pytest.mark.parametrize(("patched", "expected"), [(True, [0, 1, 0]), (False, [0, 0, 0])])
def test_a_picture_is_encoded_once(patched: bool, expected: list[int]) -> None:
    pictures = [av.VideoFrame(16, 16, "rgb24") for _ in range(2)]

    async def run() -> list[int]:
        relay = deliver_newest(MediaRelay()) if patched else MediaRelay()
        source = Repeating(*(pictures[i] for i in (0, 0, 0, 1, 0)))
        seen, got = relay.subscribe(source), []
        for _ in range(3):
            next_one = asyncio.ensure_future(seen.recv())
            while not next_one.done():
                source.source.allowed.release()
                for _ in range(5):
                    await asyncio.sleep(0)
            got.append(pictures.index(next_one.result()))
        seen.stop()
        source.stop()
        return got

    assert loops.run(run()) == expected


@pytest.mark.parametrize(("patched", "number"), [(0, 2), (1, 4), (2, 4)])
def test_slow_consumers_get_the_newest_frame(patched: int, number: int) -> None:
    async def run() -> int:
        relay = MediaRelay()
        for _ in range(patched):
            relay = deliver_newest(relay)
        return await after_a_pause(relay)

    assert loops.run(run()) == number


def test_the_relay_that_is_asked_for_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = Mock()
    streamlit_webrtc.webrtc._wrap_with_processor(
        Numbers(), object(), async_processing=False, relay=relay
    )
    (asked,) = relay.subscribe.call_args_list
    assert (len(asked.args), asked.kwargs) == (1, {})
    server, loop = SimpleNamespace(), asyncio.new_event_loop()
    monkeypatch.setattr(Runtime, "instance", lambda: server)
    monkeypatch.setattr(streamlit_webrtc.relay, "get_global_event_loop", lambda: loop)
    try:
        changed = deliver_newest()
        assert streamlit_webrtc.webrtc.get_global_relay() is changed
        with loops.no_other_loop():
            assert loop.run_until_complete(after_a_pause(changed)) == 4
    finally:
        loop.close()


@pytest.mark.parametrize(
    ("function", "requests"), [(cloudflare_servers, 2), (get_cloudflare_ice_servers, 1)]
)
def test_cloudflare_is_asked(monkeypatch: pytest.MonkeyPatch, function: Any, requests: int) -> None:
    sent: list[tuple[urllib.request.Request, float]] = []

    def answer(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        sent.append((request, timeout))
        body = io.BytesIO(json.dumps({"iceServers": [SERVER]}).encode())
        body.status = 201  # type: ignore[attr-defined]
        return body

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    get_cloudflare_ice_servers.clear()
    assert function("key", "s3cret") == function("key", "s3cret") == [SERVER]
    get_cloudflare_ice_servers.clear()
    assert len(sent) == requests
    request, timeout = sent[0]
    assert "keys/key/credentials" in request.full_url
    assert request.get_header("Authorization") == "Bearer s3cret"
    assert json.loads(request.data or b"") == {"ttl": 7200}
    assert 0 < timeout <= 10


def test_the_components_page_is_as_the_copy_and_the_browser_tests_need_it(tmp_path: Path) -> None:
    (script,) = (FRONTEND / "assets").glob("index-*.js")
    text = script.read_text(encoding="utf-8")
    assert re.search(
        r"""severity:.error.,children:\[\w+\.error\.name,.: .,\w+\.error\.message\]""", text
    )
    assert "`alert`" in text  # its role, by which it is found
    (font,) = Path(st.__file__).parent.glob("static/static/media/SourceSansVF-Upright*")
    frontend = shutil.copytree(FRONTEND, tmp_path / "dist")  # nobody else has copied this one
    copy = Styled.copy(frontend, font)
    before, after = ((f / "index.html").read_text(encoding="utf-8") for f in (frontend, copy))
    start, style, end = after.partition(after[after.index("<style>") : after.index("</style>") + 8])
    assert start + end == before
    assert font.name in style
    assert "text-transform: none" in style
    files = {f.relative_to(frontend) for f in frontend.rglob("*")}
    assert {f.relative_to(copy) for f in copy.rglob("*")} == files
    assert Styled.copy(frontend, font) == copy, "made once"


def test_a_full_disk_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_: Path, copy: Path) -> None:
        copy.write_text("half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    font = tmp_path / "font.woff2"
    with monkeypatch.context() as full:
        full.setattr(shutil, "copy2", fill)
        with pytest.raises(OSError, match="No space") as refused:
            Styled.copy(FRONTEND, font)
    assert refused.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
    assert Styled.copy(FRONTEND, font).is_dir()


class Session:
    """Returns every picture dark, and notes how many frames had come."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.fails = False

    def process(self, image: Image, *, received: int) -> Image:
        if self.fails:
            raise ValueError("no picture")
        self.received.append(received)
        return np.zeros_like(image)


def frame(level: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")


def shown(callback: Frames, *levels: int) -> list[av.VideoFrame]:
    """Return what is shown of frames that come, on a thread of the stream's own."""
    frames = [frame(level) for level in levels]
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, callback(frames)).result()


def test_a_callback_counts_frames_and_gives_way_to_photographs() -> None:
    session = Session()
    callback = frames_callback(session)  # type: ignore[arg-type]
    (picture,) = shown(callback, 10, 20, 30)
    assert not picture.to_ndarray(format="rgb24").any()
    assert session.received == [3]
    session.fails = True
    (picture,) = shown(callback, 10)
    assert picture.to_ndarray(format="rgb24").mean() == pytest.approx(10, abs=1)
    session, clock = Session(), Clock()
    photographs = Priority(1, clock)
    callback = frames_callback(session, Throttle(photographs, clock))  # type: ignore[arg-type]
    with photographs.turn():
        assert len(shown(callback, 10)) == 1
        assert shown(callback, 20) == shown(callback, 30) == []  # in the same moment
        clock.seconds += 1
        assert len(shown(callback, 40)) == 1
    clock.seconds += LINGER_SECONDS
    assert [len(shown(callback, level)) for level in (50, 60)] == [1, 1]
    assert session.received == [1, 3, 1, 1]
