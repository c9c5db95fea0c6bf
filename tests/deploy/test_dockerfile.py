"""What the image is made of; `tests/browser/hosting/test_container.py` runs its steps."""

from __future__ import annotations

import re

import pytest

from app.core.settings import ROOT as APP_ROOT
from tests.deploy.files import context, environment, ignored, stages, values
from tests.samples import ROOT


def test_the_image_runs_as_nobody_in_particular_and_says_whether_it_is_well() -> None:
    image = stages()[-1]
    [user] = values(image, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    [check] = values(image, "HEALTHCHECK")
    assert "/_stcore/health" in check
    assert values(image, "STOPSIGNAL") == ["SIGTERM"]
    assert environment(image)["HOME"] == "/tmp"
    assert APP_ROOT == ROOT  # the app finds its files from where it lies


def test_both_stages_have_the_same_python_which_is_a_version_of_the_project() -> None:
    [(build, _), (image, _)] = [(values(stage, "FROM")[0].split()[0], stage) for stage in stages()]
    assert build == image
    assert re.fullmatch(r"python:3\.1[1-3]-slim-\w+", image)


def test_it_has_all_of_the_app_and_of_the_package() -> None:
    copied = [source for rest in values(stages()[-1], "COPY") for source in rest.split()[:-1]]
    assert {"app", "fer", "models", "serve.py", "streamlit_app.py", ".streamlit"} <= set(copied)
    given = context()
    for name in ("app/pages/live.py", "models/compact/spec.json", ".streamlit/config.toml"):
        assert name in given


@pytest.mark.parametrize(
    "name",
    [
        ".streamlit/secrets.toml",
        "models/compact/mistakes.json",
        "models/compact/other_data.json",
        "app/__pycache__/a.pyc",
        "models/.fine-tuning-1/model.keras",
        "ondevice/node_modules/a/b.js",
        "deploy/.env",
        ".git/config",
        "tests/conftest.py",
        "shared/photos/a.jpg",
    ],
)
def test_what_a_machine_keeps_for_itself_stays_out(name: str) -> None:
    assert ignored(name)
