"""What it takes to host the app, in Chromium; ends with 1 if a limit of the budget was missed.

``python -m tools.hosting first-page [--times 5]``: from the start of the process to a page that can
be used, and from opening the address on a server that somebody has visited before.

``python -m tools.hosting memory [--photos 200] [--starts 30] [--streams 4]``: the server's memory
while visitors do what they might do in an hour, compressed in time (it is the acts that count):
photographs of up to 24 megapixels, starts of the camera, all other pages, the sample recording, a
collection, each in tabs that are closed afterwards; then streams at once, and three minutes without
anybody.

``python -m tools.hosting soak [--minutes 30]``: visitors come and go without a pause. It holds when
the median memory of windows of five minutes in the last two thirds of the time differs by at most
5 %, and no thread or handle is left over three minutes after the last tab was closed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import Browser

from app.core.settings import SAMPLE
from tests.browser import acts
from tests.browser.server import server_of
from tests.browser.test_live import start
from tools.on_device import app, chromium
from tools.pictures import SIZES, write_photos
from tools.report import Sample, Watch, machine

#: Seconds until the first page can be used, from the process's start and on a warm server.
COLD, WARM = 8.0, 3.0

#: Megabytes at the start and with the first page; after all acts; of each stream.
START_MB, LATER_MB, STREAM_MB = 300.0, 450.0, 60.0

#: By what fraction medians of the memory may differ, and the seconds of the windows of which they
#: are: long enough for a round of all acts.
FLAT, WINDOW = 0.05, 300.0

#: Seconds between two samples, and those after which a closed tab holds nothing any more.
EVERY, GONE_SECONDS = 5.0, 180.0

#: Photographs and starts of the camera in a tab.
_PHOTOS_A_TAB, _STARTS_A_TAB = 10, 5


def kept(what: str, measured: float, most: float, unit: str = "MB") -> bool:
    """Print and return whether a limit was kept."""
    good = measured <= most
    verdict = "kept" if good else "MISSED"
    print(f"{what}: {measured:.1f} {unit}, at most {most:.0f}: {verdict}", flush=True)
    return good


def line(what: str, sample: Sample) -> Sample:
    """Print and return a sample."""
    counts = f"{sample.threads:3d} threads  {sample.handles:3d} handles"
    print(f"{sample.seconds:6.0f} s  {what:34s} {sample.mb:5.0f} MB  {counts}", flush=True)
    return sample


def nobody(watch: Watch) -> Sample:
    """Wait until closed tabs hold nothing, and print and return what is left."""
    time.sleep(GONE_SECONDS)
    return line("three minutes after the last tab", watch.now())


def first_page(browser: Browser, folder: Path, arguments: argparse.Namespace) -> bool:
    """Measure how soon visitors who were never here see the first page."""

    def seconds(url: str) -> float:
        page, began = browser.new_context().new_page(), time.monotonic()
        page.goto(url, wait_until="commit")
        page.get_by_role("button", name="Try it with a sample photo").wait_for()
        took = time.monotonic() - began
        page.context.close()
        return took

    cold, warm = [], []
    for _ in range(arguments.times):
        began = time.monotonic()
        with app() as url:
            cold.append(time.monotonic() - began + seconds(url))
            warm.append(seconds(url))
    print(
        f"medians {statistics.median(cold):.1f} s from start, {statistics.median(warm):.1f} s warm"
    )
    held = [kept("longest from process start", max(cold), COLD, "s")]
    return all([*held, kept("longest on a warm server", max(warm), WARM, "s")])


def other_pages(browser: Browser, url: str, photo: Path) -> None:
    """Look at every other page, and have a recording and a collection analysed."""
    for path in acts.QUIET_PAGES:
        with acts.tab(browser, url, path):
            pass
    with acts.tab(browser, url, "video") as page:
        acts.watch_sample_video(page)
    with acts.tab(browser, url) as page:
        acts.collect(page, photo, SAMPLE)


def memory(browser: Browser, folder: Path, arguments: argparse.Namespace) -> bool:
    """Live through an hour, and say how the budget was kept."""
    photos, tab = write_photos(folder), partial(acts.tab, browser)
    with app() as url, Watch(server_of(url), EVERY) as watch:
        held = [kept("process start", line("process start", watch.now()).mb, START_MB)]
        with tab(url):
            held.append(kept("first page", watch.now().mb, START_MB))
        for first in range(0, arguments.photos, _PHOTOS_A_TAB):
            with tab(url) as page:
                last = min(first + _PHOTOS_A_TAB, arguments.photos)
                for photo in islice(photos, last - first):
                    acts.photograph(page, photo)
                line(f"{last} photographs", watch.now())
        for first in range(0, arguments.starts, _STARTS_A_TAB):
            with tab(url, acts.LIVE) as page:
                last = min(first + _STARTS_A_TAB, arguments.starts)
                acts.stream(page, last - first)
                line(f"{last} starts of the camera", watch.now())
        other_pages(browser, url, next(photos))
        after = line("all other pages, all tabs closed", watch.now()).mb
        held.append(kept("after all of it", after, LATER_MB))
        if arguments.streams > 1:
            with ExitStack() as tabs:
                at = []
                for number in range(1, arguments.streams + 1):
                    page = tabs.enter_context(tab(url, acts.LIVE))
                    start(page)
                    page.wait_for_timeout(5000)
                    at.append(line(f"{number} streams at once", watch.now()).mb)
            each = (at[-1] - at[0]) / (len(at) - 1)
            held.append(kept("each further live stream", each, STREAM_MB))
        held.append(kept("three minutes after", nobody(watch).mb, LATER_MB))
    print(f"at most {max(sample.mb for sample in watch.samples):.0f} MB at any time")
    return all(held)


def medians(samples: Sequence[Sample], start: float) -> list[float]:
    """Return the median memory in MB of each whole window from a time in seconds on."""
    last = max((sample.seconds for sample in samples), default=start)
    begins = np.arange(start, last - WINDOW + EVERY, WINDOW)
    windows = ([s.mb for s in samples if b <= s.seconds < b + WINDOW] for b in begins)
    return [statistics.median(window) for window in windows if window]


def spread(values: Sequence[float]) -> float:
    """Return by what fraction the largest value is above the smallest; 0 for less than two."""
    return max(values) / min(values) - 1 if len(values) > 1 else 0.0


def verdict(samples: Sequence[Sample], before: Sample, after: Sample, minutes: float) -> list[str]:
    """Return what does not hold of so many minutes; nothing if all is well.

    ``before`` and ``after`` are samples when nobody was there: after the first round, and the last.
    """
    wrong, differ = [], spread(medians(samples, 60 * minutes / 3))
    if differ > FLAT:
        wrong.append(f"medians of the memory differ by {differ:.1%}, more than {FLAT:.0%}")
    if after.threads > before.threads:
        wrong.append(f"{after.threads - before.threads} threads are left over")
    if after.handles > before.handles:
        wrong.append(f"{after.handles - before.handles} handles are left over")
    return wrong


def soak(browser: Browser, folder: Path, arguments: argparse.Namespace) -> bool:
    """Do everything again and again, and say what became of memory, threads and handles."""
    photos, minutes, tab = write_photos(folder), arguments.minutes, partial(acts.tab, browser)

    def all_acts(url: str) -> None:
        with tab(url, acts.LIVE) as live, tab(url) as page:  # a stream runs beside uploads
            start(live)
            for photo in islice(photos, len(SIZES)):
                acts.photograph(page, photo)
            live.wait_for_timeout(20_000)
        other_pages(browser, url, next(photos))

    with app() as url:
        all_acts(url)
        before = nobody(Watch(server_of(url), EVERY))
        with Watch(server_of(url), EVERY) as watch:
            rounds = 0
            while watch.now().seconds < 60 * minutes:
                all_acts(url)
                rounds += 1
                line(f"round {rounds}", watch.now())
        after = nobody(watch)
    later = medians(watch.samples, 60 * minutes / 3)
    print("medians of five minutes: " + ", ".join(f"{mb:.0f} MB" for mb in later))
    print(f"they differ by {spread(later):.1%}")
    wrong = verdict(watch.samples, before, after, minutes)
    print("\n".join(wrong) or "flat, and nothing is left over")
    return not wrong


def main() -> int:
    """Measure, print, and return 1 if a limit was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    first = commands.add_parser("first-page")
    first.add_argument("--times", type=int, default=5)
    first.set_defaults(measure=first_page)
    hour = commands.add_parser("memory")
    hour.add_argument("--photos", type=int, default=200)
    hour.add_argument("--starts", type=int, default=30)
    hour.add_argument("--streams", type=int, default=4, help="at once; 0 for none")
    hour.set_defaults(measure=memory)
    long = commands.add_parser("soak")
    long.add_argument("--minutes", type=float, default=30)
    long.set_defaults(measure=soak)
    arguments = parser.parse_args()
    print(machine())
    with TemporaryDirectory() as folder, chromium() as (browser, _):
        good = arguments.measure(browser, Path(folder), arguments)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
