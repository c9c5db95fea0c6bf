"""``python -m tests.fuzz --minutes 30``: gives what reads from outside input of every kind.

Nothing but the project's own errors may come of it, within bounds of time and memory, and nothing
may be left behind: no file, no open file, no thread. Each case has a number, which repeats it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import count

from tests.fuzz.runner import Runner
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run a case of each target in turn; return 1 if any failed."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: 5)")
    parser.add_argument("--cases", type=int, help="how many of each target at most")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--target", action="append", choices=names, help="which")
    options = parser.parse_args()
    targets = [t for t in TARGETS if not options.target or t.name in options.target]
    end = time.monotonic() + 60 * options.minutes
    last = options.first + options.cases if options.cases else None
    failures, done = Counter[str](), Counter[str]()
    with Runner() as runner:
        for number in count(options.first):
            if number == last or time.monotonic() > end:
                break
            for target in targets:
                done[target.name] += 1
                if failure := runner.run(target, number):
                    if failure.kind not in failures:
                        print(failure, flush=True)
                    failures[failure.kind] += 1
        memory = runner.resident_megabytes()
    for kind, times in failures.items():
        print(f"{times:,} × {kind}")
    counts = ", ".join(f"{times:,} {name}" for name, times in done.items())
    print(f"{counts}; {failures.total()} failed; the worker has {memory:.0f} MB at the end")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
