from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model import spec as module
from fer.model.classifier import ExpressionClassifier, blended, calibrated, head_logits, softmax
from fer.model.spec import Abstention, Head, ModelSpec, shipped_model
from fer.records import file_sha256
from tests.samples import SHIPPED_MODEL, fake_spec


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


FIRST = Head(name="first", output="a", labels=("happy", "sad"), meaning="", temperature=2.0)
SECOND = Head(name="second", output="b", labels=("sad", "awe", "happy"), meaning="")

LOGITS = st.floats(-8, 8, width=32)


def model(weight: float) -> ModelSpec:
    both = Head(
        name="both",
        labels=("happy", "sad"),
        meaning="",
        blend={"first": weight, "second": 1 - weight},
    )
    return fake_spec(both, FIRST, SECOND)


@given(arrays(np.float32, (3, 2), elements=LOGITS), arrays(np.float32, (3, 3), elements=LOGITS))
def test_a_blend_is_the_weighted_geometric_mean_of_probabilities(
    first: np.ndarray, second: np.ndarray
) -> None:
    spec = model(0.75)
    found = softmax(blended(spec, spec.heads[0], {"first": first, "second": second}))
    mean = softmax(first / 2) ** 0.75 * softmax(second)[:, [2, 0]] ** 0.25
    assert found == pytest.approx(mean / mean.sum(axis=1, keepdims=True), abs=1e-5)


@pytest.mark.parametrize("faces", [0, 1, 3])
def test_every_head_says_the_same_as_in_the_classifier(faces: int) -> None:
    classifier = ExpressionClassifier(SHIPPED_MODEL)
    spec, rng = classifier.spec, np.random.default_rng(0)
    shape = (faces, spec.input_size, spec.input_size, spec.channels)
    crops = rng.integers(0, 256, shape).astype(np.uint8)
    by_head = classifier.logits(crops)
    outputs = {head.output: by_head[head.name] for head in spec.network_heads}
    probabilities = classifier.all_heads(crops)
    assert any(head.blend for head in spec.heads)
    for head in spec.heads:
        said = calibrated(head, head_logits(spec, head, outputs))
        assert said == pytest.approx(probabilities[head.name])


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"ferplus": np.zeros((1, 3), np.float32)},
        {EXPRESSION_HEAD: np.zeros((1, 4), np.float32)},
        {EXPRESSION_HEAD: np.zeros(1, np.float32)},
    ],
)
def test_scores_of_another_network_are_refused(
    spec: ModelSpec, outputs: dict[str, np.ndarray]
) -> None:
    with pytest.raises(ModelError, match="needs 3 scores of the output 'expression', got"):
        head_logits(spec, spec.head(), outputs)
