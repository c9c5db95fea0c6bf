"""What a visitor shows is in memory alone: in no file that the server writes, and in no log."""

from __future__ import annotations

import mmap
import os
import platform
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from fer.types import Image
from tests.browser.conftest import Forgetful, Open, wait_until
from tests.browser.privacy.traces import found_in_files, found_in_memory, marked, open_files
from tests.browser.server import server_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")


@pytest.mark.parametrize(("path", "ready"), [("", "Remove"), ("own_data", "Labelled set (ZIP)")])
def test_a_picture_is_in_memory_alone(
    browser: Browser,
    forgetful: Forgetful,
    open_page: Open,
    astronaut: Image,
    path: str,
    ready: str,
) -> None:
    folder, pid = forgetful.folder, server_of(forgetful.url).pid
    picture = marked(astronaut)
    page = open_page(browser, f"{forgetful.url}/{path}")
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture.file}
    )
    expect(page.get_by_role("button", name=ready, exact=True).first).to_be_visible()
    # That it is found while it is there shows that it would be found in a file.
    assert found_in_memory(pid, {"file": picture.in_file})
    nowhere(folder, pid, picture.marks)
    page.context.close()
    nowhere(folder, pid, picture.marks)
    if platform.libc_ver()[0] == "glibc":
        # Though no other visitor has come.
        wait_until(lambda: not found_in_memory(pid, picture.marks), "a mark is in memory")


def nowhere(folder: Path, pid: int, marks: dict[str, bytes]) -> None:
    """Assert that no file that the server wrote or has open holds a mark."""
    assert found_in_files([folder], marks) == []
    held = [file for file in open_files(pid) if file.exists()]
    assert not [file for file in held for mark in marks.values() if mark in file.read_bytes()]


def test_a_mark_in_a_file_is_found(tmp_path: Path, astronaut: Image) -> None:
    picture = marked(astronaut)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "kept.bin").write_bytes(bytes(9) + picture.file)
    assert found_in_files([tmp_path], picture.marks) == ["kept.bin: file"]
    assert found_in_memory(os.getpid(), {"file": picture.in_file})


def test_memory_that_was_given_back_meanwhile_is_passed_over(tmp_path: Path) -> None:
    mark, pages = os.urandom(64), tmp_path / "pages"
    pages.write_bytes(bytes(3 * mmap.PAGESIZE))
    with pages.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[100:164] = mark
        file.truncate(mmap.PAGESIZE)  # of the rest nothing can be read
        assert found_in_memory(os.getpid(), {"page": mark})["page"] >= 2
