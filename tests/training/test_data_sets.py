"""The commands about data sets: drawn faces, what a summary counts, and FER2013 from Kaggle."""

import dataclasses
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from tests.training.samples import Ran, random_faces, sizes, write_classes
from training.__main__ import main
from training.data.dataset import DataSet, LabelledFaces, Problem
from training.data.load import load
from training.data.summary import Contradiction, summarise
from training.demo_faces import demo_face, write_demo_data


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("angry", [95.8, 97.0, 112.0, 134.2, 150.5]),
        ("disgust", [96.2, 99.2, 110.8, 126.7, 151.1]),
        ("fear", [92.5, 101.4, 111.6, 133.7, 148.9]),
        ("happy", [94.0, 102.5, 111.4, 133.7, 152.1]),
        ("sad", [93.9, 100.5, 112.1, 130.4, 150.9]),
        ("surprise", [92.9, 102.0, 111.6, 126.9, 145.9]),
    ],
)
def test_a_face_is_drawn_as_ever(expression: str, rows: list[float]) -> None:
    """Brightness from the brows down to the chin; golden outputs rest on these faces."""
    face = demo_face(expression, np.random.default_rng(3))
    assert face.reshape(8, 6, 48).mean((1, 2))[2:7] == pytest.approx(rows, abs=0.3)


def test_the_command_writes_what_is_read_back_without_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo-data", "--out", str(tmp_path / "a b"), "--per-class", "5"]) == 0
    assert "35 train, 7 validation, 7 test faces" in capsys.readouterr().out
    data = load(tmp_path / "a b")
    assert (data.problems, sizes(data)) == ((), {"train": 35, "validation": 7, "test": 7})
    train = data.split("train")
    assert (train.images.shape, train.class_names) == ((35, 48, 48, 1), FER2013_LABELS)
    assert len(set(data.all_faces().digests())) == 49


def test_a_smaller_set_holds_the_same_faces(tmp_path: Path) -> None:
    write_demo_data(tmp_path / "large", per_class=6, seed=4)
    write_demo_data(tmp_path / "small", per_class=2, seed=4, classes=["sadness", "happy"])
    write_demo_data(tmp_path / "other", per_class=2, seed=5, classes=["sadness", "happy"])
    small = sorted(p.relative_to(tmp_path / "small") for p in (tmp_path / "small").rglob("*.png"))
    assert len(small) == 8
    for file in small:
        content = (tmp_path / "small" / file).read_bytes()
        assert content == (tmp_path / "large" / file).read_bytes()
        assert content != (tmp_path / "other" / file).read_bytes()


def test_colours_arrive_as_drawn_and_negatives_are_the_other_way_round(tmp_path: Path) -> None:
    known = {"per_class": 8, "colour": True, "size": 64, "classes": ["sad", "happy"]}
    write_demo_data(tmp_path / "demo", **known)
    write_demo_data(tmp_path / "negative", **known, negative=True)
    train = load(tmp_path / "demo").split("train")
    centre = train.images[:, 24:40, 24:40].mean(axis=(0, 1, 2))
    assert centre[0] > centre[1] > centre[2]  # skin: most red, least blue
    assert (load(tmp_path / "negative").split("train").images == 255 - train.images).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_class": 0}, "at least 1 face per class"),
        ({"size": 15}, "16 pixels, got 200 and 15"),
        ({"classes": ["bored", "sad"]}, "no class bored here"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        write_demo_data(tmp_path / "demo", **options)
    (tmp_path / "mine.txt").write_text("precious")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(DataError, match="is not an empty folder"):
            write_demo_data(place, per_class=1)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


NAMES = ("happy", "sad")


def faces(*contents: int, labels: list[int], votes: np.ndarray | None = None) -> LabelledFaces:
    """Images by number: equal numbers are equal images; a negative one is blank."""
    pool = random_faces(10)
    images = np.array([pool[c] if c >= 0 else np.full_like(pool[0], -c) for c in contents])
    return LabelledFaces(images.reshape(-1, 16, 16, 1), np.array(labels, int), NAMES, votes)


def dataset(*problems: Problem, **splits: LabelledFaces) -> DataSet:
    return DataSet("faces", "ab" * 32, splits, problems)


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
    assert summary.text().startswith("faces: 16 × 16 pixels, grey, SHA-256 abababababab\n")
    assert summary.text().endswith("\nproblems: none")
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


@pytest.mark.parametrize(
    "error", [None, OSError("no route to host"), RuntimeError("403 Forbidden"), ImportError]
)
def test_fer2013_is_fetched_or_it_is_said_how(
    error: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ran: Ran
) -> None:
    """With a stand-in for kagglehub: no network."""

    def fetch(handle: str) -> str:
        assert handle == "msambare/fer2013"
        if error:
            raise error
        return str(tmp_path)

    package = None if error is ImportError else SimpleNamespace(dataset_download=fetch)
    monkeypatch.setitem(sys.modules, "kagglehub", package)
    out, err = ran("download", status=1 if error else 0)
    if not error:
        assert f'python -m training data --data "{tmp_path}"' in out
        return
    assert "By hand: sign in at https://www.kaggle.com/datasets/msambare/fer2013" in err
    if error is ImportError:
        assert "pip install kagglehub" in err
    else:
        assert f"{type(error).__name__}: {error}" in err
        assert "kaggle.json" in err
