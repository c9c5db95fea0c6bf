"""What the page "Your data" writes, read as a data set."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fer.errors import DataError
from fer.labelled.table import LabelledFace, LabelRow, write_archive
from tests.training.samples import random_faces
from training.data.dataset import LabelledFaces
from training.data.load import by_group, load


def png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(random_faces(1, seed)[0]).save(out, "PNG")
    return out.getvalue()


def write(path: Path, faces: list[tuple[str, str]]) -> Path:
    """Write a ZIP with faces, given as expression and photograph."""
    numbers: dict[str, int] = {}
    labelled = []
    for seed, (expression, photo) in enumerate(faces):
        numbers[photo] = numbers.get(photo, 0) + 1
        row = LabelRow(photo, expression)
        labelled.append(LabelledFace(row, numbers[photo], lambda seed=seed: png(seed)))
    with path.open("wb") as file:
        write_archive(file, labelled, {photo: lambda: png(0) for _, photo in faces})
    return path


def _origins(faces: LabelledFaces) -> list[str]:
    assert faces.origins is not None
    return list(faces.origins)


def test_faces_of_one_photograph_are_in_one_split(tmp_path: Path) -> None:
    faces = [(e, f"party {n}.jpg") for n in range(10) for e in ("happy", "sad", "happy")]
    data = load(write(tmp_path / "data.zip", faces))
    photos = {
        name: {origin.split("/")[1].split("-face")[0] for origin in _origins(split)}
        for name, split in data.splits.items()
    }
    assert set(photos) == {"train", "validation", "test"}
    assert sum(map(len, photos.values())) == 10
    assert len(photos["test"]) >= 2
    assert all(f.counts()["happy"] == 2 * f.counts()["sad"] for f in data.splits.values())


def test_the_originals_are_no_class(tmp_path: Path) -> None:
    data = load(write(tmp_path / "data.zip", [("happy", "a.jpg"), ("sad", "b.jpg")] * 5))
    assert data.split("train").class_names == ("happy", "sad")


def test_one_expression_is_not_enough_and_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least two classes to tell apart, got happy"):
        load(write(tmp_path / "data.zip", [("happy", f"{n}.jpg") for n in range(5)]))


def test_without_a_table_that_can_be_read_photographs_are_not_known(tmp_path: Path) -> None:
    for name in ("happy", "sad"):
        for n in range(6):
            file = tmp_path / "crops" / name / f"{n}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(n))
    (tmp_path / "labels.csv").write_text("some,other,table\n1,2,3\n")
    data = load(tmp_path)
    assert any("not known which faces are from one photograph" in str(p) for p in data.problems)
    assert set(data.splits) == {"train", "validation", "test"}


@given(
    faces=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=60),
    seed=st.integers(0, 99),
)
@settings(max_examples=60)
def test_a_draw_by_photo(faces: list[tuple[int, int]], seed: int) -> None:
    labels = np.array([label for label, _ in faces], np.int64)
    photos = np.array([f"{photo}.jpg" for _, photo in faces], np.str_)
    chosen = by_group(labels, photos, seed, 0.1, least=4)
    assert chosen.shape == labels.shape
    for photo in set(photos.tolist()):
        assert len(set(chosen[photos == photo].tolist())) == 1
    for label in set(labels.tolist()):
        assert not chosen[labels == label].all()
