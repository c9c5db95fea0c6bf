"""What a process says of its memory."""

import gc
import os
import platform
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from app.housekeeping.process_memory import bound_allocator, give_back, resident_bytes
from tests.browser.privacy.traces import found_in_memory
from tests.samples import ROOT


@pytest.mark.parametrize("text", ["", "Name:\tpython\n", "VmRSS:", "VmRSS:\tmuch kB\n"])
def test_where_nobody_says_it_is_not_known(tmp_path: Path, text: str) -> None:
    assert resident_bytes(tmp_path / "missing") is None
    (tmp_path / "status").write_text(text)
    assert resident_bytes(tmp_path / "status") is None


def test_linux_says_it_in_kilobytes(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tpython\nVmHWM:\t  9000 kB\nVmRSS:\t  1234 kB\n")
    assert resident_bytes(tmp_path / "status") == 1234 * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say it in /proc")
def test_this_process_has_memory() -> None:
    assert (resident_bytes() or 0) > 2**20


def test_what_only_refers_to_itself_is_collected() -> None:
    class Ring:
        pass

    gc.disable()
    try:
        ring = Ring()
        ring.itself = ring  # type: ignore[attr-defined]
        gone = weakref.ref(ring)
        del ring
        assert gone()
        give_back()
        assert not gone()
    finally:
        gc.enable()


def test_what_whoever_runs_the_server_has_set_holds() -> None:
    names = ("ARENA_MAX", "MMAP_THRESHOLD_", "TRIM_THRESHOLD_", "PERTURB_")
    assert bound_allocator({f"MALLOC_{name}": "1" for name in names}) == []


GNU_ONLY = pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc",
    reason="only the GNU C library has such bounds",
)


@GNU_ONLY
def test_large_memory_goes_straight_back_whatever_was_freed_before() -> None:
    code = """
import numpy
from app.housekeeping.process_memory import bound_allocator, resident_bytes
assert len(bound_allocator({})) == 4
def fill():
    large = [numpy.ones(30 * 2**20, numpy.uint8) for _ in range(4)]
    last = numpy.ones(2**19, numpy.uint8)  # what lies behind holds a heap where it is
    return last
fill()
before = resident_bytes()
kept = [fill() for _ in range(3)]
print((resident_bytes() - before) // 2**20)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 20


@GNU_ONLY
@pytest.mark.parametrize(
    ("kilobytes", "wiped"), [(4, False), (40, False), (4, True), (40, True), (400, True)]
)
def test_what_is_freed_is_wiped(kilobytes: int, *, wiped: bool) -> None:
    code = f"""
import sys
from app.housekeeping.process_memory import bound_allocator
if {wiped}:
    bound_allocator({{}})
mark = bytes.fromhex(input())
file = [mark * {kilobytes * 1024 // 48} for _ in range(9)]
print("held", flush=True)
input()
del file
print("freed", flush=True)
sys.stdin.read()
"""
    mark = os.urandom(48)
    # Small things stand in Python's own memory, which is not wiped.
    long = {"file": 20 * mark}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin
        assert child.stdout
        counts = []
        for line in (mark.hex(), ""):
            print(line, file=child.stdin, flush=True)
            child.stdout.readline()
            counts.append(bool(found_in_memory(child.pid, long)))
        child.stdin.close()
    assert counts == [True, not wiped]
