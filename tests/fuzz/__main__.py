"""``python -m tests.fuzz --minutes 30``: gives what reads from outside input of every kind.

Nothing but the project's own errors may come of it, within bounds of time and memory, and nothing
may be left behind: no file, no open file, no thread. Each case has a number, which repeats it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import islice

from tests.fuzz.runner import Runner, cases
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run cases; return 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: 5)")
    parser.add_argument("--cases", type=int, help="how many of each target at most")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument(
        "--target", action="append", choices=[target.name for target in TARGETS], help="which"
    )
    options = parser.parse_args()
    targets = [t for t in TARGETS if not options.target or t.name in options.target]
    end = time.monotonic() + 60 * options.minutes
    most = options.cases * len(targets) if options.cases else None
    failures, done = Counter[str](), Counter[str]()
    with Runner() as runner:
        for target, number in islice(cases(targets, options.first), most):
            if time.monotonic() > end:
                break
            done[target.name] += 1
            if failure := runner.run(target, number):
                if failure.kind not in failures:
                    print(failure, flush=True)
                failures[failure.kind] += 1
        memory = runner.resident_megabytes()
    counts = ", ".join(f"{count:,} {name}" for name, count in done.items())
    for kind, count in failures.items():
        print(f"{count:,} × {kind}")
    print(f"{counts}; {failures.total()} failed; the worker has {memory:.0f} MB at the end")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
