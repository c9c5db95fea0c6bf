"""A process that burns whatever processor time it gets."""

import subprocess
import sys
import time

import psutil
import pytest

from benchmarks.hosting.throttle import throttled
from benchmarks.on_device.processes import seconds_of


@pytest.mark.skipif(sys.platform == "win32", reason="Windows stops no process")
def test_a_process_gets_no_more_than_its_share_and_runs_on_afterwards() -> None:
    burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        process = psutil.Process(burner.pid)
        with throttled(process, 0.1):
            began, used = time.monotonic(), seconds_of(process)
            while time.monotonic() < began + 3:  # what is measured takes its time
                time.sleep(0.1)
            share = (seconds_of(process) - used) / (time.monotonic() - began)
        assert share < 0.25
        assert process.status() != psutil.STATUS_STOPPED
        later = seconds_of(process)
        while seconds_of(process) == later:
            time.sleep(0.05)
    finally:
        burner.kill()
        burner.wait()
