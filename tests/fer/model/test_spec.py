from pathlib import Path

import pytest
from pydantic import ValidationError

from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model import spec as module
from fer.model.spec import Abstention, ModelSpec, shipped_model
from fer.records import file_sha256
from tests.samples import SHIPPED_MODEL


@pytest.mark.parametrize(
    ("thresholds", "confidence", "uncertain"),
    [
        (None, 1.0, True),
        ((0.0, 0.0), 0.0, False),
        ((0.5, 0.9), 0.5, False),
        ((0.5, 0.9), 0.4, True),
    ],
)
def test_a_head_that_was_not_measured_is_always_uncertain(
    spec: ModelSpec, thresholds: tuple[float, float] | None, confidence: float, uncertain: bool
) -> None:
    abstention = None
    if thresholds:
        abstention = Abstention(threshold=thresholds[0], degraded_threshold=thresholds[1])
    head = spec.heads[0].model_copy(update={"abstention": abstention})
    assert [confidence < limit for limit in head.thresholds[0]] == [uncertain] * len(head.labels)
    assert head.can_answer is (abstention is not None)


def test_an_expression_has_a_floor_of_its_own(spec: ModelSpec) -> None:
    says = Abstention(threshold=0.5, degraded_threshold=0.6, floors={"sad": (0.7, 0.55)})
    head = spec.heads[0].model_copy(update={"abstention": says})
    assert head.labels == ("happy", "sad", "neutral")
    assert head.thresholds == ((0.5, 0.7, 0.5), (0.6, 0.6, 0.6))
    assert Abstention.model_validate_json(says.model_dump_json()) == says
    assert "floors" not in Abstention(threshold=0.5, degraded_threshold=0.6).model_dump()


def test_a_head_that_is_never_sure_enough_gives_no_answers(spec: ModelSpec) -> None:
    never = Abstention(threshold=1, degraded_threshold=1)
    assert not spec.heads[0].model_copy(update={"abstention": never}).can_answer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"output": ""}, "needs either an output or heads to blend"),
        ({"blend": {"expression": 0.5}}, "needs either an output or heads to blend"),
        ({"output": "", "blend": {"votes": 0.5}}, "blends votes, not here"),
        ({"output": "", "blend": {"expression": 0.5}, "labels": ("awe",)}, "labels that a head"),
    ],
)
def test_a_blend_of_what_is_not_there_is_refused(
    spec: ModelSpec, change: dict, message: str
) -> None:
    usual = spec.heads[0].model_dump()
    other = usual | {"name": "other"} | change
    with pytest.raises(ValidationError, match=message):
        ModelSpec.model_validate(spec.model_dump() | {"heads": (usual, other)})


def test_the_first_head_that_can_answer_is_the_usual_one(spec: ModelSpec) -> None:
    unmeasured = spec.heads[0].model_copy(update={"name": "other", "abstention": None})
    more = spec.model_copy(update={"heads": (unmeasured, *spec.heads)})
    assert more.head() == more.head(more.default_head) == spec.heads[0]
    none = spec.model_copy(update={"heads": (unmeasured,)})
    assert none.default_head == EXPRESSION_HEAD


def test_the_shipped_model_is_the_one_its_report_measured() -> None:
    spec, report = ModelSpec.load(SHIPPED_MODEL), Report.load(SHIPPED_MODEL)
    for name, file in report.files.items():
        assert file.sha256 == file_sha256(SHIPPED_MODEL / name)
        assert file.bytes == (SHIPPED_MODEL / name).stat().st_size
    assert report.describes(spec)
    assert spec.labels == tuple(c.label for c in report.evaluations["validation"].classes)


def test_the_shipped_model_is_good_enough_to_ship() -> None:
    report = Report.load(SHIPPED_MODEL)
    assert report.evaluations["validation"].accuracy >= 0.68
    assert len(report.history) == report.configuration["epochs"]


def test_an_installed_package_runs_its_own_model_and_a_checkout_that_of_trainings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipped_model() == SHIPPED_MODEL
    monkeypatch.setattr(module, "__file__", str(tmp_path / "fer" / "model" / "spec.py"))
    assert shipped_model() == tmp_path / "models" / "compact"
    own = tmp_path / "fer" / "_models" / "compact"
    own.mkdir(parents=True)
    assert shipped_model() == own
