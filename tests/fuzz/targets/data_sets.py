"""Data sets of faces in every layout that trainings read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from tests.fuzz.mutations import Files, Rng, changed, changed_files, changed_zip, one, zipped
from tests.fuzz.mutations import write_files as write
from tests.fuzz.runner import Target, refused
from tests.training.samples import VOTE_COLUMNS, pixels, random_faces, save_image
from training.data.load import clean, load, unlabelled

_FACES = random_faces(6)
_USAGE = ("Training", "Training", "PublicTest", "PrivateTest", "Training", "PublicTest")


def seeds(folder: Path) -> list[Files]:
    """Return small data sets, as the files that they have."""
    rows = [f"{i % 7},{pixels(face)},{_USAGE[i]}" for i, face in enumerate(_FACES)]
    whole = "\n".join(["emotion,pixels,Usage", *rows]).encode()
    names = [f"Training,fer{i:07d}.png,{','.join('9' * 10)}" for i in range(6)]
    votes = "\n".join([",".join(["Usage", "Image name", *VOTE_COLUMNS]), *names]).encode()
    pngs = [save_image(folder / f"{i}.png", face).read_bytes() for i, face in enumerate(_FACES)]
    folders = {
        f"{split}/{label}/Training_{i}.png": pngs[i]
        for split in ("train", "test")
        for i, label in enumerate(FER2013_LABELS[:4])
    }
    table = b"photo,expression,file\na.jpg,happy,crops/happy/a.png\n"
    arrays = io.BytesIO()
    numbers = {"label": np.arange(6), "votes": np.full((6, 10), 3, np.uint8)}
    np.savez(arrays, image=_FACES, usage=np.array(_USAGE), **numbers)
    return [
        {"fer2013.csv": whole},
        {"fer2013.csv": whole, "fer2013new.csv": votes},
        {"train.csv": whole, "test.csv": b"pixels\n" + pixels(_FACES[0]).encode()},
        {**folders, "fer2013new.csv": votes},
        {"deep/in/here/fer2013.npz": arrays.getvalue()},
        {"labels.csv": table, **{f"crops/{n}/a.png": pngs[0] for n in ("happy", "sad")}},
    ]


def change(rng: Rng, sets: list[Files]) -> Files:
    """Change the files of a data set; some become a ZIP."""
    files = changed_files(rng, one(rng, sets))
    if rng.random() < 0.7:
        return files
    data = zipped(files, one(rng, (0, 8)))
    return {"set.zip": one(rng, (data, changed_zip(rng, data), changed(rng, data)))}


def run(files: Files, folder: Path) -> None:
    root = folder / "data"
    write(root, files)
    if not root.exists():
        return
    for path, size in [(root, None), (root, 48), *((path, None) for path in root.iterdir())]:
        with refused(DataError):
            _check(load(path, size=size))
        with refused(DataError):
            assert len(unlabelled(path, size=size).images)


def _check(data_set: Any) -> None:
    splits = [*data_set.splits.values()]
    for faces in splits:
        assert (faces.images.dtype, faces.images.ndim) == (np.uint8, 4)
        assert len(faces.labels) == len(faces.images) > 0
        assert 0 <= faces.labels.min() <= faces.labels.max() < len(faces.class_names)
    clean(splits[0], *splits[1:])


DATA_SETS = Target("data_sets", seeds, change, run, memory=1024 * 2**20)
