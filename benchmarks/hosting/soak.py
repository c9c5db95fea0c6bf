"""The server over a long time: ``python -m benchmarks.hosting.soak --minutes 30``.

Visitors come and go without a pause: photographs, the camera, the dashboard and the other pages,
the sample recording. A sample of the server's memory, threads and handles is taken every five
seconds; printed is a line per round. At the end all tabs are closed, and after three minutes what
is left is compared with what was there after the first round, at which the same was done.

It holds when the median memory of the windows of five minutes in the last two thirds of the time
differ by at most 5 %, and no thread or handle is left over. Ends with 1 if not.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.hosting import acts
from benchmarks.hosting.memory import GONE_SECONDS
from benchmarks.hosting.photos import SIZES, write_photos
from benchmarks.hosting.series import Sample, Watch, medians, spread
from benchmarks.on_device.page import Stage, stage
from benchmarks.on_device.processes import server_of
from benchmarks.tables import machine
from tests.browser.test_live import start

#: By what fraction medians of the memory may differ.
FLAT = 0.05

#: Milliseconds for which a camera runs.
_STREAM_MS = 20_000


def round_of_all(stage: Stage, photos: Iterator[Path]) -> None:
    """Do everything once: a stream runs while somebody else uploads photographs."""
    with ExitStack() as tabs:
        live = tabs.enter_context(acts.tab(stage, acts.LIVE))
        start(live)
        page = tabs.enter_context(acts.tab(stage))
        for photo in islice(photos, len(SIZES)):
            acts.photograph(page, photo)
        live.wait_for_timeout(_STREAM_MS)
    for path in acts.QUIET_PAGES:
        with acts.tab(stage, path):
            pass
    with acts.tab(stage, "video") as page:
        acts.watch_sample_video(page)
    with acts.tab(stage, "collection") as page:
        acts.collect(page, next(photos))


def verdict(samples: Sequence[Sample], before: Sample, after: Sample, minutes: float) -> list[str]:
    """Return what does not hold; nothing if all is well.

    Args:
        samples: of the whole time.
        before: when nobody was there after the first round.
        after: when nobody was there after the last.
        minutes: of the whole time.
    """
    wrong = []
    found = medians(samples, 60 * minutes / 3)
    if spread(found) > FLAT:
        wrong.append(f"medians of the memory differ by {spread(found):.1%}, more than {FLAT:.0%}")
    if after.threads > before.threads:
        wrong.append(f"{after.threads - before.threads} threads are left over")
    if after.handles > before.handles:
        wrong.append(f"{after.handles - before.handles} handles are left over")
    return wrong


def line(what: str, sample: Sample) -> str:
    """Return a sample as a line."""
    return (
        f"{sample.seconds:6.0f} s  {what:28s} {sample.mb:5.0f} MB  {sample.threads:3d} threads  "
        f"{sample.handles:3d} handles"
    )


def nobody(watch: Watch) -> Sample:
    """Wait until closed tabs hold nothing, and print and return what is left."""
    time.sleep(GONE_SECONDS)
    sample = watch.now()
    print(line("nobody for three minutes", sample), flush=True)
    return sample


def main() -> int:
    """Run the soak, print the series and the verdict, and return 1 if it did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with TemporaryDirectory() as folder, stage() as set_up:
        photos = write_photos(Path(folder))
        round_of_all(set_up, photos)
        process = server_of(set_up.url)
        before = nobody(Watch(process))
        watch, rounds = Watch(process), 0
        while watch.now().seconds < 60 * minutes:
            round_of_all(set_up, photos)
            rounds += 1
            print(line(f"round {rounds}", watch.now()), flush=True)
        watch.stop()
        after = nobody(watch)
    later = medians(watch.samples, 60 * minutes / 3)
    print("medians of five minutes: " + ", ".join(f"{mb:.0f} MB" for mb in later))
    print(f"they differ by {spread(later):.1%}")
    wrong = verdict(watch.samples, before, after, minutes)
    print("\n".join(wrong) or "flat, and nothing is left over")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
