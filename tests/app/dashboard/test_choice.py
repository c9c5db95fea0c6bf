"""What a browser says about the choice of a model, which may be anything."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.core.settings import MODELS
from tests.app.dashboard.samples import write_model


def script(name: str) -> None:
    from app.dashboard.page import open_with_warnings

    assert (open_with_warnings(name) is not None) == (name == "small")


@pytest.mark.parametrize("name", ["small", "../outside/small", "", "..", "no such"])
def test_a_model_is_one_of_those_in_the_folder_and_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for folder in ("models", "outside"):
        write_model(tmp_path / folder)
    monkeypatch.setenv(MODELS.name, str(tmp_path / "models"))
    page = AppTest.from_function(script, args=(name,)).run()
    assert not page.exception
    assert [error.value for error in page.error] == (
        [] if name == "small" else ["**There is no such model** among those here."]
    )
