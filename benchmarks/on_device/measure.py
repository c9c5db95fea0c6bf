"""The measurements of `benchmarks.on_device`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Page

from benchmarks.live_path import MODEL
from benchmarks.on_device.page import IN_VIEW, Stage, start
from benchmarks.on_device.processes import Tab, seconds_of, server_of
from fer.stream import FaceStream
from fer.types import Image
from tests.browser.fake_camera import RATE

#: Seconds after the start until all is as it stays.
_SETTLE_SECONDS = 5.0

#: Frames of the film that `FaceStream` gets, before and after the page is measured.
_STREAM_FRAMES = 100

#: Seconds between two samples of memory.
_SAMPLE_SECONDS = 5.0


@dataclass(frozen=True)
class DeviceCost:
    """What one page costs that analyses itself, with one face.

    Attributes:
        first_visit: seconds from the click until a face was marked, on a first visit.
        second_visit: the same on a second visit.
        accelerator: what runs the networks, ``wasm`` or ``webgpu``.
        analysed: frames a second.
        drawn: how often a second the marks were drawn.
        worker_ms: processor time a frame of the thread that analyses, in milliseconds.
        tab_ms: that of the whole tab, with camera and drawing.
        stream_ms: that of the same film in `FaceStream`, in the same minute.
        tab_mb: memory of the tab.
        server_share: processor seconds a second of the server.
        idle_share: the same before the visitor has pressed Start.
    """

    first_visit: float
    second_visit: float
    accelerator: str
    analysed: float
    drawn: float
    worker_ms: float
    tab_ms: float
    stream_ms: float
    tab_mb: float
    server_share: float
    idle_share: float


@dataclass(frozen=True)
class Growth:
    """Memory of a tab over a long run.

    Attributes:
        minutes: duration.
        first_mb: median of the second tenth: caches are full.
        last_mb: median of the last tenth.
        most_mb: most of all samples.
        analysed: frames a second.
    """

    minutes: float
    first_mb: float
    last_mb: float
    most_mb: float
    analysed: float


@dataclass(frozen=True)
class ServerCost:
    """What the server spends on visitors of one kind.

    Attributes:
        what: where their frames are analysed.
        visitors: how many there are at a time.
        cores: processor seconds a second, of all together.
        analysed: frames a second of each.
    """

    what: str
    visitors: int
    cores: float
    analysed: float


def device_cost(stage: Stage, seconds: float) -> tuple[DeviceCost, dict[str, Any]]:
    """Measure a page that analyses itself; return what it has found once, too."""
    visitor = stage.visitor()
    first = stage.open(visitor)
    first_visit = _first_result(first)
    first.close()
    page, server = stage.open(visitor), server_of(stage.url)
    page.wait_for_timeout(1000 * _SETTLE_SECONDS)
    began, served = time.monotonic(), seconds_of(server)
    page.wait_for_timeout(1000 * seconds)
    idle_share = (seconds_of(server) - served) / (time.monotonic() - began)
    second_visit = _first_result(page)
    page.wait_for_timeout(1000 * _SETTLE_SECONDS)
    stream = FaceStream.load(MODEL)
    _stream_ms(stream, stage.frames)  # the first calls of a network are slow
    before = _stream_ms(stream, stage.frames)
    tab = Tab()
    counts, used, served = _counts(page), tab.used(), seconds_of(server)
    began = time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    span = time.monotonic() - began
    after, used_after, served_after = _counts(page), tab.used(), seconds_of(server)
    frames = max(1, after[0] - counts[0])
    cost = DeviceCost(
        first_visit=first_visit,
        second_visit=second_visit,
        accelerator=page.evaluate("watched.ready?.accelerator ?? ''"),
        analysed=frames / span,
        drawn=(after[1] - counts[1]) / span,
        worker_ms=1000 * (used_after.worker_seconds - used.worker_seconds) / frames,
        tab_ms=1000 * (used_after.tab_seconds - used.tab_seconds) / frames,
        stream_ms=(before + _stream_ms(stream, stage.frames)) / 2,
        tab_mb=used_after.tab_mb,
        server_share=(served_after - served) / span,
        idle_share=idle_share,
    )
    sample = page.evaluate("watched.sample()")
    visitor.close()
    return cost, sample


def growth(stage: Stage, minutes: float) -> Growth:
    """Let a page analyse for a long time, and look at its memory."""
    visitor = stage.visitor()
    page = stage.open(visitor)
    start(page)
    tab, began, counted = Tab(), time.monotonic(), _counts(page)[0]
    memory = []
    while time.monotonic() < began + 60 * minutes:
        page.wait_for_timeout(1000 * _SAMPLE_SECONDS)
        memory.append(tab.used().tab_mb)
    span = time.monotonic() - began
    frames = _counts(page)[0] - counted
    visitor.close()
    tenth = max(1, len(memory) // 10)
    return Growth(
        minutes=span / 60,
        first_mb=float(np.median(memory[tenth : 2 * tenth] or memory)),
        last_mb=float(np.median(memory[-tenth:])),
        most_mb=max(memory),
        analysed=frames / span,
    )


def server_cost(stage: Stage, visitors: int, sample: dict[str, Any], seconds: float) -> ServerCost:
    """Measure the server while visitors send what their devices have found.

    Args:
        stage: the server and the browser.
        visitors: how many there are at a time.
        sample: what each device finds in every frame; see `device_cost`.
        seconds: duration.
    """
    everybody = [stage.visitor() for _ in range(visitors)]
    pages = [stage.canned(visitor, sample) for visitor in everybody]
    for page in pages:
        start(page)
    cores, analysed = _server(stage, pages, seconds)
    for visitor in everybody:
        visitor.close()
    return ServerCost("on their own devices", visitors, cores, analysed)


def stream_cost(stage: Stage, seconds: float) -> ServerCost:
    """Measure the server while it analyses one visitor's stream itself."""
    visitor = stage.visitor()
    page = visitor.new_page()
    page.goto(f"{stage.url}/live")
    frame = page.frame_locator("iframe").first
    frame.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text(IN_VIEW).wait_for()
    cores, analysed = _server(stage, [page], seconds)
    visitor.close()
    return ServerCost("by the server", 1, cores, analysed)


