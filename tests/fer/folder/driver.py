"""A run without a model that a test can kill: ``driver PHOTOS RESULTS ENGINE LOAD``."""

import sys
from pathlib import Path

from fer.folder import collect
from tests.fer.folder import samples

#: Photographs of a shard.
SHARD = 4


def main() -> None:
    photos, out, engine, load = sys.argv[1:]
    collect._load = lambda options: getattr(samples, load)
    options = collect.CollectionOptions(workers=2, shard_photos=SHARD, resume=True, engine=engine)
    print(collect.collect([photos], Path(out), options).done)


if __name__ == "__main__":
    main()
