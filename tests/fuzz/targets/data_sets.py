"""Data sets of faces in every layout that trainings read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from fer.errors import DataError
from fer.labels import FER2013_LABELS
from tests.fuzz.mutations import NASTY_NUMBERS, NASTY_TEXTS, Rng, changed, one, some_bytes
from tests.fuzz.target import Target, assert_says
from tests.fuzz.targets.archives import hostile, made, table, with_numbers
from tests.training.samples import SIDE, VOTE_COLUMNS, pixels, random_faces, save_image
from training.data.load import clean, load, unlabelled

_FACES = random_faces(6)
_USAGE = ("Training", "Training", "PublicTest", "PrivateTest", "Training", "PublicTest")

#: A path in a data set, and what stands there.
Files = dict[str, bytes]


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
    return [
        {"fer2013.csv": whole},
        {"fer2013.csv": whole, "fer2013new.csv": votes},
        {"train.csv": whole, "test.csv": b"pixels\n" + pixels(_FACES[0]).encode()},
        folders,
        {**folders, "fer2013new.csv": votes},
        {"deep/in/here/fer2013.npz": arrays({})},
        {
            "labels.csv": b"photo,expression,file\na.jpg,happy,crops/happy/a.png\n",
            **{f"crops/{label}/a.png": pngs[0] for label in ("happy", "sad")},
        },
    ]


def arrays(other: dict[str, Any]) -> bytes:
    """Return an archive of arrays, some of which are others."""
    fields = {
        "image": _FACES,
        "label": np.arange(len(_FACES)),
        "usage": np.array(_USAGE),
        "votes": np.full((len(_FACES), 10), 3, np.uint8),
    }
    out = io.BytesIO()
    np.savez(out, **{k: v for k, v in (fields | other).items() if v is not None})
    return out.getvalue()


def change(rng: Rng, sets: list[Files]) -> Files:
    """Change the files of a data set, their names, or both; some become a ZIP."""
    files = dict(one(rng, sets))
    for _ in range(1 + int(rng.integers(3))):
        name = one(rng, [*files])
        data = files[name]
        match int(rng.integers(6)):
            case 0 if name.endswith(".csv"):
                files[name] = _with_cells(rng, data)
            case 1 if name.endswith(".npz"):
                files[name] = arrays(
                    {one(rng, ("image", "label", "usage", "votes", "row", "x")): _array(rng)}
                )
            case 2:
                files[_name(rng, name)] = files.pop(name)
            case 3:
                files[_name(rng, name)] = one(rng, (data, some_bytes(rng), table(rng)))
            case _:
                files[name] = changed(rng, data, [*files.values()])
    return files if rng.random() < 0.7 else {"set.zip": _zipped(rng, files)}


def _zipped(rng: Rng, files: Files) -> bytes:
    data = made([*files.items()], one(rng, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return one(rng, (data, with_numbers(rng, data), changed(rng, data), hostile(rng)))


def _name(rng: Rng, name: str) -> str:
    """Return a path that a file system can have."""
    parts = [*name.split("/")]
    nasty = one(rng, (*NASTY_TEXTS, "train", "happy", "fer2013.csv", "x.npz", "a.zip"))
    parts[int(rng.integers(len(parts)))] = nasty[:100].replace("\0", "").replace("/", "_")
    suffix = one(rng, ("", "", ".png", ".csv", ".npz"))
    safe = [part for part in parts if part not in ("", ".", "..")] or ["x"]
    return ("/".join(safe) + suffix).encode("utf-8", "replace").decode()


def _with_cells(rng: Rng, data: bytes) -> bytes:
    lines = [line.split(",") for line in data.decode(errors="replace").split("\n")]
    for _ in range(1 + int(rng.integers(4))):
        line = one(rng, lines)
        numbers = [str(number) for number in NASTY_NUMBERS]
        line[int(rng.integers(len(line)))] = one(
            rng, (*NASTY_TEXTS, *numbers, "fer99999999999.png")
        )
    return "\n".join(map(",".join, lines)).encode("utf-8", "surrogatepass")


def _array(rng: Rng) -> Any:
    kind = one(rng, ("u1", "i8", "f8", "f4", "?", "U9", "S3", "c16", "O", "M8[s]", "V3", "u8"))
    sizes = (0, 1, len(_FACES), SIDE, 3)
    shape = tuple(one(rng, sizes) for _ in range(int(rng.integers(5))))
    if kind in ("U9", "S3"):
        return np.full(shape, one(rng, ("Training", "x", "")), kind)
    return one(rng, (None, np.zeros(shape, kind), np.full(shape, 1, "u1"), np.full(shape, -1)))


def run(files: Files, folder: Path) -> None:
    root = folder / "data"
    for name, data in files.items():
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError:  # a file where a folder should be; the file system has its own limits
            continue
    if not root.exists():
        return
    ways = [(root, None), (root, 48)] + [(path, None) for path in root.iterdir()]
    for path, size in ways:
        try:
            data_set = load(path, size=size)
        except DataError as error:
            assert_says(error)
        else:
            _check(data_set)
        try:
            assert len(unlabelled(path, size=size).images)
        except DataError as error:
            assert_says(error)


def _check(data_set: Any) -> None:
    for faces in data_set.splits.values():
        assert faces.images.dtype == np.uint8
        assert faces.images.ndim == 4
        assert len(faces.labels) == len(faces.images) > 0
        assert faces.labels.min() >= 0
        assert faces.labels.max() < len(faces.class_names)
    splits = [*data_set.splits.values()]
    clean(splits[0], *splits[1:])


DATA_SETS = Target("data_sets", seeds, change, run, memory=1024 * 2**20)
