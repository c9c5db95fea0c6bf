"""The sample recording."""

from pathlib import Path

import pytest

from app.video import sample
from app.video.sample import NAME, VIDEO, sample_video
from fer.video.reading import probe


def test_it_is_written_once_and_is_what_is_said_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sample_video(tmp_path)
    assert file == tmp_path / NAME
    assert [*tmp_path.iterdir()] == [file]
    assert probe(file) == VIDEO
    assert file.stat().st_size < 2**20
    monkeypatch.setattr(sample, "_write", lambda file: 1 / 0)
    assert sample_video(tmp_path) == file
