"""The Photos page as a visitor meets it, with a fake analyzer."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.core.budget import Budget
from app.core.models import running_model
from app.core.models.head_text import IN_SHORT, NAMES
from app.core.settings import ROOT
from app.photos.pictures import MAX_CARDS
from app.photos.results import PER_PAGE
from app.photos.session import FEW, GallerySession
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Faces, Image
from tests.app.photos.samples import cards, elsewhere_and_back, names, pictures, pills, session_of
from tests.app.samples import (
    BROKEN,
    LABELS,
    PATIENCE,
    FakeAnalyzer,
    FakeLandmark,
    Upload,
    button,
    png,
    words,
    zip_of,
)

CAMERA = ":material/photo_camera: Camera"


def alts(page: AppTest, kind: str) -> list[str]:
    return [element.proto.alt for element in page.get(kind)]


def test_it_opens_with_a_sample_and_asks_for_the_camera_only_in_its_tab(page: AppTest) -> None:
    labels = [uploader.label for uploader in page.file_uploader]
    assert all("up to 500 photos, 300 MB together" in label for label in labels)
    assert "None is saved or logged" in words(page)
    assert "Phones cannot choose a folder" in words(page)
    assert not page.download_button
    assert not page.camera_input
    page.session_state["photo_source"] = CAMERA
    page.run()
    page.camera_input[0].set_value(("snapshot.jpg", png(faces=1), "image/jpeg")).run()
    assert "snapshot\\.jpg · 320 × 200 pixels" in words(page)
    assert not page.camera_input, "it need not stay on"
    folds = [fold.label for fold in page.expander]
    assert "Table of all faces" not in folds, "of one face, the card says all"
    button(page, "Remove").click().run()
    page.session_state["photo_source"] = CAMERA
    button(page, "Try it with a sample photo").click().run()
    assert not page.camera_input, "who asks for the sample needs no camera"
    assert "Eileen Collins" in words(page)
    assert "sample\\.jpg" in words(page)
    button(page, "Close the sample").click().run()
    assert button(page, "Try it with a sample photo")


def test_a_photo_without_a_face_says_so_and_shows_no_label(upload: Upload) -> None:
    page = upload(("wall.png", png(faces=0)))
    assert "No face found" in page.info[0].value
    assert [*pictures(page)] == ["wall.png: no face found."]
    assert not page.dataframe
    assert not page.get("plotly_chart")
    assert not any(label in words(page).replace(IN_SHORT, "") for label in LABELS)


def test_one_photo_shows_picture_cards_and_downloads_and_the_rest_folds(upload: Upload) -> None:
    page = upload(("*a* :red[b].png", png(faces=2, happy=60, seed=200)))
    assert "\\*a\\* \\:red\\[b\\]\\.png · 320 × 200 pixels" in words(page)
    assert [title.value.split(": ")[0] for title in page.title] == ["2 faces"]
    assert cards(page) == ["Happy or sad", "Happy or sad"]
    assert alts(page, "plotly_chart") == [
        f"Bar chart of face {n}: happy 60%, sad 24%, neutral 16%." for n in (1, 2)
    ]
    assert [b.label for b in page.download_button] == ["CSV", "JSON", "Marked picture (PNG)"]
    assert "emotion" not in words(page).lower()
    assert "feel" not in words(page).lower()
    assert "40 pixels wide" not in words(page)
    assert not any(alt.startswith("Map of") for alt in pictures(page))
    (photo,) = session_of(page).photos
    page.session_state[f"photo_more_{photo.number}_0_expression"] = True
    page.session_state[f"photo_table_{photo.number}"] = True
    said = words(page.run())
    assert "Confidence: 60%; small: 40 pixels wide; dark." in said
    table = page.dataframe[0].value
    assert list(table.columns) == [
        "file", "face", "answer", "confidence", *LABELS, "quality", "size"
    ]  # fmt: skip
    assert table.iloc[0].drop(["confidence", *LABELS]).tolist() == [
        "*a* :red[b].png", 1, "uncertain: happy or sad", "small; dark", "40 × 40"
    ]  # fmt: skip
    map_of = "Map of face 1: orange where it raised happy, blue where it lowered it."
    assert map_of in pictures(page)
    assert "where the network looked, not why" in said
    pills(page, "head_choice").set_value(FERPLUS_HEAD)
    page.session_state[f"photo_more_{photo.number}_0_{FERPLUS_HEAD}"] = True
    page.run()
    assert "Confidence: " in words(page)
    assert map_of not in pictures(page), "this head has none"


def test_another_head_needs_no_upload(upload: Upload, analyzer: FakeAnalyzer) -> None:
    page = upload(("a.png", png(faces=1, happy=90)))
    choice = pills(page, "head_choice")
    assert choice.options == [NAMES[EXPRESSION_HEAD], NAMES[FERPLUS_HEAD]]
    choice.set_value(FERPLUS_HEAD).run()
    (photo,) = session_of(page).photos
    session_of(page).faces[photo.number] = 0
    assert "uncertain" in page.title[0].value
    elsewhere_and_back(page)
    assert pills(page, "head_choice").value == FERPLUS_HEAD
    assert "uncertain" in page.title[0].value
    assert session_of(page).faces == {photo.number: 0}
    assert (analyzer.calls, analyzer.searches) == (1, 1)


def test_meshes_are_drawn(
    upload: Upload, landmark: FakeLandmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = upload(("a.png", png(faces=2)))
    (switch,) = page.toggle
    assert (switch.label, switch.value, landmark.calls) == ("Face mesh", False, 0)
    plain = pictures(page)
    switch.set_value(True).run()
    marked = next(alt for alt in pictures(page) if "2 faces marked" in alt)
    assert marked.endswith("The face mesh is drawn on each.")
    assert pictures(page)[marked] not in plain.values()
    assert pictures(page)["Face 1: happy 90%"] != plain["Face 1: happy 90%"]
    pills(page, "head_choice").set_value(FERPLUS_HEAD).run()
    elsewhere_and_back(page)
    assert page.toggle[0].value
    assert any(alt.endswith("The face mesh is drawn on each.") for alt in pictures(page))
    pills(page, "head_choice").set_value(EXPRESSION_HEAD).run()
    page.toggle[0].set_value(False).run()
    assert pictures(page) == plain
    assert landmark.calls == 1

    def missing() -> None:
        raise ModelError("face_landmark.tflite is missing.")

    monkeypatch.setattr(running_model, "face_landmark", missing)
    page.toggle[0].set_value(True).run()
    assert "face\\_landmark\\.tflite is missing" in words(page)
    assert len(cards(page)) == 2


def test_several_photos(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    wait, show = GallerySession.wait_for, st.image
    monkeypatch.setattr(
        GallerySession, "wait_for", lambda *args: events.append("read") or wait(*args)
    )
    monkeypatch.setattr(
        st, "image", lambda *args, **options: events.append("shown") or show(*args, **options)
    )
    page = upload(
        ("a.png", png(faces=1)), ("b.png", png(faces=2, happy=0)), ("c.png", png(faces=0))
    )
    assert events == ["read", "shown"] * 3, "each as soon as it is read"
    (title,) = page.title
    assert re.sub(r":color\S+\xa0", "", title.value) == "3 photos, 3 faces: 2 sad, 1 happy"
    assert any('"Faces by answer: sad 2, happy 1."' in one.proto.body for one in page.get("html"))
    assert names(page) == ["**a\\.png**", "**b\\.png**", "**c\\.png**"]
    said = words(page)
    for line in ("1 face: ", "2 faces: ", "No face"):
        assert line in said
    assert list(pictures(page)) == [f"Thumbnail of {name}.png" for name in "abc"]
    labels = ["Everything (ZIP)", "CSV of all", "JSON of all"]
    assert [b.label for b in page.download_button] == labels
    assert not page.dataframe
    page.session_state["photo_table"] = True
    (table,) = page.run().dataframe
    assert table.value["file"].tolist() == ["a.png", "b.png", "b.png"]
    assert table.value["face"].tolist() == [1, 1, 2]
    assert table.value["answer"].tolist() == ["happy", "sad", "sad"]
    button(page, "Remove all 3 photos").click().run()
    assert not page.dataframe
    assert not session_of(page).all
    assert button(page, "Try it with a sample photo")


def test_one_of_several_is_opened(upload: Upload, analyzer: FakeAnalyzer) -> None:
    page = upload(("a.png", png(faces=1)), ("b.png", png(faces=2, seed=1)))
    [b for b in page.button if b.label == "Details"][1].click().run()
    assert len(cards(page)) == 2
    assert all(pictures(page))
    assert all(alts(page, "plotly_chart"))
    elsewhere_and_back(page)
    assert len(cards(page)) == 2
    reloaded = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    reloaded.query_params["session"] = page.query_params["session"]
    reloaded.run()
    assert names(reloaded) == ["**a\\.png**", "**b\\.png**"]
    assert len(cards(reloaded)) == 2
    button(reloaded, "Close").click().run()
    assert not cards(reloaded)
    assert analyzer.calls == 2


def test_many_faces(upload: Upload, analyzer: FakeAnalyzer, spec: ModelSpec) -> None:
    page = upload(("group.png", png(faces=MAX_CARDS + 1)))
    assert cards(page) == []
    (photo,) = session_of(page).photos
    session_of(page).faces[photo.number] = 6
    assert cards(page.run()) == ["Happy"]
    assert "gray-badge[7]" in words(page)
    analyzer.spec = spec  # with one output
    button(page, "Remove").click().run()
    assert len(cards(upload(("few.png", png(faces=MAX_CARDS))))) == MAX_CARDS
    assert not page.get("button_group"), "of one head, there is no choice"


def test_bad_files_are_named_and_the_others_are_shown(upload: Upload) -> None:
    bad = {
        "empty": (b"", "is empty"),
        "half": (png()[:200], "is damaged"),
        "odd": (png(faces=BROKEN), "could not be analysed"),
        "text": (b"no picture", "is not an image"),
    }
    page = upload(*[(f"{n}.png", data) for n, (data, _) in bad.items()], ("whole.png", png()))
    for error, (name, (_, reason)) in zip(page.error, bad.items(), strict=True):
        assert error.value.startswith(f"{name}\\.png {reason}")
    assert "nobody thought of" not in words(page)
    assert names(page) == ["**whole\\.png**"]
    assert page.title[0].value.startswith("1 photo, 1 face: ")
    assert page.title[0].value.endswith("; 4 not read")
    for _ in bad:
        button(page, "Remove").click().run()
    assert "whole\\.png" in words(page)
    assert len(cards(page)) == 1


def test_a_missing_model_is_told(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelError(f"{ROOT}/models/compact/spec.json is missing.")

    monkeypatch.setattr(running_model, "photo_analyzer", missing)
    page = upload(("a.png", png()))
    assert "not installed" in page.error[0].value
    assert "models/compact/spec\\.json" in words(page)
    assert str(ROOT) not in words(page)
    assert not page.dataframe


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


HOLIDAY = zip_of(
    ("day 1/a.png", png(1, 95)),
    ("day 1/b.png", png(2, 80)),
    ("day 2/unsure.png", png(1, 40)),
    ("wall.png", png(0)),
    ("dark.png", png(1, 90, 200)),
    ("broken.png", b"no picture"),
    ("../evil.png", png(1)),
)


def shown(page: AppTest) -> list[str]:
    (grid,) = [e for e in page.get("bidi_component") if e.proto.component_name.endswith("grid")]
    return [tile["name"] for tile in json.loads(grid.proto.json)["tiles"]]


def offered(page: AppTest) -> list[str]:
    """Return the answers to filter by, without their marks."""
    options = pills(page, "answers").options
    return [re.sub(r"^(▨|:material/\w+:|:color\S+) ", "", option) for option in options]


def test_an_archive_has_filters_and_orders(put: Put, analyzer: FakeAnalyzer) -> None:
    page = put(("holiday.zip", HOLIDAY))
    assert "holiday\\.zip · 7 files" in words(page)
    assert page.title[0].value.startswith("5 photos, 5 faces: ")
    assert page.title[0].value.endswith("; 2 not read")
    assert shown(page)[:2] == ["day 1/a.png", "dark.png"]
    assert set(shown(page)[-2:]) == {"broken.png", "evil.png"}
    labels = ["Everything (ZIP)", "CSV of all", "JSON of all"]
    assert [b.label for b in page.download_button] == labels
    assert offered(page) == [
        "Happy: 3 photos",
        "Uncertain: 1 photo",
        "No face: 1 photo",
        "Not read: 2 files",
    ]
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
    assert "Uncertain: 4 photos" in offered(page)
    button(page, "Remove all 7 photos").click().run()
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


def test_the_browsers_back_and_forward_close_and_open_a_photo(put: Put) -> None:
    page = put(("holiday.zip", HOLIDAY))
    session = session_of(page)
    assert "photo" not in page.query_params
    number = session.photos[1].number
    session.show_alone(number)
    page.run()
    assert "photo" in page.query_params
    button(page, "Next").click().run()
    opened = session.alone
    assert opened != number
    assert page.query_params["photo"] == "open", "which one is no step of Back"
    address = page.query_params["photo"]
    del page.query_params["photo"]  # Back
    page.run()
    assert session.alone is None
    assert shown(page)
    assert "photo" not in page.query_params
    page.query_params["photo"] = address  # Forward
    page.run()
    assert session.alone == opened
    button(page, "All photos").click().run()
    assert "photo" not in page.query_params
    session.remove(opened)
    page.query_params["photo"] = address  # Forward, to what was removed meanwhile
    page.run()
    assert "photo" not in page.query_params
    assert names(page), "six are a list"


def test_results_are_shown_meanwhile(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert page.get("progress")[0].proto.text == "2 of 7"
    assert shown(page) == ["0.png", "1.png"]
    assert not page.download_button
    session = session_of(page)
    session.show_alone(session.photos[1].number)
    page.run()
    assert "1\\.png" in words(page)
    button(page, "All photos").click().run()
    button(page, "Cancel").click().run()
    assert "**Cancelled.** 5 of 7 photos not read." in words(page)
    assert page.get("popover")[-1].proto.popover.label == "Remove all", "it asks first"
    assert offered(page) == ["Happy: 2 photos", "Not started: 5 files"]
    assert page.title[0].value.endswith(" happy; 5 not started")
    assert shown(page)[:2] == ["0.png", "1.png"]
    assert len(page.download_button) == 3
    go.set()
    button(page, "Continue").click().run()
    job = session.job
    assert job
    assert job.wait(PATIENCE)
    assert offered(page.run()) == ["Happy: 7 photos"]
    assert "Cancelled" not in words(page)


def test_an_analysis_may_end_while_the_page_is_made(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, answer = threading.Event(), FakeAnalyzer.all_heads

    def held(self: FakeAnalyzer, image: Image, *known: Any) -> dict[str, Faces]:
        assert go.wait(PATIENCE)
        return answer(self, image, *known)

    def ended(session: GallerySession) -> bool:
        go.set()
        assert session.job
        return session.job.wait(PATIENCE)

    monkeypatch.setattr(FakeAnalyzer, "all_heads", held)
    monkeypatch.setattr("app.photos.results_view.show_progress", ended)
    page.file_uploader[0].set_value([(f"{n}.png", png(1, 90, n), "") for n in range(FEW + 1)])
    page.run()
    [title] = page.title
    assert title.value.startswith("7 photos, 7 faces: ")
    assert title.value.endswith("7 happy")
    assert len(page.run().download_button) == 3


def test_what_was_not_taken(page: AppTest, upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "_left", lambda self: 0)
    upload(*[(f"{n}.png", png(seed=n)) for n in range(FEW + 1)])
    assert "no room for that" in page.warning[0].value
    upload(("a.png", png()))
    assert "a\\.png" in words(page)
    assert not page.warning


def test_what_was_handed_over_is_not_kept_by_its_widget(upload: Upload) -> None:
    page = upload(("a.png", png(1)), ("b.png", b"no picture"))
    files = page.session_state["photo_files"]
    assert [(file.name, file.getvalue()) for file in files] == [("a.png", b""), ("b.png", b"")]
