"""The network of a model directory: its record, its answers, and its maps."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from fer.alignment import FER2013_FRAMING
from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD
from fer.litert import interpreter_of
from fer.model import spec as module
from fer.model.classifier import (
    MAX_BATCH,
    ClassActivation,
    ExpressionClassifier,
    NetworkPool,
    blended,
    calibrated,
    class_activation,
    head_logits,
    softmax,
)
from fer.model.spec import Abstention, Head, ModelSpec, model_directory, shipped_model
from fer.records import file_sha256
from fer.types import Detections
from tests.fer.samples import heat_in_photo, rotation
from tests.samples import SHIPPED_MODEL, fake_spec, make_detections


@pytest.fixture(scope="module")
def classifier() -> ExpressionClassifier:
    return ExpressionClassifier(SHIPPED_MODEL)


def crops(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 48, 48, 1), dtype=np.uint8)


def test_a_face_gets_the_same_answer_alone_and_in_company(classifier: ExpressionClassifier) -> None:
    assert classifier(crops(0)).shape == (0, len(FER2013_LABELS))
    many = crops(MAX_BATCH + 3)
    assert classifier(many).sum(axis=1) == pytest.approx(np.ones(len(many)), abs=1e-5)
    alone = np.concatenate([classifier(many[i : i + 1]) for i in (0, 10, MAX_BATCH + 1)])
    assert classifier(many)[[0, 10, MAX_BATCH + 1]] == pytest.approx(alone, abs=1e-4)


def test_a_twin_gives_the_same_answers_at_the_same_time(
    classifier: ExpressionClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = classifier.twin()
    both = threading.Barrier(2, timeout=60)
    run = ExpressionClassifier._run

    def meet(network: ExpressionClassifier, *args: object) -> dict[str, np.ndarray]:
        both.wait()
        return run(network, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(ExpressionClassifier, "_run", meet)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda network: network(crops(3)), (classifier, twin))
    assert first == pytest.approx(second, abs=1e-6)


def test_threads_queue(classifier: ExpressionClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    run, two, met = classifier._runner, threading.Barrier(2), list[bool]()

    def meet(image: np.ndarray) -> dict[str, np.ndarray]:
        with suppress(threading.BrokenBarrierError):
            two.wait(timeout=0.5)
            met.append(True)
        return run(image=image)

    monkeypatch.setattr(classifier, "_runner", meet)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(classifier, [crops(1), crops(2)]))
    assert ([len(answer) for answer in answers], met) == ([1, 2], [])


@pytest.mark.parametrize("head", [BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD])
@pytest.mark.parametrize("n", [0, 3])
def test_maps_are_logits_taken_apart(classifier: ExpressionClassifier, head: str, n: int) -> None:
    if not classifier.spec.has_activation_map(head):
        pytest.skip("the shipped model has no class activation maps")
    maps = classifier.activation_maps(crops(n), head)
    rest = classifier.logits(crops(n))[head] - maps.mean(axis=(1, 2))
    assert maps.shape[3:] == (len(classifier.spec.head(head).labels),)
    assert rest == pytest.approx(np.tile(rest[:1], (n, 1)), abs=1e-4)


def test_it_says_no_maps(classifier: ExpressionClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = tuple(head.model_copy(update={"activation_map": ""}) for head in classifier.spec.heads)
    plain = classifier.spec.model_copy(update={"heads": heads})
    monkeypatch.setattr(classifier, "spec", plain)
    with pytest.raises(ModelError, match="no class activation map"):
        classifier.activation_maps(crops(1))


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 48, 48, 3), np.uint8),
        np.zeros((1, 64, 64, 1), np.uint8),
        np.zeros((1, 48, 48, 1), np.float32),
    ],
    ids=["colour", "size", "float"],
)
def test_other_crops_are_refused(classifier: ExpressionClassifier, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected crops"):
        classifier(wrong)


SHIPPED = ModelSpec.load(SHIPPED_MODEL)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"heads": (Head(name="a", output="age", labels=("old",), meaning=""),)}, "names .*age"),
        (
            {"heads": (Head(name="a", output="votes", labels=("old",), meaning="",
                            activation_map="map_of_age"),)},
            r"names \['map_of_age'",
        ),
        ({"heads": (SHIPPED.head(EXPRESSION_HEAD).model_copy(update={"labels": ("old",)}),)},
         "answers .*1 labels"),
        *(({name: number}, r"model\.tflite takes .*spec\.json says")
          for name, number in (("input_size", 50_000_000), ("input_size", 40), ("channels", 3))),
    ],
)  # fmt: skip
def test_another_network_is_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    model = shutil.copytree(SHIPPED_MODEL, tmp_path / "model")
    SHIPPED.model_copy(update=change).save(model)
    with pytest.raises(ModelError, match=says):
        ExpressionClassifier(model)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, r"model\.tflite is missing"),
        (b"no model", "not the file that was exported"),
        (b"", "not the file that was exported"),
    ],
)
def test_a_broken_or_other_file_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    """Another network would run, beside a report about this one."""
    model = shutil.copytree(SHIPPED_MODEL, tmp_path / "model")
    (model / "model.tflite").unlink()
    if content is not None:
        (model / "model.tflite").write_bytes(content)
    with pytest.raises(ModelError, match=says):
        ExpressionClassifier(model)
    with pytest.raises(ModelError, match="it is not a LiteRT model that can be run"):
        interpreter_of(content or b"", whose="it is ")


def test_temperature_softens_in_order(classifier: ExpressionClassifier, tmp_path: Path) -> None:
    model = shutil.copytree(SHIPPED_MODEL, tmp_path / "model")
    spec = ModelSpec.load(model)
    hot = spec.head(EXPRESSION_HEAD).model_copy(update={"temperature": 10.0})
    spec.model_copy(update={"heads": (hot, *spec.heads[1:])}).save(model)
    softer, usual = ExpressionClassifier(model)(crops(4)), classifier(crops(4))
    assert (softer.max(axis=1) < usual.max(axis=1)).all()
    assert (softer.argsort(axis=1) == usual.argsort(axis=1)).all()


def test_a_network_that_fails_is_given_back() -> None:
    pool = NetworkPool(["network"])
    with pytest.raises(ZeroDivisionError), pool.borrow():
        1 / 0  # noqa: B018
    with pool.borrow() as network:
        assert network == "network"


LABELS = ("happy", "sad")


def one_place(found: Detections, row: int, column: int, value: float = 2.0) -> ClassActivation:
    """Return an explanation in which one place of 6 × 6 speaks for happy."""
    maps = np.zeros((1, 6, 6, 2), np.float32)
    maps[0, row, column, 0] = value
    return class_activation(found, maps, LABELS, FER2013_FRAMING)


FACE = make_detections((40, 30, 140, 130))


@pytest.mark.parametrize(
    ("found", "shape"),
    [
        (Detections.empty(), (1, 6, 6, 2)),
        (FACE, (0, 6, 6, 2)),
        (FACE, (2, 6, 6, 2)),
        (FACE, (1, 6, 6, 3)),
        (FACE, (1, 6, 6)),
    ],
)
def test_what_is_not_one_face_s_map_is_refused(found: Detections, shape: tuple) -> None:
    with pytest.raises(ValueError, match="expected one face and maps"):
        class_activation(found, np.zeros(shape, np.float32), LABELS, FER2013_FRAMING)


def test_what_all_expressions_have_in_common_says_nothing() -> None:
    maps = np.full((1, 6, 6, 2), 7.0, np.float32)
    maps[0, 1, 2] += [3, -3]
    made = class_activation(FACE, maps, LABELS, FER2013_FRAMING)
    assert made.maps.sum(axis=-1) == pytest.approx(np.zeros((6, 6)))
    assert made.maps[1, 2].tolist() == [3, -3]
    assert np.count_nonzero(made.maps) == 2


@pytest.mark.parametrize("side", [6, 48, 240])
def test_a_place_lies_where_its_square_does_and_speaks_against_the_other(side: int) -> None:
    made = one_place(FACE, row=1, column=4)
    heat = made.heatmap("happy", side)
    assert heat.shape == (side, side)
    peak = (np.argwhere(heat > 0.9 * heat.max()).mean(axis=0) + 0.5) / side
    assert peak == pytest.approx([1.5 / 6, 4.5 / 6], abs=0.03)
    assert heat.max() <= 1
    assert made.heatmap("sad", side) == pytest.approx(-heat)


@given(
    angle=st.floats(-57, 57),
    side=st.floats(40, 90),
    place=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_a_map_follows_its_face(angle: float, side: float, place: tuple[int, int]) -> None:
    middle = np.array([100.0, 100.0])
    upright = make_detections((100 - side / 2, 100 - side / 2, 100 + side / 2, 100 + side / 2))
    landmarks = ((upright.landmarks - middle) @ rotation(angle).T + middle).astype(np.float32)
    made = one_place(Detections(upright.xyxy, upright.score, landmarks), *place)
    heat = heat_in_photo(made, "happy", (200, 220))
    assert heat.shape == (220, 200)
    y, x = np.argwhere(heat > 0.9 * heat.max()).mean(axis=0)
    in_frame = made.to_frame @ [x + 0.5, y + 0.5, 1]
    assert in_frame == pytest.approx([(place[1] + 0.5) / 6, (place[0] + 0.5) / 6], abs=0.04)
    assert not heat[0].any()


@pytest.mark.parametrize(
    ("thresholds", "confidence", "uncertain"),
    [
        (None, 1.0, True),
        ((0.0, 0.0), 0.0, False),
        ((0.5, 0.9), 0.5, False),
        ((0.5, 0.9), 0.4, True),
        ((1.0, 1.0), 0.9, True),
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
    assert head.can_answer is (thresholds is not None and thresholds[0] < 1)


def test_an_expression_has_a_floor_of_its_own(spec: ModelSpec) -> None:
    says = Abstention(threshold=0.5, degraded_threshold=0.6, floors={"sad": (0.7, 0.55)})
    head = spec.heads[0].model_copy(update={"abstention": says})
    assert head.labels == ("happy", "sad", "neutral")
    assert head.thresholds == ((0.5, 0.7, 0.5), (0.6, 0.6, 0.6))
    assert Abstention.model_validate_json(says.model_dump_json()) == says
    assert "floors" not in Abstention(threshold=0.5, degraded_threshold=0.6).model_dump()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"output": ""}, "needs either an output or heads to blend"),
        ({"blend": {"expression": 0.5}}, "needs either an output or heads to blend"),
        ({"output": "", "blend": {"votes": 0.5}}, "blends votes, not here"),
        ({"output": "", "blend": {"expression": 0.5}, "labels": ("awe",)}, "labels that a head"),
    ],
)
def test_a_blend_of_what_is_missing_is_refused(spec: ModelSpec, change: dict, message: str) -> None:
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


def test_an_installed_package_runs_its_own_model_and_a_checkout_that_of_trainings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipped_model() == SHIPPED_MODEL
    monkeypatch.setattr(module, "__file__", str(tmp_path / "fer" / "model" / "spec.py"))
    assert shipped_model() == tmp_path / "models" / "compact"
    own = tmp_path / "fer" / "_models" / "compact"
    own.mkdir(parents=True)
    assert shipped_model() == own


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("compact", SHIPPED_MODEL),
        ("cnn-basic", SHIPPED_MODEL.parent / "cnn-basic"),
        (SHIPPED_MODEL, SHIPPED_MODEL),
        ("nowhere", Path("nowhere")),
        ("mine", Path("mine")),
        ("./compact", Path("compact")),
        ("../models/compact", Path("../models/compact")),
        ("", Path()),
    ],
)
def test_a_model_is_a_path_or_a_name_beside_the_shipped_one(
    model: str | Path, found: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert model_directory(model) == found


def test_a_folder_here_comes_before_the_name_of_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compact").mkdir()
    monkeypatch.chdir(tmp_path)
    assert model_directory("compact") == Path("compact")


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
def test_a_blend_is_a_weighted_geometric_mean(first: np.ndarray, second: np.ndarray) -> None:
    spec = model(0.75)
    found = softmax(blended(spec, spec.heads[0], {"first": first, "second": second}))
    mean = softmax(first / 2) ** 0.75 * softmax(second)[:, [2, 0]] ** 0.25
    assert found == pytest.approx(mean / mean.sum(axis=1, keepdims=True), abs=1e-5)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_every_head_says_the_same_as_alone(classifier: ExpressionClassifier, n: int) -> None:
    spec, by_head = classifier.spec, classifier.logits(crops(n))
    outputs = {head.output: by_head[head.name] for head in spec.network_heads}
    probabilities = classifier.all_heads(crops(n))
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
def test_other_scores_are_refused(spec: ModelSpec, outputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(ModelError, match="needs 3 scores of the output 'expression', got"):
        head_logits(spec, spec.head(), outputs)
