import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from fer.errors import ModelError
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD
from fer.litert import interpreter_of
from fer.model.classifier import MAX_BATCH, ExpressionClassifier, NetworkPool
from fer.model.spec import Head, ModelSpec
from tests.samples import SHIPPED_MODEL


@pytest.fixture(scope="module")
def classifier() -> ExpressionClassifier:
    return ExpressionClassifier(SHIPPED_MODEL)


def crops(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 48, 48, 1), dtype=np.uint8)


@pytest.mark.parametrize("n", [0, 1, 5, MAX_BATCH + 3])
def test_each_face_gets_probabilities_that_sum_to_one(
    classifier: ExpressionClassifier, n: int
) -> None:
    probabilities = classifier(crops(n))
    assert probabilities.shape == (n, len(FER2013_LABELS))
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-5)


def test_a_face_gets_the_same_answer_alone_and_in_company(classifier: ExpressionClassifier) -> None:
    many = crops(MAX_BATCH + 3)
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


def test_threads_take_turns_at_the_network(
    classifier: ExpressionClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
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
def test_activation_maps_are_the_logits_taken_apart(
    classifier: ExpressionClassifier, head: str, n: int
) -> None:
    if not classifier.spec.has_activation_map(head):
        pytest.skip("the shipped model has no class activation maps")
    maps = classifier.activation_maps(crops(n), head)
    rest = classifier.logits(crops(n))[head] - maps.mean(axis=(1, 2))
    assert maps.shape[3:] == (len(classifier.spec.head(head).labels),)
    assert rest == pytest.approx(np.tile(rest[:1], (n, 1)), abs=1e-4)


def test_a_model_without_activation_maps_says_so(
    classifier: ExpressionClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
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
def test_crops_of_another_form_are_refused(
    classifier: ExpressionClassifier, wrong: np.ndarray
) -> None:
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
def test_a_network_that_is_not_that_of_its_record_is_refused(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
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
def test_a_broken_or_swapped_file_is_named(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    """Another network would run, beside a report about this one."""
    model = shutil.copytree(SHIPPED_MODEL, tmp_path / "model")
    (model / "model.tflite").unlink()
    if content is not None:
        (model / "model.tflite").write_bytes(content)
    with pytest.raises(ModelError, match=says):
        ExpressionClassifier(model)
    with pytest.raises(ModelError, match="it is not a LiteRT model that can be run"):
        interpreter_of(content or b"", whose="it is ")


def test_temperature_softens_but_keeps_the_order(
    classifier: ExpressionClassifier, tmp_path: Path
) -> None:
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
