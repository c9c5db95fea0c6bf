"""Fetching FER2013 with a stand-in for kagglehub: no network."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from fer.errors import DataError
from training.commands.data_sets import DOWNLOAD, download


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], str]], None]:
    """Puts a package named kagglehub in place that fetches with the given function."""

    def install(fetch: Callable[[str], str]) -> None:
        monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=fetch))

    return install


def test_the_folder_of_the_data_set(kaggle: Callable, tmp_path: Path) -> None:
    asked: list[str] = []
    kaggle(lambda handle: asked.append(handle) or str(tmp_path))
    assert download() == tmp_path
    assert asked == ["msambare/fer2013"]


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)  # makes the import fail
    with pytest.raises(DataError, match=r"pip install kagglehub.*By hand: sign in at https://www"):
        download()


@pytest.mark.parametrize(
    "error", [OSError("no route to host"), ValueError("bad token"), RuntimeError("403 Forbidden")]
)
def test_when_kaggle_does_not_answer(kaggle: Callable, error: Exception) -> None:
    def fail(handle: str) -> str:
        raise error

    kaggle(fail)
    with pytest.raises(DataError) as caught:
        download()
    message = str(caught.value)
    assert f"{type(error).__name__}: {error}" in message
    for step in ("kaggle.json", "By hand", "https://www.kaggle.com/datasets/msambare/fer2013"):
        assert step in message
    assert caught.value.__cause__ is error


def test_the_command(kaggle: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kaggle(lambda handle: str(tmp_path))
    parser = argparse.ArgumentParser()
    DOWNLOAD.add_arguments(parser)
    assert DOWNLOAD.run(parser.parse_args([])) == 0
    assert f'python -m training data --data "{tmp_path}"' in capsys.readouterr().out
