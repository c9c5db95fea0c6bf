"""Photographs that are written one at a time."""

from itertools import islice
from pathlib import Path

from benchmarks.hosting.photos import SIZES, write_photos
from fer.images import read


def test_each_is_new_and_has_its_size_and_only_one_is_there_at_a_time(tmp_path: Path) -> None:
    seen = set()
    for number, file in enumerate(islice(write_photos(tmp_path), 5)):
        width, height = SIZES[number % len(SIZES)]
        assert read(file).shape == (height, width, 3)
        assert [*tmp_path.iterdir()] == [file]
        seen.add(file.read_bytes())
    assert len(seen) == 5
