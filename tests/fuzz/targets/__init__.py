"""All targets."""

from tests.fuzz.runner import Target
from tests.fuzz.targets.archives import ARCHIVES
from tests.fuzz.targets.browsers import BROWSERS
from tests.fuzz.targets.data_sets import DATA_SETS
from tests.fuzz.targets.model_directories import MODEL_DIRECTORIES
from tests.fuzz.targets.pictures import PICTURES
from tests.fuzz.targets.recordings import RECORDINGS

TARGETS: list[Target] = [PICTURES, RECORDINGS, ARCHIVES, DATA_SETS, MODEL_DIRECTORIES, BROWSERS]
