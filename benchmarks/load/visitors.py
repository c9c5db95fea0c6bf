"""What visitors do: look around and upload photographs, or let their camera be analysed."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Element_pb2 import Element

from benchmarks.load.tab import Tab, VisitError, open_tab
from benchmarks.rtc_client import Client

#: Mean seconds that people look at what they see, before they do something else.
THINK_SECONDS = 20.0

#: What people do, and how often.
ACTIONS = {"photo": 5, "dashboard": 3, "about": 1, "video": 1}

#: A visitor opens a new tab after so many photographs.
PHOTOS_OF_A_TAB = 4

_FRONTEND = "live_video:frontend"
_UPLOADER = "photo_files"


@dataclass
class Noted:
    """What visitors noted.

    Attributes:
        waits: seconds for each thing done, by what it was.
        refused: polite refusals, in the server's words.
        errors: whatever else did not work.
        analysed: analyses a second that each stream's page last told, by the stream's number.
    """

    waits: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    analysed: dict[int, list[float]] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew, but for who was refused."""
        self.waits.clear()
        self.errors.clear()
        self.analysed.clear()

    def wait(self, action: str, since: float) -> None:
        """Note that something was there, and how long that took."""
        self.waits.setdefault(action, []).append(time.monotonic() - since)

    def failed(self, action: str, error: Exception) -> None:
        """Note that something did not work."""
        self.errors.append(f"{action}: {type(error).__name__} {error}")

    def hear(self, element: Element) -> None:
        """Note the tracebacks that a page shows."""
        if element.WhichOneof("type") == "exception":
            self.errors.append(f"on the page: {element.exception.type}")


async def look_around(url: str, photos: list[bytes], noted: Noted, seed: int) -> None:
    """Look around and upload photographs, until cancelled.

    Args:
        url: address of the app.
        photos: to upload; a little is added to each, so that none was seen before.
        noted: is filled.
        seed: of what is done, and when.
    """
    choose = random.Random(seed)
    await asyncio.sleep(choose.uniform(0, THINK_SECONDS))
    while True:
        action, since = "first page", time.monotonic()
        try:
            async with open_tab(url) as tab:
                tab.heard = noted.hear
                noted.wait(action, since)
                for number in range(PHOTOS_OF_A_TAB):
                    await asyncio.sleep(
                        min(choose.expovariate(1 / THINK_SECONDS), 4 * THINK_SECONDS)
                    )
                    (action,) = choose.choices([*ACTIONS], [*ACTIONS.values()])
                    since = time.monotonic()
                    if action == "photo":
                        photo = choose.choice(photos) + choose.randbytes(8)
                        since = await _photograph(tab, f"{seed}-{number}.jpg", photo)
                    else:
                        await tab.run(action)
                    noted.wait(action, since)
        except (VisitError, OSError, TimeoutError, KeyError) as error:
            noted.failed(action, error)
            await asyncio.sleep(THINK_SECONDS)


async def _photograph(tab: Tab, name: str, content: bytes) -> float:
    """Upload a photograph, see its answer, and return when the upload began."""
    uploader = tab.element("file_uploader", lambda found: _UPLOADER in found.id)
    await tab.run("")
    widget = (await uploader).id
    answer = tab.element("imgs", lambda found: any(name in image.alt for image in found.imgs))
    since = time.monotonic()
    await tab.upload(widget, name, content)
    await tab.get((await answer).imgs[0].url)
    return since


async def stream(url: str, client: Client, noted: Noted, number: int) -> None:
    """Let a camera be analysed on the Live page, until cancelled.

    Args:
        url: address of the app.
        client: has the camera; it is ready for a call.
        noted: is filled.
        number: of the stream.
    """

    def hear(element: Element) -> None:
        noted.hear(element)
        if element.WhichOneof("type") == "metric" and element.metric.label == "Analysed":
            rate = float(element.metric.body.removesuffix("/s"))
            noted.analysed.setdefault(number, []).append(rate)

    try:
        async with open_tab(url) as tab:
            tab.heard = hear
            video = tab.element("component_instance", lambda found: _FRONTEND in found.id)
            await tab.run("live")
            if not video.done():  # the page offers the visitor's own device, and says why
                video.cancel()
                noted.refused.append("no place for a stream")
                return
            widget = (await video).id
            try:
                await _call(tab, widget, client)
                await asyncio.Event().wait()
            finally:
                await asyncio.to_thread(client.hang_up)
    except (VisitError, OSError, TimeoutError) as error:
        noted.failed("stream", error)


async def _call(tab: Tab, widget: str, client: Client) -> None:
    """Start the camera, as the component's script does."""

    def answered(found: Any) -> Any:
        return json.loads(found.json_args)["sdp_answer_json"] if _FRONTEND in found.id else None

    offer = {"sdp": await asyncio.to_thread(client.call), "type": "offer"}
    answer = tab.element("component_instance", answered)
    await tab.use(widget, "json_value", json.dumps({"playing": True, "sdpOffer": offer}))
    told = json.loads(answered(await answer))
    await asyncio.to_thread(client.accept, told["sdp"])
    await tab.use(widget, "json_value", json.dumps({"playing": True}))
