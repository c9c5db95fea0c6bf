"""Which tables are read; and real faces in every layout that the exporter writes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.samples import pixels, random_faces, write_csv
from training.data.dataset import LabelledFaces
from training.data.load import load, unlabelled

#: Faces of each split: enough to hold all classes and FER+ rows without votes.
TRAIN, VALIDATION = 700, 150


@pytest.fixture(scope="module")
def sample(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the exporter and a part of FER2013 as it expects them."""
    root = tmp_path_factory.mktemp("sample")
    with np.load(shared / "data" / "fer2013.npz") as archive:
        fields = {name: archive[name] for name in archive.files}
    held_out = np.flatnonzero(fields["usage"] == "PublicTest")[:VALIDATION]
    rows = np.concatenate([np.arange(TRAIN), held_out])
    fields = {name: values[rows] for name, values in fields.items()}
    fields["row"] = np.arange(len(rows), dtype=np.int32)
    (root / "data").mkdir()
    np.savez(root / "data" / "fer2013.npz", **fields)
    (root / "tools").mkdir()
    shutil.copyfile(shared / "tools" / "export_fer2013.py", root / "tools" / "export.py")
    return root


def export(sample: Path, layout: str, out: Path) -> None:
    command = [sys.executable, str(sample / "tools" / "export.py"), layout, str(out)]
    subprocess.run(command, check=True)


def in_row_order(faces: LabelledFaces) -> LabelledFaces:
    """Sort by the number in each place: a file's name, or a line of a table."""
    assert faces.origins is not None
    numbers = [int(re.findall(r"\d+", place)[-1]) for place in faces.origins]
    return faces.take(np.argsort(numbers))


@pytest.mark.parametrize("votes", [False, True])
@pytest.mark.parametrize("layout", ["csv", "folder"])
def test_a_layout_with_both_splits_holds_the_same_faces(
    sample: Path, tmp_path: Path, layout: str, votes: bool
) -> None:
    expected = load(sample / "data" / "fer2013.npz")
    export(sample, layout, tmp_path)
    if votes:
        export(sample, "ferplus", tmp_path)
    dataset = load(tmp_path)
    assert dataset.problems == ()
    assert list(dataset.splits) == list(expected.splits) == ["train", "validation"]
    for name, faces in dataset.splits.items():
        whole, found = expected.split(name), in_row_order(faces)
        np.testing.assert_array_equal(found.images, whole.images)
        np.testing.assert_array_equal(found.labels, whole.labels)
        assert found.class_names == whole.class_names
        if votes:
            np.testing.assert_array_equal(found.votes, whole.votes)
        else:
            assert found.votes is None


def test_train_and_test_tables_hold_the_same_faces(sample: Path, tmp_path: Path) -> None:
    expected = load(sample / "data" / "fer2013.npz")
    export(sample, "split-csv", tmp_path)
    export(sample, "ferplus", tmp_path)
    dataset = load(tmp_path)
    parts = [dataset.split(name) for name in ("train", "validation")]
    found = in_row_order(
        LabelledFaces(
            np.concatenate([part.images for part in parts]),
            np.concatenate([part.labels for part in parts]),
            parts[0].class_names,
            np.concatenate([part.votes for part in parts if part.votes is not None]),
            np.concatenate([part.origins for part in parts if part.origins is not None]),
        )
    )
    train = expected.split("train")
    np.testing.assert_array_equal(found.images, train.images)
    np.testing.assert_array_equal(found.labels, train.labels)
    np.testing.assert_array_equal(found.votes, train.votes)
    test = unlabelled(tmp_path / "test.csv")
    np.testing.assert_array_equal(test.images, expected.split("validation").images)


@pytest.mark.parametrize(
    ("tables", "read"),
    [
        (["mine.csv"], {"mine.csv"}),
        (["mine.csv", "copy.csv"], {"copy.csv"}),
        (["copy.csv", "val.csv", "train.csv"], {"train.csv", "val.csv"}),
        (["copy.csv", "train.csv", "whole.csv"], {"whole.csv"}),
    ],
    ids=["a lone one", "the first by name", "those named after splits", "the one with all splits"],
)
def test_of_several_tables_those_that_belong_together_are_read(
    tmp_path: Path, tables: list[str], read: set[str]
) -> None:
    rows = [(i % 7, pixels(face), "Training") for i, face in enumerate(random_faces(14))]
    for name in tables:
        columns = 3 if name == "whole.csv" else 2
        header = ["emotion", "pixels", "Usage"][:columns]
        write_csv(tmp_path / name, header, [row[:columns] for row in rows])
    splits = load(tmp_path).splits.values()
    places = [place for faces in splits if faces.origins is not None for place in faces.origins]
    assert {place.split(",")[0] for place in places} == read
    assert len(places) == 14 * len(read)
