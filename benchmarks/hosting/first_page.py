"""How soon the first page is there: ``python -m benchmarks.hosting.first_page [--times 5]``.

Measured in Chromium: from the start of the process to a page that can be used, with the wait for
the server in it; and from opening the address to that page on a server that somebody has visited
before. Each visitor was never here: nothing is in the browser's cache. Ends with 1 if a limit, 8
and 3 seconds, was missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from benchmarks.tables import machine
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.server import running_app

#: Seconds until the first page can be used, from the process's start and on a warm server.
COLD, WARM = 8.0, 3.0

#: What can be clicked on the first page.
_BUTTON = "Try it with a sample photo"


def seconds_to_page(browser: Browser, url: str) -> float:
    """Return the seconds until a new visitor sees the first page."""
    visitor = browser.new_context()
    page = visitor.new_page()
    began = time.monotonic()
    page.goto(url, wait_until="commit")
    page.get_by_role("button", name=_BUTTON).wait_for()
    seconds = time.monotonic() - began
    visitor.close()
    return seconds


def main() -> int:
    """Measure, print, and return 1 if a limit was missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cold, warm = [], []
        for _ in range(times):
            began = time.monotonic()
            with running_app(Path(folder) / "log.txt", {"FER_ICE": "local"}) as url:
                ready = time.monotonic() - began
                cold.append(ready + seconds_to_page(browser, url))
                warm.append(seconds_to_page(browser, url))
        browser.close()
    for what, most, found in (("from process start", COLD, cold), ("warm server", WARM, warm)):
        print(
            f"{what}: median {statistics.median(found):.1f} s, longest {max(found):.1f} s; "
            f"at most {most:.0f} s: {'kept' if max(found) <= most else 'MISSED'}"
        )
    return 0 if max(cold) <= COLD and max(warm) <= WARM else 1


if __name__ == "__main__":
    sys.exit(main())
