"""Photographs that are written one at a time."""

from itertools import islice
from pathlib import Path

from fer.images import read
from tools.pictures import SIZES, write_photos


def test_each_is_new_and_has_its_size_and_only_one_is_there_at_a_time(tmp_path: Path) -> None:
    seen = set()
    for number, file in enumerate(islice(write_photos(tmp_path), 5)):
        width, height = SIZES[number % len(SIZES)]
        assert read(file).shape == (height, width, 3)
        assert [*tmp_path.iterdir()] == [file]
        seen.add(file.read_bytes())
    assert len(seen) == 5
