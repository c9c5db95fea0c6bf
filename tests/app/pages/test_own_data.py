"""The Your data page as a visitor meets it, with a fake analyzer."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core import state
from app.core.budget import Budget
from app.core.models.runnable import ModelEntry
from app.core.settings import FINE_TUNING, MAX_OWN_PHOTOS
from app.own_data import fine_tuning, view
from app.own_data.own_set import Label
from app.own_data.session import OwnSession
from tests.app.own_data.samples import SPEC, archive, small
from tests.app.samples import PATIENCE, FakeAnalyzer, button, png, unfolded, words

PAGE = "app/pages/own_data.py"

Put = Callable[..., AppTest]


def visit_of(page: AppTest) -> OwnSession:
    visit: OwnSession = page.session_state["own_data"]
    return visit


def labeller(page: AppTest) -> dict[str, Any] | None:
    """Return what the browser gets to label faces; None if it is not shown."""
    found = [e for e in page.get("bidi_component") if e.proto.component_name.endswith("labeller")]
    return json.loads(found[0].proto.json) if found else None


def entry(name: str, analyzer: FakeAnalyzer) -> ModelEntry:
    spec = SPEC if analyzer.spec is None else analyzer.spec
    return ModelEntry(name, Path(name), f"key of {name}", spec, bytes=1)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, analyzer: FakeAnalyzer) -> list[ModelEntry]:
    """The models that are here, which a test may change."""
    found = [entry("compact", analyzer)]
    monkeypatch.setattr(view, "chosen_entry", lambda: found[0])
    monkeypatch.setattr(view, "models_here", lambda: found)
    monkeypatch.setattr(view.running_model, "photo_analyzer", lambda *args: analyzer)
    return found


@pytest.fixture
def own(page: AppTest, models: list[ModelEntry]) -> AppTest:
    return page.switch_page(PAGE).run()


@pytest.fixture
def put(own: AppTest) -> Put:
    """Upload files, given as ``name=contents`` pairs, and wait until they are read."""

    def upload(*files: tuple[str, bytes]) -> AppTest:
        own.file_uploader[0].set_value([(name, data, "") for name, data in files])
        own.run()
        return settled(own)

    return upload


def settled(page: AppTest) -> AppTest:
    job = visit_of(page).job
    assert job is None or job.wait(PATIENCE)
    return page.run()


def step(page: AppTest, number: int) -> AppTest:
    return page.segmented_control(key="own_step").set_value(number).run()


def test_it_opens_with_its_steps_and_the_sample_is_a_click_away(own: AppTest) -> None:
    assert len(own.file_uploader) == 2
    for said in ("1 Label with one key", "about a minute", "2 See", "at once", "3 Teach"):
        assert said in words(own)
    assert len(unfolded(own).split()) <= 250
    assert "30 minutes after you close" in words(own)
    assert labeller(own) is None
    page = settled(button(own, "Try it with drawn faces").click().run())
    assert "21 photos · 21 faces" in words(page)
    data = labeller(page)
    assert data
    assert (data["labels"], data["at"]) == ([-1] * 21, 0)
    assert "21 faces to label: about 60 seconds." in words(page)
    assert "own_next" not in [b.key for b in page.button]
    assert "figures are here as soon as" in words(step(page, 2))
    assert "too few labelled faces" in words(step(page, 3))


@pytest.mark.parametrize(
    ("setting", "promised", "not_promised"),
    [("0", "This server does not train models", "a few minutes"),
     ("1", "a few minutes on two cores", "does not train models")],
)  # fmt: skip
def test_it_opens_with_what_this_server_trains(
    own: AppTest, monkeypatch: pytest.MonkeyPatch, setting: str, promised: str, not_promised: str
) -> None:
    monkeypatch.setenv(FINE_TUNING.name, setting)
    monkeypatch.setattr(fine_tuning, "_NEEDS", ("json",))
    assert promised in words(own.run())
    assert not_promised not in words(own)
    page = settled(button(own, "Try it with drawn faces").click().run())
    visit = visit_of(page)
    assert visit.own
    visit.own.label(0, Label("happy"))
    page = step(page, 2)
    assert page.button(key="own_next").label == (
        "Teach it" if setting == "1" else "Teach it elsewhere"
    )
    page.button(key="own_next").click().run()
    assert ("This server does not train models. You get" in words(page)) == (setting == "0")


def test_labels_bring_figures_and_files(put: Put) -> None:
    page = put(("party.png", png(2)), ("one.png", png(1, seed=1)))
    visit = visit_of(page)
    assert visit.own
    visit.own.label(0, Label("happy", answer_seen=True))
    visit.own.label(1, Label("sad", answer_seen=True))
    page.run().button(key="own_next").click().run()
    said = words(page)
    assert "How good it is on your faces" in said
    assert "All labels were given with the model's answer in view" in said
    assert "What these figures do not say" in said
    assert [b.label for b in page.get("download_button")] == [
        "Figures (HTML)", "Figures (JSON)", "Labels (CSV)", "Labelled set (ZIP)"
    ]  # fmt: skip
    page.button(key="own_next").click().run()
    assert "--preset adapt" in page.code[0].value
    page.switch_page("app/pages/about.py").run()
    page.switch_page(PAGE).run()
    assert page.segmented_control(key="own_step").value == 3, "it is there after a visit elsewhere"


def test_a_training_gets_no_photo(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    page = put(("party.png", png(2)), ("one.png", png(1, seed=1)))
    own = visit_of(page).own
    assert own
    for index in range(3):
        own.label(index, Label("happy"))
    made: list[bytes] = []
    monkeypatch.setattr(view, "show_fine_tuning", lambda make, counts: made.append(make()))
    page = step(page.run(), 3)
    assert page.toggle(key="own_originals").value, "what the visitor saves has the photos"
    with zipfile.ZipFile(io.BytesIO(made[-1])) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"labels.csv", "crops"}


def test_class_folders_have_figures_at_once(put: Put) -> None:
    files = {"happy/a.png": small(90), "sad/b.png": png(1, 20), "bored/c.png": png(1, 30),
             "sad/wall.png": png(0)}  # fmt: skip
    page = put(("set.zip", archive(files).data))
    said = words(page)
    assert "those of the folders:** happy 1, sad 1. In 1 photo no face was found" in said
    assert "“bored” \\(1\\) left out" in said
    assert "How good it is on your faces" in said
    assert labeller(page) is None
    step(page, 1).toggle(key="own_check").set_value(True).run()
    assert (labeller(page) or {})["labels"] == [1, 2]
    settled(button(page, "Label all faces by hand instead").click().run())
    assert (labeller(page) or {})["labels"] == [-1] * 3


def test_what_is_no_set_is_answered_in_words_and_labels_wait_for_their_photos(put: Put) -> None:
    assert "There are no photos in empty\\.zip" in words(put(("empty.zip", archive({}).data)))
    page = put(("broken.zip", b"PK"))
    assert "No face was found" in words(page)
    assert "is not a ZIP archive" in words(page)
    table = b"photo,expression,left,top,right,bottom\na.png,sad,5,20,45,60\n"
    page = put(("labels.csv", table))
    assert "**1 label without a photo so far:** a\\.png" in words(page)
    page = put(("a.png", png(1)))
    assert (labeller(page) or {})["labels"] == [2]
    assert "without a photo" not in words(page)


def test_a_new_model_answers(put: Put, models: list[ModelEntry], analyzer: FakeAnalyzer) -> None:
    page = put(("a.png", png(1)))
    assert "This deletes 1 face and no labels" in words(page)
    own = visit_of(page).own
    assert own
    own.label(0, Label("sad"))
    models.append(entry("taught", analyzer))
    settled(page.run())
    step(page, 2)
    assert own.models == {"key of compact", "key of taught"}
    assert any("taught" in table.value.to_string() for table in page.table)
    button(page, "Delete all").click().run()
    assert visit_of(page).own is None
    assert "No photos at hand?" in words(page)


def test_without_room_or_places_the_page_says_so(
    page: AppTest, models: list[ModelEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_OWN_PHOTOS.name, "0")
    assert "switched off" in words(page.switch_page(PAGE).run())
    monkeypatch.setenv(MAX_OWN_PHOTOS.name, "5")
    monkeypatch.setattr(Budget, "_left", lambda self: 0)
    state._store.clear()
    del page.session_state["visitor"]
    assert "no room for another set of photos" in words(page.run())
