"""The server's memory: ``python -m benchmarks.hosting.memory [--photos 200] [--starts 30]``.

Starts the app, does what a visitor might do in an hour, compressed in time (it is the acts that
count): photographs of up to 24 megapixels, starts of the camera, the dashboard and the other pages,
the sample recording, a collection, each in tabs that are closed afterwards. Prints the server's
memory after each act, what a live stream takes, and what is left three minutes after the last tab
was closed; and says for each limit of the budget whether it was kept. Ends with 1 if not.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.hosting import acts
from benchmarks.hosting.photos import write_photos
from benchmarks.hosting.series import Sample, Watch
from benchmarks.on_device.page import Stage, stage
from benchmarks.on_device.processes import server_of
from benchmarks.tables import machine
from tests.browser.test_live import start

#: Photographs that a visitor uploads in one tab, and starts of the camera in one.
PHOTOS_A_TAB, STARTS_A_TAB = 10, 5

#: Seconds after which a closed tab holds nothing any more.
GONE_SECONDS = 180.0


@dataclass(frozen=True)
class Limit:
    """A limit of the budget in MB, and what was measured."""

    what: str
    most: float
    measured: float

    @property
    def kept(self) -> bool:
        """Whether it was kept."""
        return self.measured <= self.most

    def __str__(self) -> str:
        verdict = "kept" if self.kept else "MISSED"
        return f"{self.what}: {self.measured:.0f} MB, at most {self.most:.0f}: {verdict}"


class Hour:
    """A scripted hour with a server.

    Args:
        stage: server and browser.
        watch: of the server's memory.
        photos: photographs, as many as are needed.
    """

    def __init__(self, stage: Stage, watch: Watch, photos: Iterator[Path]) -> None:
        self.stage, self.watch, self.photos = stage, watch, photos

    def told(self, what: str) -> Sample:
        """Print and return how much memory the server has now."""
        sample = self.watch.now()
        print(
            f"{sample.seconds:6.0f} s  {what:44s} {sample.mb:5.0f} MB  "
            f"{sample.threads:3d} threads  {sample.handles:3d} handles",
            flush=True,
        )
        return sample

    def photographs(self, count: int) -> None:
        """Upload photographs, in tabs of `PHOTOS_A_TAB`."""
        for first in range(0, count, PHOTOS_A_TAB):
            with acts.tab(self.stage) as page:
                for photo in islice(self.photos, min(PHOTOS_A_TAB, count - first)):
                    acts.photograph(page, photo)
                self.told(f"{min(first + PHOTOS_A_TAB, count)} photographs")

    def cameras(self, count: int) -> None:
        """Start and stop the camera, in tabs of `STARTS_A_TAB`."""
        for first in range(0, count, STARTS_A_TAB):
            with acts.tab(self.stage, acts.LIVE) as page:
                acts.stream(page, min(STARTS_A_TAB, count - first))
                self.told(f"{min(first + STARTS_A_TAB, count)} starts of the camera")

    def other_pages(self) -> None:
        """Look at every other page, and have a recording and a collection analysed."""
        for path in acts.QUIET_PAGES:
            with acts.tab(self.stage, path):
                self.told(path)
        with acts.tab(self.stage, "video") as page:
            acts.watch_sample_video(page)
            self.told("the sample recording")
        with acts.tab(self.stage, "collection") as page:
            acts.collect(page, next(self.photos))
            self.told("a collection")

    def streams(self, count: int) -> float:
        """Run streams at once, and return what each takes beyond what all share, in MB."""
        with ExitStack() as tabs:
            pages = [tabs.enter_context(acts.tab(self.stage, acts.LIVE)) for _ in range(count)]
            start(pages[0])
            pages[0].wait_for_timeout(5000)
            one = self.told("1 stream").mb
            for page in pages[1:]:
                start(page)
            pages[0].wait_for_timeout(5000)
            each = (self.told(f"{count} streams at once").mb - one) / (count - 1)
        return each

    def nobody(self) -> float:
        """Wait until closed tabs hold nothing, and return the memory in MB."""
        time.sleep(GONE_SECONDS)
        return self.told("three minutes after the last tab").mb


def run(stage: Stage, photos: Iterator[Path], count: int, starts: int, streams: int) -> list[Limit]:
    """Live through the hour, and return how the budget was kept."""
    watch = Watch(server_of(stage.url))
    hour = Hour(stage, watch, photos)
    limits = [Limit("process start", 300, hour.told("process start").mb)]
    with acts.tab(stage):
        limits.append(Limit("first page", 300, hour.told("first page").mb))
    hour.photographs(count)
    hour.cameras(starts)
    hour.other_pages()
    limits.append(Limit("after all of it", 450, hour.told("all tabs closed").mb))
    if streams > 1:
        limits.append(Limit("each live stream", 60, hour.streams(streams)))
    limits.append(Limit("three minutes after the last tab was closed", 450, hour.nobody()))
    watch.stop()
    print(f"at most {max((s.mb for s in watch.samples), default=0.0):.0f} MB at any time")
    return limits


def main() -> int:
    """Run the benchmark, print what was measured, and return 1 if a limit was missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--starts", type=int, default=30)
    parser.add_argument("--streams", type=int, default=4, help="at once; 0 for none")
    arguments = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with TemporaryDirectory() as folder, stage() as set_up:
        photos = write_photos(Path(folder))
        limits = run(set_up, photos, arguments.photos, arguments.starts, arguments.streams)
    print("\n".join(map(str, limits)))
    return 0 if all(limit.kept for limit in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
