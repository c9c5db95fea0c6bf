"""Ways round what streamlit-webrtc, Streamlit and aiortc get wrong or keep to themselves.

Beside the modules that `tests/test_house.py` names, no other file of the app touches what these
packages do not offer publicly. Tests fail as soon as one of these is needed no more, or does not
work any more.
"""

from __future__ import annotations

import inspect
import shutil
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st
import streamlit_webrtc.component
from aiortc import MediaStreamTrack
from aiortc.contrib.media import MediaRelay
from streamlit.components.v1.custom_component import CustomComponent
from streamlit_webrtc import WebRtcStreamerContext, get_cloudflare_ice_servers
from streamlit_webrtc.component import generate_frontend_component_key
from streamlit_webrtc.process import AsyncVideoProcessTrack
from streamlit_webrtc.relay import get_global_relay

from app.core.server.end import at_end
from app.core.server.events import log_disk_failure


def video_context(key: str) -> WebRtcStreamerContext | None:
    """Return the state of a video before it is called in this run; None before its first call.

    Seen in streamlit-webrtc 0.79.0: `webrtc_streamer` returns it only when it has already begun the
    stream. Without it, the page could not turn a stream away before that. It can go when there is a
    public way to ask.
    """
    return st.session_state.get(key)


def prevent_reset(key: str) -> None:
    """Keep streamlit-webrtc from resetting a stream whose page was never left.

    It takes a number of runs that is more than one above that at its last call for a visit to
    another page. But Streamlit counts a run only when it tells the browser that it has ended, and
    while a stream starts, the next one begins before. The component's value tells the cases apart:
    Streamlit drops it after a whole run without the component. Then the reset is right.

    Seen in streamlit-webrtc 0.79.0 with Streamlit 1.67.0, in 5 of 102 streams. Without it, such a
    stream stops when the page runs next. It can go when streamlit-webrtc recognises a return in
    another way, or Streamlit counts a run as it ends.
    """
    context = video_context(key)
    if context is not None and is_rendered(key):
        context._last_rendered_run_count = None


def is_rendered(key: str) -> bool:
    """Return whether the last whole run of a page had this video, before it is called in this run.

    Streamlit drops a component's value after a whole run without the component.

    Seen in streamlit-webrtc 0.79.0, which names the component's key in a private function. Without
    it, a stream whose page was left would be called a lost connection. It can go when the context
    tells whether its page was left.
    """
    return generate_frontend_component_key(key) in st.session_state


def deliver_newest(relay: MediaRelay | None = None) -> MediaRelay:
    """Let a relay, that of all streams if None, hand on the newest frame instead of a queue.

    Seen in streamlit-webrtc 0.79.0 with aiortc 1.16.0, whose default is a queue without end.
    Without it, on a busy machine the picture falls seconds behind and memory grows: four streams on
    two cores were 4 s late; without the queue, 0.3 s. It can go when streamlit-webrtc subscribes
    without a queue, or can be told to.
    """
    relay = relay or get_global_relay()  # which may have been changed before
    newest = partial(type(relay).subscribe, relay, buffered=False)

    def subscribe(track: MediaStreamTrack) -> MediaStreamTrack:
        relayed = newest(track)
        return _only_new(relayed) if isinstance(track, AsyncVideoProcessTrack) else relayed

    relay.subscribe = subscribe  # type: ignore[method-assign]
    return relay


def _only_new(track: MediaStreamTrack) -> MediaStreamTrack:
    """Let a track wait for the next picture where it would give the last one again.

    Seen in streamlit-webrtc 0.79.0, which gives one for each that comes, however few are made.
    Without it, a stream that shows fewer pictures while others go first costs as much as ever to
    encode. It can go when it repeats none.
    """
    receive, last = track.recv, None

    async def recv() -> Any:
        nonlocal last
        frame = await receive()
        while frame is last:
            frame = await receive()
        last = frame
        return frame

    track.recv = recv  # type: ignore[method-assign]
    return track


def use_page_type() -> None:
    """Serve the component's buttons in the page's font, without capitals.

    Seen in streamlit-webrtc 0.79.0, which names Streamlit's font but does not load it, and takes no
    style. Without it, they are in capitals and the system's font. It can go when it does either.
    Where a newer version keeps its files in another way, nothing is changed.
    """
    component = streamlit_webrtc.component._component_func
    fonts = sorted(Path(st.__file__).parent.glob("static/static/media/SourceSansVF-Upright*.woff2"))
    frontend = Path(streamlit_webrtc.component.__file__).parent / "frontend" / "dist"
    if fonts and (frontend / "index.html").is_file() and isinstance(component, CustomComponent):
        try:
            component._path = str(Styled.copy(frontend, fonts[0]))
        except OSError as error:  # the disk is full or read-only; it works without the style
            log_disk_failure(error, "live")


class Styled:
    """The component's page, in a frame of its own, with the font that it asks for and has not."""

    #: The family is Streamlit's own, which the component asks for; the radius is that of
    #: `.streamlit/config.toml`. The page is at /component/<name>/index.html.
    STYLE = """<style>
@font-face {{ font-family: "Source Sans"; font-weight: 200 900;
  src: url("../../static/media/{font}") format("woff2"); }}
.MuiButton-root {{ text-transform: none !important; font-size: 1rem !important;
  font-weight: 400 !important; border-radius: 0.625rem !important; box-shadow: none !important; }}
</style>"""

    @classmethod
    @cache
    def copy(cls, frontend: Path, font: Path) -> Path:
        """Return a copy of a component's files whose page has the style; made once per process.

        Raises:
            OSError: it cannot be written; nothing is left of it.
        """
        parent = Path(tempfile.mkdtemp(prefix="fer-lens-webrtc-"))
        try:
            # Not `shutil.copytree`: its error has no number, and a full disk could not be told.
            for source in [frontend, *sorted(frontend.rglob("*"))]:
                target = parent / "frontend" / source.relative_to(frontend)
                if source.is_dir():
                    target.mkdir()
                else:
                    shutil.copy2(source, target)
            page = parent / "frontend" / "index.html"
            text = page.read_text(encoding="utf-8")
            styled = text.replace("</head>", f"{cls.STYLE.format(font=font.name)}</head>", 1)
            page.write_text(styled, encoding="utf-8")
        except OSError:
            shutil.rmtree(parent, ignore_errors=True)
            raise
        at_end(lambda: shutil.rmtree(parent, ignore_errors=True))
        return page.parent


def cloudflare_servers(key_id: str, token: str) -> Any:
    """Ask Cloudflare for TURN servers, with credentials that are good for two hours.

    Seen in streamlit-webrtc 0.79.0, whose function keeps every answer for an hour, and shows its
    name to visitors while it asks. Without it, a bad answer could not be mended by asking again
    after a minute, and credentials could have too little time left. It can go when the public
    function keeps nothing.

    Raises:
        Exception: of any kind, when there is no answer that can be used. Its text, and those of
            the exceptions behind it, may hold secrets.
    """
    return inspect.unwrap(get_cloudflare_ice_servers)(key_id, token)
