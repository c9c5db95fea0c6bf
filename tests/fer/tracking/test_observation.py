from dataclasses import replace

import numpy as np
import pytest

from fer.model.spec import ModelSpec
from fer.tracking.observation import Observation
from fer.types import Detections
from tests.fer.samples import Eye
from tests.fer.tracking.test_following import Levels
from tests.samples import fake_detector, make_detections

PAIR = make_detections((40, 40, 100, 100), (200, 40, 260, 100))


def seen(spec: ModelSpec, found: Detections) -> Observation:
    return Eye(fake_detector(found), Levels(), spec)(np.zeros((140, 300, 3), np.uint8))


@pytest.mark.parametrize("found", [Detections.empty(), PAIR], ids=["nobody", "two"])
def test_it_has_as_many_faces_as_were_found(spec: ModelSpec, found: Detections) -> None:
    made = seen(spec, found)
    assert (len(made), made.size) == (len(found), (300, 140))


@pytest.mark.parametrize("what", ["looks", "flaws", "evidence", "expression"])
def test_arrays_of_other_faces_are_refused(spec: ModelSpec, what: str) -> None:
    made = seen(spec, PAIR)
    short = {
        "looks": {"looks": made.looks.take([0])},
        "flaws": {"flaws": made.flaws[:1]},
        "evidence": {"evidence": made.evidence[:1]},
        "expression": {"logits": {"expression": made.logits["expression"][:1]}},
    }
    with pytest.raises(ValueError, match=f"{what}: expected 2 faces, got 1"):
        replace(made, **short[what])


def test_flaws_have_a_column_each(spec: ModelSpec) -> None:
    made = seen(spec, PAIR)
    with pytest.raises(ValueError, match="flaws: expected shape"):
        replace(made, flaws=made.flaws[:, :3])
