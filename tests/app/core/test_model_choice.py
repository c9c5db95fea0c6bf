"""The choice of a model, on every page, with models that run."""

import gc
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core.components import store_pick
from app.core.models import running_model
from app.core.models.running_model import chosen_model
from app.core.settings import MODEL, MODELS, SAMPLE
from app.live import state
from app.live.streaming.session import LiveModel
from app.live.streaming.turn import Help, Ice, IceSource
from fer.detection.photo_scan import PhotoScan
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from tests.app.dashboard.samples import write_model
from tests.app.samples import words
from tests.samples import ROOT, SHIPPED_MODEL, write_copy

PAGES = ("photos", "video", "live")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model beside the shipped one, which is configured and stands elsewhere."""
    folder = tmp_path / "models"
    write_copy(folder, "mine", one_head=True)
    monkeypatch.setenv(MODEL.name, str(SHIPPED_MODEL))
    monkeypatch.setenv(MODELS.name, str(folder))
    return folder


@pytest.fixture
def app(models: Path, live_page: None, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(IceSource, "current", lambda _: Ice(Help.LOCAL, ()))
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()


def choice(app: AppTest) -> Any:
    return next((one for one in app.radio if one.key == "model_choice"), None)


def run(app: AppTest, page: str = "") -> AppTest:
    (app.switch_page(f"app/pages/{page}.py") if page else app).run()
    return app


def choose(app: AppTest, name: str) -> AppTest:
    choice(app).set_value(name)
    return run(app)


def with_photo(app: AppTest) -> AppTest:
    app.file_uploader[0].set_value([("eileen.jpg", SAMPLE.read_bytes(), "image/jpeg")])
    return run(app)


def test_where_only_one_can_answer_there_is_nothing_to_choose(app: AppTest, models: Path) -> None:
    shutil.rmtree(models / "mine")
    for page in PAGES:
        assert choice(run(app, page)) is None
        assert "model" not in app.query_params
    assert chosen_model() == SHIPPED_MODEL


def test_a_run_without_news_and_an_unknown_name_choose_nothing(app: AppTest) -> None:
    def sent() -> set[str]:
        widgets = [*app.button_group, *app.radio]
        return {str(one.key) for one in widgets if one.proto.set_value and one.key}

    for page in ("video", "live"):
        run(app, page)
        head = next(g for g in app.button_group if g.key == "head_choice")
        # The default, as a value that is sent once may come before the widget is drawn.
        assert (head.value, [*head.proto.default]) == ("balanced", [0])
        assert (choice(app).value, choice(app).proto.default) == ("compact", 0)
        assert not sent(), page
        assert (run(app), sent()) == (app, set()), page
    for name in ("nobody", "../mine"):
        app.query_params["model"] = name
        assert choice(run(app, "video")).value == "compact"
        assert ("model" in app.query_params, bool(app.toast)) == (False, False)


def test_who_has_not_heard_of_a_value_picks_none(monkeypatch: pytest.MonkeyPatch) -> None:
    picked: list[str] = []
    monkeypatch.setattr("streamlit.session_state", {"unheard": None, "heard": "mine"})
    for key in ("unheard", "heard", "gone"):
        store_pick(key, picked.append)
    assert picked == ["mine"]


def test_what_is_chosen_on_one_page_holds_on_all(app: AppTest) -> None:
    with_photo(app)
    head = next(one for one in app.button_group if one.key == "head_choice")
    head.set_value(EXPRESSION_HEAD).run()
    (photo,) = app.session_state["photos"].photos
    app.session_state[f"photo_more_{photo.number}_0_{EXPRESSION_HEAD}"] = True
    assert "made *happy* likelier" in words(run(app))
    assert "made *style 3* likelier" in words(choose(app, "mine"))
    for page in PAGES[1:]:
        assert choice(run(app, page)).value == "mine", page
        assert app.query_params["model"] == "mine"
        assert "What people would say" not in words(app)
    run(app, "dashboard")
    assert next(one.value for one in app.selectbox if one.label == "Model") == "mine"
    again = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)  # a reload
    again.query_params["model"] = app.query_params["model"]
    assert choice(run(run(again), "video")).value == "mine"
    assert "model" not in choose(run(app, "live"), "compact").query_params


def test_a_stream_keeps_its_network_while_its_model_is_the_chosen_one(models: Path) -> None:
    state._model.clear()
    mine = state.live_model()
    for name in map(str, range(state.MAX_MODELS)):
        state._model(write_copy(models, name), name, 1)
    assert state.live_model(mine) is mine
    assert state.live_model() is not mine, "it was let go"
    assert state.live_model(LiveModel(mine.classifier, mine.spec, "another")) is state.live_model()


def test_new_replaced_and_gone_models(
    app: AppTest, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[int] = []
    search = PhotoScan.__call__
    monkeypatch.setattr(PhotoScan, "__call__", lambda *on: searches.append(1) or search(*on))
    with_photo(app)
    assert "Happy" in words(app)
    write_copy(models, "newer", one_head=True)
    assert "Style 3" in words(choose(run(app), "newer"))
    spec = ModelSpec.load(models / "newer")
    shutil.rmtree(models / "newer")
    write_copy(models, "newer")
    assert "Happy" in words(run(app))
    assert (ModelSpec.load(models / "newer") != spec, len(searches)) == (True, 1)
    for name in ("newer", "mine"):
        shutil.rmtree(models / name)
    assert "newer is not here any more. compact answers" in run(app).toast[0].value
    assert ("Happy" in words(app), choice(app)) == (True, None)
    assert not run(app).toast


def test_a_model_that_cannot_be_loaded_is_no_dead_end(app: AppTest, models: Path) -> None:
    write_model(models, "noise")  # its network is not one, but has the hash that its spec names
    assert "not installed here" in words(choose(with_photo(app), "noise"))
    assert "Happy" in words(choose(app, "compact"))


def test_without_one_configured_one_is_chosen(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODEL.name, str(models / "nowhere"))
    app = with_photo(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run())
    assert ("not installed here" in words(app), choice(app).value) == (True, None)
    assert "Style 3" in words(choose(app, "mine"))


def test_a_bounded_number_of_networks_is_loaded(models: Path) -> None:
    names = [str(number) for number in range(running_model.MAX_NETWORKS + 2)]
    directories = [write_copy(models, name) for name in names]
    loaded = [weakref.ref(running_model.expression_network(one)) for one in directories]
    used = running_model.expression_network(directories[-2])
    assert used is loaded[-2](), "it is loaded once"
    gc.collect()
    alive = [one() is not None for one in loaded]
    assert alive == [False, False, *[True] * running_model.MAX_NETWORKS]
