"""``python -m training presets``: list the named configurations."""

from __future__ import annotations

import argparse
import dataclasses
import json

from training.presets.catalogue import CATALOGUE, PRESETS

HELP = "list the named configurations, with command, time and accuracy to expect"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--json", action="store_true", help="print every field as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the list; return the exit status."""
    if arguments.json:
        print(json.dumps({n: dataclasses.asdict(p) for n, p in PRESETS.items()}, indent=1))
        return 0
    for entry in CATALOGUE:
        lines = (entry.purpose, entry.command, entry.outcome)
        print("\n  ".join([entry.preset.name, *filter(None, lines)]) + "\n")
    return 0
