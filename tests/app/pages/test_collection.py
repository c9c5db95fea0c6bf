"""The Collection page as a visitor meets it, with a fake analyzer."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core import state, uploaders
from app.core.budget import Budget
from app.core.photo import Photo
from app.core.settings import MAX_COLLECTION_PHOTOS
from app.photos.collection import CollectionSession
from app.photos.selection import PER_PAGE
from fer import Faces
from fer.labels import FERPLUS_HEAD
from fer.types import Image
from tests.app.samples import FakeAnalyzer, png

#: Seconds after which a test gives up on a thread; nothing waits so long if all is well.
PATIENCE = 60.0

PAGE = "app/pages/collection.py"

Put = Callable[..., AppTest]


def words(page: AppTest) -> str:
    """Return all that the page says, in one string."""
    kinds: Iterable[Iterable[Any]] = (
        page.title, page.subheader, page.markdown, page.caption, page.info, page.error, page.warning
    )  # fmt: skip
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def button(page: AppTest, label: str) -> Any:
    return next(b for b in page.button if b.label == label)


def pills(page: AppTest, key: str) -> Any:
    return next(g for g in page.get("button_group") if key in g.key)


def visit_of(page: AppTest) -> CollectionSession:
    visit: CollectionSession = page.session_state["collection"]
    return visit


def items_of(page: AppTest) -> tuple[Photo, ...]:
    collection = visit_of(page).collection
    assert collection
    return collection.photos


@pytest.fixture(autouse=True)
def _fresh_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all visitors share begins anew, with as much memory as it takes."""
    monkeypatch.setattr(Budget, "_left", Budget._unheld)
    for shared in (state.jobs, state.budget, state._store):
        shared.clear()


@pytest.fixture
def collection(page: AppTest) -> AppTest:
    return page.switch_page(PAGE).run()


@pytest.fixture
def put(collection: AppTest) -> Put:
    """Upload files, given as ``name=contents`` pairs, and wait until they are read."""

    def upload(*files: tuple[str, bytes]) -> AppTest:
        collection.file_uploader[0].set_value([(name, data, "") for name, data in files])
        collection.run()
        job = visit_of(collection).job
        assert job
        assert job.wait(PATIENCE)
        return collection.run()

    return upload


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


HOLIDAY = zipped(
    ("day 1/a.png", png(1, 95)),
    ("day 1/b.png", png(2, 80)),
    ("day 2/unsure.png", png(1, 40)),
    ("wall.png", png(0)),
    ("dark.png", png(1, 90, 200)),
    ("broken.png", b"no picture"),
    ("../evil.png", png(1)),
)


def shown(page: AppTest) -> list[str]:
    """Return the names in the grid."""
    (grid,) = [e for e in page.get("bidi_component") if e.proto.component_name.endswith("grid")]
    return [tile["name"] for tile in json.loads(grid.proto.json)["tiles"]]


def offered(page: AppTest) -> list[str]:
    """Return the answers to filter by, without their marks."""
    options = pills(page, "answers").options
    return [re.sub(r"^(▨|:material/\w+:|:color\S+) ", "", option) for option in options]


def test_it_opens_with_a_folder_and_an_archive_to_choose(collection: AppTest) -> None:
    assert not collection.exception
    labels = [uploader.label for uploader in collection.file_uploader]
    assert "ZIP archive" in labels[0]
    assert "folder" in labels[1]
    assert all("up to 500 photos, 300 MB together" in label for label in labels)
    said = words(collection)
    assert "Phones cannot choose a folder" in said
    assert "None is saved or logged" in said
    assert not collection.download_button
    assert not collection.metric


def test_the_photo_page_says_where_larger_collections_go(page: AppTest) -> None:
    assert any("hundreds" in link.proto.label for link in page.get("page_link"))


def test_an_archive_is_read_and_nothing_in_it_is_lost(put: Put) -> None:
    page = put(("holiday.zip", HOLIDAY))
    assert not page.exception
    assert page.subheader[0].value == "holiday\\.zip"
    assert {m.label: m.value for m in page.metric} == {"Photos": "5", "Faces": "5", "Not read": "2"}
    assert shown(page)[:2] == ["day 1/a.png", "dark.png"]
    assert set(shown(page)[-2:]) == {"broken.png", "evil.png"}
    assert [b.label for b in page.download_button] == ["Everything (ZIP)", "CSV", "JSON"]


def test_filters_and_orders(put: Put) -> None:
    page = put(("holiday.zip", HOLIDAY))
    assert offered(page) == ["Happy 3", "Uncertain 1", "No face 1", "Not read 2"]
    pills(page, "answers").set_value(["uncertain", "no face"]).run()
    assert shown(page) == ["day 2/unsure.png", "wall.png"]
    assert "2 of 7 files have that." in words(page)
    pills(page, "answers").set_value([]).run()
    pills(page, "flaws").set_value(["dark"]).run()
    assert shown(page) == ["dark.png"]
    pills(page, "flaws").set_value([]).run()
    page.selectbox[0].set_value("Most faces first").run()
    assert shown(page)[0] == "day 1/b.png"
    assert not page.exception


