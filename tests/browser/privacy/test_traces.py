"""What a visitor shows is in memory alone: in no file that the server writes, and in no log."""

from __future__ import annotations

import mmap
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from fer.types import Image
from tests.browser.conftest import PATIENCE, WIDE, wait_until
from tests.browser.privacy.traces import found_in_files, found_in_memory, marked, open_files
from tests.browser.server import running_app, server_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, int]]:
    """Address of the server, the folder with all that it can write, and its number."""
    folder = tmp_path_factory.mktemp("private")
    env = {"FER_ICE": "local", "TMPDIR": str(folder), "HOME": str(folder)}
    module = "tests.browser.servers.forgetful_streamlit"
    with running_app(folder / "log.txt", env, module) as url:
        yield url, folder, server_of(url).pid


@pytest.mark.parametrize(("path", "ready"), [("", "Remove"), ("own_data", "Labelled set (ZIP)")])
def test_a_picture_is_in_memory_alone(
    browser: Browser,
    server: tuple[str, Path, int],
    astronaut: Image,
    path: str,
    ready: str,
) -> None:
    url, folder, pid = server
    picture = marked(astronaut)
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{url}/{path}")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture.file}
    )
    expect(page.get_by_role("button", name=ready, exact=True).first).to_be_visible()
    # That it is found while it is there shows that it would be found in a file.
    assert found_in_memory(pid, {"file": picture.in_file})
    nowhere(folder, pid, picture.marks)
    context.close()
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
