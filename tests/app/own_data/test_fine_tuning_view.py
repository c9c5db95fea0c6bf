"""Fine-tuning as a visitor meets it, with a Python script in the place of the training."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.own_data import fine_tuning
from app.own_data import fine_tuning_view as view
from app.own_data.fine_tuning import FineTuning, FineTunings
from tests.app.dashboard.samples import write_model
from tests.app.own_data.adaptation import adaptation
from tests.app.own_data.test_fine_tuning import ENDLESS, PATIENCE, script, until

Open = Callable[..., AppTest]


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FineTunings:
    """Those of the server, which allows them and has all it takes."""
    monkeypatch.setenv("FER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FER_FINE_TUNING", "1")
    monkeypatch.setattr(fine_tuning, "_NEEDS", ("json",))
    server = FineTunings(tmp_path / "models")
    monkeypatch.setattr(view, "_fine_tunings", lambda: server)
    return server


def show(happy: int = 20, sad: int = 20) -> None:
    from app.own_data.fine_tuning_view import show_fine_tuning

    show_fine_tuning(lambda: b"the images", {"happy": happy, "sad": sad, "fear": 0})


@pytest.fixture
def opened(trainings: FineTunings) -> Open:
    def open_page(**counts: int) -> AppTest:
        return AppTest.from_function(show, kwargs=counts, default_timeout=60).run()

    return open_page


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def words(page: AppTest) -> str:
    kinds: tuple[Any, ...] = (
        page.markdown, page.caption, page.info, page.error, page.success, page.code
    )  # fmt: skip
    return "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def test_the_command_is_there_to_copy(opened: Open) -> None:
    page = opened()
    page.text_input(key="fine_tuning_name").set_value("../mine").run()
    assert page.button(key="fine_tuning_start").disabled
    assert "letters, digits and hyphens" in words(page)
    assert "../mine" not in page.code[0].value
    page.text_input(key="fine_tuning_name").set_value("my-team").run()
    assert not page.exception
    assert page.code[0].value == (
        "python -m training train --preset adapt --init models/compact --data your-data.zip "
        "--out models/my-team"
    )
    steps = [m.value for m in page.markdown if m.value.startswith(("1.", "3."))]
    assert "`your-data.zip` in a folder" in steps[0]
    assert "`models/my-team`" in steps[1]


@pytest.mark.parametrize(
    ("sad", "allowed", "says"),
    [(4, "1", "too few labelled faces"), (20, "0", "does not train models")],
)
def test_where_it_does_not_run_here_the_command_is_there(
    opened: Open, monkeypatch: pytest.MonkeyPatch, sad: int, allowed: str, says: str
) -> None:
    monkeypatch.setenv("FER_FINE_TUNING", allowed)
    page = opened(sad=sad)
    assert says in words(page)
    assert labels(page) == []
    assert "--preset adapt" in page.code[0].value


def test_a_training_from_the_button_to_the_model_that_answers(
    opened: Open, trainings: FineTunings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened()

    def start(code: str) -> FineTuning:
        monkeypatch.setattr(view, "run_command", lambda initial, replay: script(code))
        page.button(key="fine_tuning_start").click().run()
        return next(iter(trainings._of.values()))

    cancelled = start(ENDLESS)
    until(lambda: cancelled.progress.done == 1)
    page.run()
    assert labels(page) == ["Cancel"]
    page.button(key="fine_tuning_cancel").click().run()
    assert trainings.running is None
    page.run()
    assert "No model was written" in words(page)
    assert start("import sys; sys.exit('error: no *face* in it.')").job.wait(PATIENCE)
    page.run()
    assert "It could not be fine-tuned: no *face* in it." in words(page)
    assert sys.executable not in words(page)
    write_model(tmp_path, "my-faces", adaptation=adaptation())
    made = f"import shutil, sys; shutil.copytree({str(tmp_path / 'my-faces')!r}, sys.argv[2])"
    assert start(made).job.wait(PATIENCE)
    page.run()
    assert not page.exception
    assert "**my-faces** has learnt from your faces." in words(page)
    assert "which compact had learnt from" in words(page)
    assert page.metric[0].label == "Before"
    assert "model" not in page.session_state
    page.button(key="fine_tuning_choose").click().run()
    assert page.session_state["model"] == "my-faces"