def test_more_than_a_page_of_photos_is_in_pages(put: Put) -> None:
    names = [f"{n}.png" for n in range(PER_PAGE + 5)]
    page = put(*[(name, png(1, 90, n)) for n, name in enumerate(names)])
    page.selectbox[0].set_value("Name").run()
    assert shown(page) == names[:PER_PAGE]
    visit = visit_of(page)
    page.session_state[f"collection_{visit.number}_page_{visit.looks}"] = 2
    page.run()
    assert shown(page) == names[PER_PAGE:]
    page.selectbox[0].set_value("Surest first").run()
    assert len(shown(page)) == PER_PAGE


def test_a_photo_alone_has_its_cards_and_neighbours(put: Put) -> None:
    page = put(("holiday.zip", HOLIDAY))
    number = next(one.number for one in items_of(page) if one.name == "dark.png")
    visit_of(page).open(number)
    page.run()
    assert not page.exception
    assert page.subheader[1].value == "dark\\.png"
    assert "90% confident" in words(page)
    assert "2 of 5" in words(page)
    labels = [b.label for b in page.download_button]
    assert labels == ["CSV", "JSON", "Marked picture (JPEG)"]
    assert not page.toggle, "a mesh needs the photo itself"
    button(page, "Previous").click().run()
    assert page.subheader[1].value == "day 1/a\\.png"
    assert button(page, "Previous").disabled
    button(page, "All photos").click().run()
    assert not page.exception
    assert shown(page)


def test_a_photo_without_a_face_can_be_opened(put: Put) -> None:
    page = put(("wall.png", png(0)))
    visit_of(page).open(0)
    page.run()
    assert not page.exception
    assert "No face found" in page.info[0].value


def test_another_head_answers_without_a_new_analysis(put: Put, analyzer: FakeAnalyzer) -> None:
    page = put(("holiday.zip", HOLIDAY))
    calls = analyzer.calls
    pills(page, "head_choice").set_value(FERPLUS_HEAD).run()
    assert not page.exception
    assert analyzer.calls == calls
    assert "Uncertain 4" in offered(page)


def test_results_are_there_after_a_visit_to_another_page(put: Put, analyzer: FakeAnalyzer) -> None:
    page = put(("holiday.zip", HOLIDAY))
    pills(page, "answers").set_value(["uncertain"]).run()
    calls = analyzer.calls
    page.switch_page("app/pages/about.py").run()
    page.switch_page(PAGE).run()
    assert not page.exception
    assert shown(page) == ["day 2/unsure.png"]
    assert analyzer.calls == calls


def test_cleared_results_are_gone_and_there_is_room_for_others(put: Put) -> None:
    page = put(("a.png", png(1)))
    button(page, "Clear").click().run()
    assert not page.exception
    assert not page.metric
    assert len(page.file_uploader) == 2
    assert put(("b.png", png(2))).metric[1].value == "2"


def test_results_are_shown_while_others_are_read_and_a_cancel_keeps_them(
    collection: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go, answer = threading.Event(), threading.Event(), FakeAnalyzer.all_heads

    def held(self: FakeAnalyzer, image: Image, *known: Any) -> dict[str, Faces]:
        if image[0, 0, 2] == 2:
            reached.set()
            assert go.wait(PATIENCE)
        return answer(self, image, *known)

    monkeypatch.setattr(FakeAnalyzer, "all_heads", held)
    photos = [(f"{n}.png", png(1, 90, n), "") for n in range(4)]
    collection.file_uploader[0].set_value(photos).run()
    assert reached.wait(PATIENCE)
    page = collection.run()
    assert not page.exception
    assert page.get("progress")[0].proto.text == "2 of 4"
    assert shown(page) == ["0.png", "1.png"]
    assert not page.download_button
    visit_of(page).open(1)
    page.run()
    assert page.subheader[1].value == "1\\.png"
    button(page, "All photos").click().run()
    button(page, "Cancel").click().run()
    assert not page.exception
    assert "Cancelled" in words(page)
    assert offered(page) == ["Happy 2", "Not started 2"]
    assert {m.label: m.value for m in page.metric} == {
        "Photos": "2",
        "Faces": "2",
        "Not started": "2",
    }
    assert shown(page)[:2] == ["0.png", "1.png"]
    assert len(page.download_button) == 3
    go.set()


def test_an_empty_archive_is_answered_in_words(collection: AppTest) -> None:
    collection.file_uploader[0].set_value([("empty.zip", zipped(), "")]).run()
    assert "There are no photos in empty\\.zip" in collection.warning[0].value


def test_collections_can_be_switched_off(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MAX_COLLECTION_PHOTOS.name, "0")
    page.switch_page(PAGE).run()
    assert not page.exception
    assert "Collections are switched off" in page.info[0].value
    assert not page.file_uploader


def test_without_room_the_page_says_so(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "_left", lambda self: uploaders._LEAST_ROOM - 1)
    page.switch_page(PAGE).run()
    assert not page.exception
    assert "no room for another collection" in page.info[0].value
    assert not page.file_uploader
