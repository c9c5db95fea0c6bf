"""The files of a recording: names, times, and all of them in one archive."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.core.session.stream_files import FORMATS
from app.video.engine import Result
from app.video.files import file_name, open_archive, stream_result
from fer.export.stream import StreamResult
from fer.model.spec import ModelSpec
from tests.app.video.samples import SOURCE, nobody, recording


@pytest.fixture
def found(spec: ModelSpec) -> StreamResult:
    return stream_result(SOURCE, Result(recording(spec), None), ZoneInfo("Asia/Kolkata"))


@pytest.mark.parametrize(
    ("name", "csv"),
    [
        ("", "video.csv"),
        ("holiday.mov", "holiday.csv"),
        ("two.words.mp4", "two.words.csv"),
        ("../../etc/passwd", "passwd.csv"),
        ("C:\\films\\a.avi", "a.csv"),
    ],
)
def test_a_file_is_called_like_its_recording_and_leads_nowhere_else(name: str, csv: str) -> None:
    assert file_name(replace(SOURCE, name=name), ".csv") == csv


def test_times_are_those_of_the_visitor(found: StreamResult) -> None:
    assert found.info.iso_time == "2026-05-01T17:30:00+05:30"
    assert (found.source["file"], found.end, found.cuts) == ("holiday.mov", 1.5, (0.55,))


def test_the_archive_has_all_files_and_is_gone_from_the_disk(
    found: StreamResult, tmp_path: Path
) -> None:
    marked = tmp_path / "marked-1.mp4"
    marked.write_bytes(b"marked")
    with open_archive(SOURCE, found, marked, tmp_path) as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        names = [f"holiday{kind.ending}" for kind in FORMATS]
        assert archive.namelist() == [*names, "holiday-expressions.mp4"]
        for kind in FORMATS:
            assert archive.read(f"holiday{kind.ending}") == kind.contents(found)
        assert archive.read("holiday-expressions.mp4") == b"marked"
    assert [*tmp_path.iterdir()] == [marked]


def test_without_a_face_and_a_marked_video_there_are_files_all_the_same(
    spec: ModelSpec, tmp_path: Path
) -> None:
    result = Result(recording(spec, nobody()), None, "The disk is full.")
    found = stream_result(SOURCE, result, ZoneInfo("UTC"))
    with open_archive(SOURCE, found, None, tmp_path) as file, zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("holiday-summary.json"))["people"] == []
        assert len(archive.namelist()) == len(FORMATS)


def test_a_folder_that_is_gone_says_so(found: StreamResult, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_archive(SOURCE, found, None, tmp_path / "gone")
