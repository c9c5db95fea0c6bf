"""Words and figures of the operator's page. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from app.background.jobs import max_jobs
from app.common.settings import MAX_STREAMS, SETTINGS, in_force
from app.live.streaming.relay import RelayState
from app.live.streaming.stream_limit import max_streams
from app.operation.figures import Count, Figures
from app.operation.log import FAILED_PAGES, LOGGED

_MB = 2**20

#: Seconds after which the janitor should have looked again, many times over.
JANITOR_LATE = 60.0

_RELAYS = {
    "own": "TURN server of your own",
    "cloudflare": "TURN by Cloudflare",
    "twilio": "TURN by Twilio",
    "stun": "STUN only: no video through strict firewalls",
    "local": "none: this machine and its network only",
}

_RELAY_STATES = {
    RelayState.WORKS: "works",
    RelayState.EXPIRED: "refuses: the credentials have expired. Are both clocks right?",
    RelayState.REFUSED: "refuses the credentials",
    RelayState.FULL: "is full",
    RelayState.UNREACHABLE: "does not answer",
}


def duration(seconds: float) -> str:
    """Return a time as people say it: ``40 s``, ``12 min``, ``3 h 20 min``, ``5 d 2 h``."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds:.0f} s"
    if not hours:
        return f"{minutes:.0f} min"
    if not days:
        return f"{hours:.0f} h {minutes % 60:.0f} min"
    return f"{days:.0f} d {hours % 24:.0f} h"


def megabytes(count: int | None) -> str:
    """Return an amount of memory; a dash where it is not known."""
    return "–" if count is None else f"{count / _MB:,.0f} MB"


def streams(now: Figures) -> str:
    """Return how many streams run, of how many."""
    return f"{now.streams} of {now.places}"


def about_server(now: Figures) -> list[tuple[str, str]]:
    """Return what stays the same, as names and values; hashes in full."""
    return [
        ("FER Lens", now.version),
        ("Model", now.model if now.model_sha256 else f"{now.model}: cannot answer"),
        ("SHA-256 of its file", now.model_sha256 or "–"),
        ("Since the first visitor", duration(now.seconds)),
        ("Janitor", _janitor(now.janitor_seconds)),
        *([("Ends in", duration(now.drain_seconds))] if now.drain_seconds is not None else []),
    ]


def about_relay(now: Figures, relay: RelayState | None = None) -> list[tuple[str, str]]:
    """Return where live video goes, as names and values.

    Args:
        now: what the server does.
        relay: what the TURN server said when the page was opened; None if there is none.
    """
    lines = [("Way of live video", _RELAYS.get(now.relay, "not known yet"))]
    if relay:
        lines.append(("The TURN server", _RELAY_STATES[relay]))
    if now.relay_succeeded_at is not None:
        lines.append(("Credentials came last", _at(now.relay_succeeded_at)))
    if now.relay_failed_at is not None:
        lines.append(("They last failed to come", _at(now.relay_failed_at)))
    return lines


def count_rows(counts: tuple[Count, ...]) -> list[dict[str, str | int]]:
    """Return a table of what happened."""
    return [
        {"What": _what(one), "How often": one.number, "Last": f"{duration(one.seconds_ago)} ago"}
        for one in counts
    ]


def setting_rows(settings: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a table of all settings as they are in force; secrets say only whether they are set.

    Args:
        settings: environment variables and secrets.
    """
    rows, by_cores = [], _by_cores()
    for setting in SETTINGS.values():
        value, given = in_force(settings, setting)
        value = value or by_cores.get(setting.name, "")
        usual = "default" if value else "–"
        rows.append(
            {
                "Setting": setting.name,
                "Value": value or "–",
                "From": "set" if given else usual,
                "Meaning": setting.about,
            }
        )
    return rows


def _by_cores() -> dict[str, str]:
    """Return the defaults that depend on the machine, by setting."""
    jobs = {one.name: max_jobs({}, one) for one in SETTINGS.values() if one.name.endswith("_JOBS")}
    numbers = jobs | {MAX_STREAMS.name: max_streams({})}
    return {name: str(number) for name, number in numbers.items()}


def _janitor(seconds: float | None) -> str:
    if seconds is None:
        return "does not run"
    late = ": late" if seconds > JANITOR_LATE else ""
    return f"looked {duration(seconds)} ago{late}"


def _what(one: Count) -> str:
    if one.name == LOGGED:
        level, _, module = one.kind.partition(" ")
        if module == FAILED_PAGES:
            return "a page failed: see the log"
        return f"{level} in the log of {module}"
    return " · ".join(filter(None, (one.name.replace("_", " "), one.kind)))


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
