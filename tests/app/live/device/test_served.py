"""Networks stay at their addresses while pages come and go."""

import hashlib
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from streamlit import runtime
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from app.live.device import served as module
from app.live.device.served import KEPT_FILES, Shelf, served_networks
from fer.ondevice.networks import device_networks
from tests.samples import SHIPPED_MODEL


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MediaFileManager:
    """A manager of files, asked by a page of the visitor “ann”."""
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "ann")
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def fetched(manager: MediaFileManager, url: str) -> bytes | None:
    """What a browser gets whose component's scripts lie where Streamlit has them."""
    base = "http://host/app/_stcore/bidi-components/fer-lens-ondevice.live/"
    path = urljoin(base, url).removeprefix("http://host/app/media/")
    file = manager.read_file(path.partition(".")[0])
    return file and file.content


def page_runs_anew(manager: MediaFileManager) -> None:
    manager.clear_session_refs("ann")
    manager.remove_orphaned_files()


def test_each_content_has_one_address_of_its_own(manager: MediaFileManager) -> None:
    content = bytearray(4 * 2**20)
    first, again = (Shelf(manager).put(bytes(content)) for _ in range(2))
    content[2**20] = 1  # large files that differ in a byte
    assert first == again
    assert first["url"] != Shelf(manager).put(bytes(content))["url"]


def test_a_file_stays_when_its_page_runs_anew_and_what_was_asked_for_longest_ago_goes(
    manager: MediaFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_FILES", 2)
    other = manager.add(b"picture", "image/png", "1.0")
    first, second, *_ = (Shelf(manager).put(of) for of in (b"first", b"second", b"first", b"3rd"))
    page_runs_anew(manager)
    assert fetched(manager, first["url"]) == b"first"
    assert (first["bytes"], first["sha256"]) == (5, hashlib.sha256(b"first").hexdigest())
    assert fetched(manager, second["url"]) is fetched(manager, f"../../..{other}") is None


def test_a_manager_that_keeps_its_files_in_another_way_is_only_asked_to_add() -> None:
    def add(content: bytes, *_: str) -> str:
        return f"https://files.example/{len(content)}"

    file = Shelf(SimpleNamespace(add=add)).put(b"network")  # type: ignore[arg-type]
    assert file["url"] == "https://files.example/7"


def test_every_network_of_a_model_is_served(
    manager: MediaFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SimpleNamespace(media_file_mgr=manager)
    monkeypatch.setattr(runtime, "get_instance", lambda: server)
    served, made = served_networks(SHIPPED_MODEL, "compact"), device_networks(SHIPPED_MODEL)
    page_runs_anew(manager)
    assert served["key"] == "compact"
    assert served["detector"].keys() == made.detector.keys()
    for canvas, file in served["detector"].items():
        assert fetched(manager, file["url"]) == made.detector[canvas]
    assert fetched(manager, served["landmark"]["url"]) == made.landmark
    assert fetched(manager, served["expression"]["url"]) == made.expression
    assert len(served["detector"]) + 2 < KEPT_FILES
