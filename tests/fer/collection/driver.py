"""A run without a model, in a process that a test can kill: ``driver PHOTOS RESULTS ENGINE``."""

import sys
from pathlib import Path

from fer.collection import collect
from tests.fer.collection.samples import load_fake

#: Photographs of a shard.
SHARD = 4


def main() -> None:
    photos, out, engine = sys.argv[1:]
    collect._load = lambda options: load_fake
    options = collect.CollectionOptions(workers=2, shard_photos=SHARD, resume=True, engine=engine)
    print(collect.collect([photos], Path(out), options).done)


if __name__ == "__main__":
    main()
