"""What a data set's summary counts, as a record and as text."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.samples import random_faces, write_classes
from training.__main__ import main
from training.data.dataset import DataSet, LabelledFaces, Problem
from training.data.summary import Contradiction, summarise

NAMES = ("happy", "sad")


def faces(*contents: int, labels: list[int], votes: np.ndarray | None = None) -> LabelledFaces:
    """Images by number: equal numbers are equal images; a negative one is blank."""
    pool = random_faces(10)
    images = np.array([pool[c] if c >= 0 else np.full_like(pool[0], -c) for c in contents])
    return LabelledFaces(images.reshape(-1, 16, 16, 1), np.array(labels, int), NAMES, votes)


def dataset(*problems: Problem, **splits: LabelledFaces) -> DataSet:
    return DataSet("faces", "ab" * 32, splits, problems)


def test_a_clean_data_set() -> None:
    summary = summarise(dataset(train=faces(0, 1, labels=[0, 1]), test=faces(2, labels=[1])))
    assert summary.counts == {"train": {"happy": 1, "sad": 1}, "test": {"happy": 0, "sad": 1}}
    assert (summary.size, summary.channels) == (16, 1)
    assert summary.blank == summary.with_votes == {"train": 0, "test": 0}
    assert summary.duplicates_within == {"train": 0, "test": 0}
    assert summary.duplicates_across == {"train, test": 0}
    assert summary.contradictions == ()
    lines = summary.text().splitlines()
    assert lines[0] == "faces: 16 × 16 pixels, grey, SHA-256 abababababab"
    assert lines[-4:-2] == ["repeats within a split: none", "of the second also in the first: none"]
    assert lines[-1] == "problems: none"


def test_repeats_blanks_and_contradictions() -> None:
    votes = np.zeros((6, 10), np.uint8)
    votes[:4, 0] = 1
    summary = summarise(
        dataset(
            train=faces(0, 0, 0, 1, 2, -9, labels=[0, 0, 1, 1, 1, 0], votes=votes),
            validation=faces(3, 3, labels=[0, 0]),
            test=faces(1, 2, 3, labels=[0, 1, 0]),
        )
    )
    assert summary.with_votes == {"train": 4, "validation": 0, "test": 0}
    assert summary.blank == {"train": 1, "validation": 0, "test": 0}
    assert summary.duplicates_within == {"train": 2, "validation": 1, "test": 0}
    assert summary.duplicates_across == {
        "train, validation": 0,
        "train, test": 2,
        "validation, test": 1,
    }
    assert summary.contradictions == (
        Contradiction(("train/0", "train/1", "train/2"), ("happy", "happy", "sad")),
        Contradiction(("train/3", "test/0"), ("sad", "happy")),
    )
    assert "3 copies: happy train/0; sad train/2" in summary.text()
    assert "with FER+ votes: train 4\nblank images: train 1\n" in summary.text()


def test_the_text_is_cut_where_the_record_is_not() -> None:
    problems = [Problem(f"file {i}", "is bad") for i in range(25)]
    summary = summarise(dataset(*problems, train=faces(0, labels=[0])))
    assert "problems: 25\n  file 0: is bad\n" in summary.text()
    assert "file 10" not in summary.text()
    assert summary.text().endswith("  and 15 more (--json shows all)")
    record = json.loads(json.dumps(dataclasses.asdict(summary)))
    assert record["problems"][24] == {"place": "file 24", "message": "is bad"}


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    write_classes(tmp_path / "train", 4)
    write_classes(tmp_path / "val", 1, seed=1)
    chosen = ["--data", str(tmp_path), "--classes", "sad", "joy", "--size", "20", "--channels", "3"]
    assert main(["data", *chosen, *(["--json"] if as_json else [])]) == 0
    printed = capsys.readouterr().out
    if as_json:
        record = json.loads(printed)
        assert record["counts"]["train"] == {"happy": 4, "sad": 4}
        assert (record["size"], record["channels"]) == (20, 3)
    else:
        assert "20 × 20 pixels, RGB" in printed
        rows = [line.split() for line in printed.splitlines()]
        assert ["class", "train", "validation"] in rows
        assert ["total", "8", "2"] in rows
        assert printed.endswith(f'train --preset small --data "{tmp_path}" --out models/mine\n')
