"""What is kept of measurements on other data, and of which weights it is."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from fer.errors import ModelError
from fer.evaluation.metrics import evaluate_labelled
from fer.evaluation.other_data import (
    Group,
    OtherData,
    OtherDataFile,
    PhotoSearch,
    StatedClass,
    StatedFigures,
)
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec


def measured(spec: ModelSpec, *truth: str) -> OtherData:
    shares = np.tile(np.array([0.5, 0.2, 0.3], np.float32), (len(truth), 1))
    return stated(spec, figures=evaluate_labelled(truth, shares, spec.head(EXPRESSION_HEAD)))


def stated(spec: ModelSpec, **changes: object) -> OtherData:
    fields = {
        "kind": "other", "model": spec.name, "sha256": spec.sha256, "head": EXPRESSION_HEAD,
        "data": "set", "how": "crops", "measured_by": "me", "created": "2026-11-22",
        "figures": StatedFigures(count=100, accuracy=0.8),
    }  # fmt: skip
    return OtherData.model_validate(fields | changes)


def test_what_is_kept_is_read_again_complete_or_partial(tmp_path: Path, spec: ModelSpec) -> None:
    assert OtherDataFile.load_if_there(tmp_path).of(spec) == ()
    search = PhotoSearch(images=5, found=4, right=2)
    assert (search.accuracy, search.restricted_accuracy) == (0.4, None)
    asked = search.model_copy(update={"right": None, "right_restricted": 3})
    assert (asked.accuracy, asked.restricted_accuracy) == (None, 0.6)
    said = StatedFigures(count=4, classes=(StatedClass(label="happy", recall=0.5),))
    photos = stated(spec, how="photos", figures=said, search=search)
    records = (measured(spec, "happy", "sad"), photos)
    OtherDataFile(records=records).save(tmp_path)
    assert OtherDataFile.load_if_there(tmp_path).records == records
    (tmp_path / OtherDataFile.filename).write_text("{}")
    with pytest.raises(ModelError, match="records"):
        OtherDataFile.load_if_there(tmp_path)


def test_records_of_other_weights_are_refused_and_kept(spec: ModelSpec) -> None:
    own, foreign = stated(spec), stated(spec, sha256="f" * 64)
    blended = stated(spec, blend={"expression": 0.7, "ferplus": 0.3})
    file = OtherDataFile(records=(own, foreign, blended, stated(spec, head="gone")))
    assert file.of(spec) == (own,)
    assert foreign in file.with_record(stated(spec)).records


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, 1),
        ({"created": "2026-11-24", "note": "again", "measured_by": "you"}, 1),
        *(({name: other}, 2) for name, other in (
            ("data", "another"), ("split", "test"), ("how", "photos"), ("head", "ferplus"),
            ("truth", "majority"), ("sha256", "f" * 64),
        )),
    ],
)  # fmt: skip
def test_a_new_record_takes_the_place_of_the_same_measurement(
    change: dict, kept: int, spec: ModelSpec
) -> None:
    new = stated(spec, **change)
    records = OtherDataFile(records=()).with_record(stated(spec)).with_record(new).records
    assert len(records) == kept
    assert records[-1] == new


def test_groups_told_apart_by_something_else_stay(spec: ModelSpec) -> None:
    sex, old, new = (
        Group(by=by, name="a", count=10, right=right)
        for by, right in (("sex", 5), ("age", 6), ("age", 7))
    )
    file = OtherDataFile(records=(stated(spec, groups=(sex, old)),))
    [record] = file.with_record(stated(spec, groups=(new,))).records
    assert record.groups == (sex, new)


def test_figures_say_only_what_was_said_and_are_told_apart_where_they_differ(
    spec: ModelSpec,
) -> None:
    nothing = stated(spec, figures=StatedFigures(count=3))
    assert (nothing.count, nothing.accuracy, nothing.macro_f1) == (3, None, None)
    some = StatedFigures(count=3, accuracy=0.5, classes_asked=("happy", "sad"))
    asked = stated(spec, figures=some)
    assert (asked.accuracy, asked.restricted_accuracy) == (None, 0.5)
    with pytest.raises(ValidationError):
        StatedFigures(count=3, accuracy=50)
    part = measured(spec, "happy", "sad")
    assert (part.count, part.accuracy, part.restricted_accuracy) == (2, 0.5, 0.5)
    assert part.macro_f1 == part.figures.as_answered.macro_f1
    for truth in (("happy", "sad", "neutral"), ("happy",)):
        assert measured(spec, *truth).restricted_accuracy is None
