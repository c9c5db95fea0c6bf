"""How long a download button and the file of a click on it last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from types import SimpleNamespace

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from app.core.server.cleanup import Cleanup
from app.core.session import clicks
from app.core.session.clicks import BUTTON_SECONDS, KEPT_SECONDS, Keeper, keep_downloads
from tests.app.samples import Clock


class Server(MediaFileManager):
    """The files of all visitors, where other visitors' pages end while one downloads."""

    def __init__(self) -> None:
        super().__init__(MemoryMediaFileStorage("/media"))

    def execute_deferred(self, file_id: str) -> str:
        url = super().execute_deferred(file_id)
        self.pages_end()
        return url

    def pages_end(self) -> None:
        for _ in range(3):
            self.remove_orphaned_files()

    def show_button(self, data: bytes) -> str:
        """Run a page that shows a download button, and return the button's number."""
        self.clear_session_refs()
        return self.add_deferred(lambda: data, "text/csv", "1.2", "faces.csv")

    def click(self, data: bytes) -> str:
        """Make a file as a click on a download button does, and return its address."""
        button = self.add_deferred(lambda: data, "text/csv", "1.2", "faces.csv")
        return self.execute_deferred(button)

    def has(self, url: str) -> bool:
        return self.read_file(PurePosixPath(url).name) is not None


@pytest.fixture
def server() -> Server:
    return Server()


Wait = Callable[[float], None]


@pytest.fixture
def wait(clock: Clock, server: Server) -> Wait:
    """Let time pass, and the cleanup look each second."""
    keeper = Keeper(server, clock)

    def pass_time(seconds: float) -> None:
        for _ in range(int(seconds)):
            clock.seconds += 1
            keeper.look()

    return pass_time


def test_streamlit_alone_deletes_a_file_before_it_is_fetched() -> None:
    server = Server()
    assert not server.has(server.click(b"faces"))


def test_a_file_lasts_while_other_pages_end_until_its_time_is_over(
    server: Server, wait: Wait
) -> None:
    first = server.click(b"first")
    wait(KEPT_SECONDS / 2)
    second = server.click(b"second")
    server.pages_end()
    wait(KEPT_SECONDS / 2 - 1)
    assert (server.has(first), server.has(second)) == (True, True)
    wait(1)
    assert (server.has(first), server.has(second)) == (False, True)
    wait(KEPT_SECONDS / 2)
    assert not server.has(second)


def test_a_second_click_that_makes_the_same_file_begins_its_time_anew(
    server: Server, wait: Wait
) -> None:
    first = server.click(b"faces")
    wait(KEPT_SECONDS * 0.9)
    assert server.click(b"faces") == first
    wait(KEPT_SECONDS * 0.9)
    assert server.has(first)
    wait(KEPT_SECONDS * 0.2)
    assert not server.has(first)


def test_a_replaced_button_can_be_clicked_until_its_time_is_over(
    server: Server, wait: Wait
) -> None:
    old, new = server.show_button(b"old"), server.show_button(b"new")
    server.pages_end()
    wait(BUTTON_SECONDS * 0.9)
    assert server.has(server.execute_deferred(old))
    server.pages_end()
    wait(BUTTON_SECONDS * 0.2)  # nobody is there any more, and the cleanup tidies up
    with pytest.raises(MediaFileStorageError, match="not found"):
        server.execute_deferred(old)
    assert server.has(server.execute_deferred(new))


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ([0], [True]),
        ([4, 4], [True, True]),
        ([4, 4, 4], [False, True, True]),
        ([4, 4, 12], [False, False, True]),
        ([30], [True]),
    ],
)
def test_files_together_are_bounded_and_the_newest_stay(
    server: Server,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
    sizes: list[int],
    kept: list[bool],
) -> None:
    monkeypatch.setattr(clicks, "KEPT_BYTES", 8)
    urls = []
    for number, size in enumerate(sizes):
        urls.append(server.click(bytes([number]) * size))
        wait(1)
    assert [server.has(url) for url in urls] == kept


def test_pictures_and_files_of_a_page_are_left_to_streamlit(server: Server) -> None:
    picture = server.add(b"picture", "image/png", "1.3")
    table = server.add(b"table", "text/csv", "1.4", is_for_static_download=True)
    server.pages_end()
    assert server.has(picture)
    assert server.has(table)
    server.clear_session_refs()
    server.pages_end()
    assert not server.has(picture)


def test_it_holds_for_the_manager_of_the_server(
    monkeypatch: pytest.MonkeyPatch, streamlit_server: Callable[[object], None]
) -> None:
    server, cleanup = Server(), Cleanup()
    monkeypatch.setattr(clicks, "CLEANUP", cleanup)
    streamlit_server(SimpleNamespace(media_file_mgr=server))
    keep_downloads()
    url = server.click(b"faces")
    assert server.has(url)
    monkeypatch.setattr(clicks, "KEPT_SECONDS", 0.0)
    cleanup.look()
    assert not server.has(url)


def test_a_manager_that_decides_in_another_way_stays_as_it_is(
    streamlit_server: Callable[[object], None],
) -> None:
    newer = SimpleNamespace(execute_deferred=len)
    streamlit_server(SimpleNamespace(media_file_mgr=newer))
    keep_downloads()
    assert newer == SimpleNamespace(execute_deferred=len)


def test_a_look_tells_whether_a_file_or_a_button_went(server: Server, clock: Clock) -> None:
    keeper = Keeper(server, clock)
    assert not keeper.look()
    server.show_button(b"old")
    server.show_button(b"new")
    assert not keeper.look()
    clock.seconds += BUTTON_SECONDS
    assert keeper.look()
    assert not keeper.look()
