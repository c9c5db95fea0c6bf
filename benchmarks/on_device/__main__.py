"""The Live page in a real browser that analyses on its own device: speed, cost, memory.

``python -m benchmarks.on_device [--seconds 30] [--memory-minutes 10] [--visitors 10] [--json]``
opens the page in Chromium with a film of one moving face as its camera, and prints

- how long after the click the first face is marked, on a first and on a second visit,
- how many frames a second are analysed, and how often the marks are drawn,
- the processor time of a frame there, and of the same film in `FaceStream` in the same minute,
- the memory of the tab over ``--memory-minutes``,
- what the server spends on the visitor; on ``--visitors`` at a time, whose pages get canned results
  instead of analysing (so many browsers do not fit one machine); and on one stream that it analyses
  itself.

The camera, the browser's drawing and the server share the machine's cores with the analysis.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.on_device.measure import (
    DeviceCost,
    Growth,
    ServerCost,
    device_cost,
    growth,
    server_cost,
    stream_cost,
)
from benchmarks.on_device.page import stage
from benchmarks.tables import machine, table


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=30, help="of each measurement")
    parser.add_argument("--memory-minutes", type=float, default=10, help="0 for no long run")
    parser.add_argument("--visitors", type=int, default=10, help="0 for none")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    arguments = parser.parse_args()
    results: dict[str, object] = {"machine": machine()}

    def tell(name: str, result: object, text: str) -> None:
        results[name] = result
        if not arguments.json:
            print(text, flush=True)

    tell("machine", machine(), ", ".join(f"{name} {value}" for name, value in machine().items()))
    with stage() as set_up:
        device, sample = device_cost(set_up, arguments.seconds)
        tell("device", asdict(device), device_text(device))
        if arguments.memory_minutes:
            long_run = growth(set_up, arguments.memory_minutes)
            tell("memory", asdict(long_run), growth_text(long_run))
        if arguments.visitors:
            everybody = server_cost(set_up, arguments.visitors, sample, arguments.seconds)
            servers = [everybody, stream_cost(set_up, arguments.seconds)]
            tell("servers", [asdict(server) for server in servers], servers_text(servers))
    if arguments.json:
        print(json.dumps(results))


def device_text(cost: DeviceCost) -> str:
    """Return what one page costs, as text."""
    return (
        f"first face marked {cost.first_visit:.1f} s after the click, on a second visit "
        f"{cost.second_visit:.1f} s ({cost.accelerator})\n"
        f"{cost.analysed:.1f} analyses/s, marks drawn {cost.drawn:.1f} times a second\n"
        f"processor time of a frame: {cost.worker_ms:.1f} ms in the worker, {cost.tab_ms:.1f} ms "
        f"in the whole tab; FaceStream {cost.stream_ms:.1f} ms: "
        f"{cost.worker_ms / cost.stream_ms:.1f} and {cost.tab_ms / cost.stream_ms:.1f} times\n"
        f"tab {cost.tab_mb:.0f} MB; server {cost.server_share:.1%} of a core, "
        f"{cost.idle_share:.1%} before the start"
    )


def growth_text(run: Growth) -> str:
    """Return the memory of a long run, as text."""
    return (
        f"{run.minutes:.0f} minutes: tab {run.first_mb:.0f} MB in the second tenth, "
        f"{run.last_mb:.0f} MB in the last ({run.last_mb - run.first_mb:+.0f}), "
        f"{run.most_mb:.0f} MB at most; {run.analysed:.1f} analyses/s"
    )


def servers_text(servers: Sequence[ServerCost]) -> str:
    """Return what the server spends, as a table."""
    rows = [
        [
            server.what,
            str(server.visitors),
            f"{server.cores:.2f}",
            f"{server.cores / server.visitors:.1%}",
            f"{server.analysed:.1f}",
        ]
        for server in servers
    ]
    return table(["analysed", "visitors", "cores of the server", "each", "analyses/s each"], rows)


if __name__ == "__main__":
    main()
