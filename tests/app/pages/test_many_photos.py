"""Many photographs on the Photos page, as a visitor meets them, with a fake analyzer."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core.budget import Budget
from app.photos.results import PER_PAGE
from app.photos.session import FEW
from fer.labels import FERPLUS_HEAD
from fer.types import Faces, Image
from tests.app.photos.samples import cards, elsewhere_and_back, names, pills, session_of
from tests.app.samples import PATIENCE, FakeAnalyzer, FakeLandmark, Upload, button, png, words

Put = Callable[..., AppTest]


@pytest.fixture
def put(page: AppTest) -> Put:
    """Upload many files, given as ``name=contents`` pairs, and wait until they are read."""

    def upload(*files: tuple[str, bytes]) -> AppTest:
        page.file_uploader[0].set_value([(name, data, "") for name, data in files])
        page.run()
        job = session_of(page).job
        assert job
        assert job.wait(PATIENCE)
        return page.run()

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


def test_an_archive_is_read_and_filters_and_orders_last_over_a_visit_to_another_page(
    put: Put, analyzer: FakeAnalyzer
) -> None:
    page = put(("holiday.zip", HOLIDAY))
    assert not page.exception
    assert "holiday\\.zip · 7 files" in words(page)
    assert page.title[0].value.startswith("5 photos, 5 faces: ")
    assert page.title[0].value.endswith("; 2 not read")
    assert shown(page)[:2] == ["day 1/a.png", "dark.png"]
    assert set(shown(page)[-2:]) == {"broken.png", "evil.png"}
    labels = ["Everything (ZIP)", "CSV of all", "JSON of all"]
    assert [b.label for b in page.download_button] == labels
    assert offered(page) == ["Happy 3", "Uncertain 1", "No face 1", "Not read 2"]
    pills(page, "answers").set_value(["uncertain", "no face"]).run()
    elsewhere_and_back(page)
    assert shown(page) == ["day 2/unsure.png", "wall.png"]
    assert "2 of 7 files have that." in words(page)
    pills(page, "answers").set_value([]).run()
    pills(page, "issues").set_value(["dark"]).run()
    assert shown(page) == ["dark.png"]
    pills(page, "issues").set_value([]).run()
    page.selectbox[0].set_value("Most faces first").run()
    assert shown(page)[0] == "day 1/b.png"
    calls = analyzer.calls
    pills(page, "head_choice").set_value(FERPLUS_HEAD).run()
    assert analyzer.calls == calls
    assert "Uncertain 4" in offered(page)
    button(page, "Remove all 7 photos").click().run()
    assert not page.exception
    assert button(page, "Try it with a sample photo")


def test_more_than_a_page_of_photos_is_in_pages(put: Put) -> None:
    files = [f"{n}.png" for n in range(PER_PAGE + 5)]
    page = put(*[(name, png(1, 90, n)) for n, name in enumerate(files)])
    page.selectbox[0].set_value("Name").run()
    assert shown(page) == files[:PER_PAGE]
    session = session_of(page)
    page.session_state[f"photo_page_{session.serial}_{session.looks}"] = 2
    page.run()
    assert shown(page) == files[PER_PAGE:]
    page.selectbox[0].set_value("Surest first").run()
    assert len(shown(page)) == PER_PAGE


def test_a_photo_alone_has_its_cards_and_neighbours(put: Put, landmark: FakeLandmark) -> None:
    page = put(("holiday.zip", HOLIDAY))
    session = session_of(page)
    numbers = {one.name: one.number for one in session.photos}
    session.show_alone(numbers["dark.png"])
    page.run()
    assert not page.exception
    assert "dark\\.png" in words(page)
    assert cards(page) == ["Happy"]
    assert "2 of 5" in words(page)
    labels = [b.label for b in page.download_button]
    assert labels == ["CSV", "JSON", "Marked picture (PNG)"]
    page.toggle[0].set_value(True).run()
    assert landmark.calls == 1
    button(page, "Previous").click().run()
    assert "day 1/a\\.png" in words(page)
    assert button(page, "Previous").disabled
    button(page, "All photos").click().run()
    assert shown(page)
    session.show_alone(numbers["wall.png"])
    assert "No face found" in page.run().info[0].value
    button(page, "Remove").click().run()
    assert session.few
    assert names(page), "six are a list"


def test_results_are_shown_while_others_are_read_and_a_cancel_keeps_them(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go, answer = threading.Event(), threading.Event(), FakeAnalyzer.all_heads

    def held(self: FakeAnalyzer, image: Image, *known: Any) -> dict[str, Faces]:
        if image[0, 0, 2] == 2:
            reached.set()
            assert go.wait(PATIENCE)
        return answer(self, image, *known)

    monkeypatch.setattr(FakeAnalyzer, "all_heads", held)
    photos = [(f"{n}.png", png(1, 90, n), "") for n in range(FEW + 1)]
    page.file_uploader[0].set_value(photos).run()
    assert reached.wait(PATIENCE)
    page.run()
    assert not page.exception
    assert page.get("progress")[0].proto.text == "2 of 7"
    assert shown(page) == ["0.png", "1.png"]
    assert not page.download_button
    session = session_of(page)
    session.show_alone(session.photos[1].number)
    page.run()
    assert "1\\.png" in words(page)
    button(page, "All photos").click().run()
    button(page, "Cancel").click().run()
    assert not page.exception
    assert "Cancelled" in words(page)
    assert offered(page) == ["Happy 2", "Not started 5"]
    assert page.title[0].value.endswith(" happy; 5 not started")
    assert shown(page)[:2] == ["0.png", "1.png"]
    assert len(page.download_button) == 3
    go.set()


def test_what_was_not_taken_is_told(
    page: AppTest, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "_left", lambda self: 0)
    upload(*[(f"{n}.png", png(seed=n)) for n in range(FEW + 1)])
    assert "no room for that" in page.warning[0].value
    upload(("a.png", png()))
    assert "a\\.png" in words(page)
    assert not page.warning
