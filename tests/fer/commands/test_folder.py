from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fer.__main__ import main
from fer.commands import folder
from fer.commands.folder import progress_text
from fer.folder.collect import Tally
from tests.fer.folder.samples import draw


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw(tmp_path / "photos", "a.png", "b.png")
    return tmp_path / "photos"


def test_a_folder_becomes_a_table_and_a_bad_photo_is_status_1(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "results"
    assert main(["folder", str(photos), "--out", str(out), "--workers", "1"]) == 0
    assert capsys.readouterr().out == f"2 photos analysed, 0 faces found. Results: {out}\n"
    (photos / "c.jpg").write_bytes(b"no image")
    again = ["folder", str(photos), "--out", str(out), "--workers", "1", "--resume"]
    assert main(again) == 1
    assert capsys.readouterr().out == (
        "1 photo analysed, 0 faces found; 1 could not be read or analysed (column `error`); "
        f"2 unchanged since they were analysed before. Results: {out}\n"
    )
    assert pq.read_table(out).num_rows == 3


def test_a_folder_without_photographs_is_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["folder", str(tmp_path / "empty"), "--out", str(tmp_path / "results")]) == 1
    assert f"no photograph in {tmp_path / 'empty'}" in capsys.readouterr().err


TEXTS = {
    "listing": (Tally(listed=12_000), 0, "12,000 photos found …"),
    "nothing to do": (Tally(todo=0), 0, "0 of 0 photos"),
    "not begun": (Tally(todo=1), 3, "0 of 1 photo"),
    "seconds": (Tally(todo=30, done=10), 5, "10 of 30 photos, 2.0 a second, 10 s left"),
    "minutes": (Tally(todo=700, done=100), 10, "100 of 700 photos, 10.0 a second, 1 min left"),
    "hours": (
        Tally(todo=100_000, done=1_000, errors=1),
        100,
        "1,000 of 100,000 photos, 10.0 a second, 2 h 45 min left, 1 error",
    ),
    "days": (
        Tally(todo=1_001_000, done=1_000, errors=2_000),
        250,
        "1,000 of 1,001,000 photos, 4.0 a second, 2 d 21 h left, 2,000 errors",
    ),
}


@pytest.mark.parametrize(("tally", "seconds", "text"), TEXTS.values(), ids=TEXTS)
def test_progress_says_how_fast_how_long_and_what_went_wrong(
    tally: Tally, seconds: float, text: str
) -> None:
    assert progress_text(tally, seconds) == text


@pytest.mark.parametrize("stopped", [False, True])
def test_problems_are_told_and_after_ctrl_c_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, stopped: bool
) -> None:
    def collect(*_: object, on_problem: Callable[[str], None], **options: object) -> Tally:
        on_problem("sub cannot be read: Permission denied.")
        if stopped:
            raise KeyboardInterrupt
        return Tally(listed=1, todo=1, done=1)

    monkeypatch.setattr(folder, "collect", collect)
    status = main(["folder", str(tmp_path), "--out", str(tmp_path / "results")])
    printed = capsys.readouterr()
    assert status == (130 if stopped else 1)
    assert "sub cannot be read: Permission denied.\n" in printed.err
    assert ("--resume goes on with it" in printed.err) == stopped
    assert printed.out.startswith("" if stopped else "1 photo analysed")