def _server(stage: Stage, pages: list[Page], seconds: float) -> tuple[float, float]:
    """Return the processor seconds a second of the server, and what a page says of its rate."""
    pages[0].wait_for_timeout(1000 * _SETTLE_SECONDS)
    server = server_of(stage.url)
    served, began = seconds_of(server), time.monotonic()
    pages[0].wait_for_timeout(1000 * seconds)
    cores = (seconds_of(server) - served) / (time.monotonic() - began)
    said = [page.get_by_test_id("stMetricValue").all_inner_texts() for page in pages]
    # A page that got no time on this machine says nothing: it has not analysed.
    return cores, float(np.median([float(each[0].split("/")[0]) if each else 0 for each in said]))


def _first_result(page: Page) -> float:
    """Start, and return the seconds from the click until a face was marked."""
    page.evaluate(
        "addEventListener('click', () => { watched.clicked ??= performance.now(); }, true)"
    )
    start(page)
    return float(page.evaluate("(watched.first - watched.clicked) / 1000"))


def _counts(page: Page) -> tuple[int, int]:
    """Return how many frames were analysed, and how often the marks were drawn."""
    seen, drawn = page.evaluate("[watched.seen, watched.drawn]")
    return int(seen), int(drawn)


def _stream_ms(stream: FaceStream, frames: Sequence[Image]) -> float:
    """Return the processor milliseconds of a frame in `FaceStream`, played at the camera's rate."""
    stream.reset()
    began = time.process_time()
    for number in range(_STREAM_FRAMES):
        stream(frames[number % len(frames)], number / RATE)
    return 1000 * (time.process_time() - began) / _STREAM_FRAMES
