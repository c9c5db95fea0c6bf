"""How many processor cores a server has."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")

#: What says the limit, in both versions of Linux's control groups.
_LIMIT, _QUOTA, _PERIOD = "cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"


def usable_cores(groups: Path = _GROUPS, cores: int | None = None) -> float:
    """Return how many cores this server may use: 0.1 of a container with a tenth of one.

    Args:
        groups: what Linux says about the limits of a container (control groups).
        cores: those that its process may run on; asked for if None.
    """
    if cores is None:
        affinity = getattr(os, "sched_getaffinity", None)  # Linux only
        cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    known = [float(cores)]
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        quota, period = map(int, (groups / _LIMIT).read_text().split())
        known.append(quota / period)
    with contextlib.suppress(OSError, ValueError):
        quota, period = (int((groups / name).read_text()) for name in (_QUOTA, _PERIOD))
        known += [quota / period] if quota > 0 else []
    return min(known)
