"""What is said of two models: only of the same faces, by a paired test, and why not otherwise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.report.elements import Note
from app.core.report.text import SplitEvaluation, evaluation_on
from app.dashboard.comparison import Side, compare, comparison, not_comparable
from app.dashboard.models import open_model, stored_answers
from fer.evaluation.metrics import evaluate, mcnemar
from fer.evaluation.report import FileCard
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.records import file_sha256
from tests.app.dashboard.samples import report
from tests.samples import SHIPPED_MODEL
from training.evaluation.predictions import Predictions, save_predictions

NAMES = ("angry", "happy", "sad")

#: Labels in a mixed order, as data sets have them.
TRUTH = np.random.default_rng(0).integers(0, 3, 400)


def model(folder: Path, name: str, wrong: slice, **changes: Any) -> Side:
    """Return a stored model that is wrong about some of the faces, and its evaluation."""
    directory = folder / name
    directory.mkdir()
    answers = TRUTH.copy()
    answers[wrong] = (answers[wrong] + 1) % 3
    shares = np.eye(3, dtype=np.float32)[answers] * 0.7 + 0.1
    save_predictions({"validation": Predictions(TRUTH, shares)}, directory)
    file = directory / "predictions.npz"
    files = {file.name: FileCard(sha256=file_sha256(file), bytes=file.stat().st_size)}
    found = evaluate(TRUTH, shares, NAMES)
    fields: dict[str, Any] = {"evaluations": {"validation": found}, "files": files}
    report(name, **(fields | changes)).save(directory)
    opened = open_model(directory)
    return opened, evaluation_on(opened.report, "validation", EXPRESSION_HEAD)


def lead(one: Side, other: Side) -> str:
    (said,) = (part for part in compare(one, other, "") if isinstance(part, Note) and part.leads)
    return said.text


def differences(one: Side, other: Side) -> dict[str, str]:
    return {row[0]: row[-1] for row in comparison(one, other, "").rows}


@pytest.mark.parametrize(
    ("gained", "lost", "p_value"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 5, 1.0),
        (6, 0, 0.03125),
        (12, 5, 0.14346),
        (3000, 3200, 0.0115),
    ],
)
def test_mcnemars_test(gained: int, lost: int, p_value: float) -> None:
    """The figures are those of `scipy.stats.binomtest(gained, gained + lost)`."""
    assert mcnemar(gained, lost) == pytest.approx(p_value, rel=0.01)
    assert mcnemar(lost, gained) == mcnemar(gained, lost)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (slice(0, 100), "There is no difference: b and a are right about 75.0% and 75.0%"),
        (slice(20, 100), "b is right 5.0 points more often than a: 80.0% and 75.0% of the same 400 "
         "faces. That is more than chance (McNemar's test, p < 0.001)."),
        (slice(0, 106), "b is right 1.5 points less often than a: 73.5% and 75.0% of the same 400 "
         "faces. That is more than chance (McNemar's test, p = 0.031)."),
        (slice(0, 105), "There is no clear difference: b and a are right about 73.8% and 75.0% of "
         "the same 400 faces. That may be chance (McNemar's test, p = 0.06)."),
        # The intervals of both do not overlap, and those of 5.0 points above do.
        (slice(100, 200), "There is no difference: b and a are right about 75.0% and 75.0%"),
    ],
)  # fmt: skip
def test_the_same_faces_decide(tmp_path: Path, wrong: slice, says: str) -> None:
    one = model(tmp_path, "a", slice(0, 100))
    assert lead(one, model(tmp_path, "b", wrong)).startswith(says)


def without_predictions(side: Side) -> Side:
    opened, chosen = side
    assert opened.directory
    (opened.directory / "predictions.npz").unlink()
    return opened, chosen


def with_others(side: Side) -> Side:
    """Replace the predictions by others with as many right answers, which no report names."""
    opened, chosen = side
    assert opened.directory
    assert chosen
    answers = TRUTH.copy()
    wrong = slice(chosen.evaluation.right, None)
    answers[wrong] = (answers[wrong] + 1) % 3
    save_predictions({"validation": Predictions(TRUTH, np.eye(3)[answers])}, opened.directory)
    return opened, chosen


@pytest.mark.parametrize("lose", [without_predictions, with_others])
def test_without_stored_answers_chance_cannot_be_decided(
    tmp_path: Path, lose: Callable[[Side], Side]
) -> None:
    one = model(tmp_path, "a", slice(0, 100))
    other = lose(model(tmp_path, "b", slice(20, 100)))
    assert "Whether that is chance cannot be decided" in lead(one, other)
    same = lose(model(tmp_path, "c", slice(0, 100)))
    assert lead(one, same).startswith("There is no difference: c and a")
    assert differences(one, other)["Accuracy"] == "+5.0"


def test_damaged_predictions_are_not_used(tmp_path: Path) -> None:
    opened, chosen = model(tmp_path, "a", slice(0, 100))
    assert opened.directory
    assert chosen
    file = opened.directory / "predictions.npz"
    file.write_bytes(b"PK\x03\x04 no archive")
    card = FileCard(sha256=file_sha256(file), bytes=file.stat().st_size)
    files = {"files": {file.name: card}}
    opened = replace(opened, report=opened.report.model_copy(update=files))
    assert stored_answers(opened, chosen) is None
    assert stored_answers(replace(opened, directory=None), chosen) is None
    assert stored_answers(opened, replace(chosen, head="another")) is None


def votes(found: SplitEvaluation) -> dict[str, Any]:
    """Return a model that was measured by votes, as the FER+ head is."""
    return {"ferplus_evaluations": {"validation": found.evaluation}}


def test_what_cannot_be_compared_is_said_and_gets_no_difference(tmp_path: Path) -> None:
    one = model(tmp_path, "a", slice(0, 100))
    assert one[1]
    few = evaluate(TRUTH[TRUTH < 2], np.eye(2)[TRUTH[TRUTH < 2]] * 0.8 + 0.1, NAMES[:2])
    other_names = evaluate(TRUTH, np.eye(3)[TRUTH] * 0.8 + 0.1, ("angry", "happy", "fear"))
    elsewhere = report().data.model_copy(update={"name": "mine.zip", "sha256": "e" * 64})
    voted, by_labels = model(tmp_path, "voted", slice(0, 9), **votes(one[1]))
    by_votes = evaluation_on(voted.report, "validation", FERPLUS_HEAD)
    pairs = {
        "b was not measured on these faces": (model(tmp_path, "b", slice(0, 9))[0], None),
        "a tells 3 expressions apart, c 2.": model(
            tmp_path, "c", slice(0, 9), evaluations={"validation": few}
        ),
        "a tells 3 expressions apart, d others.": model(
            tmp_path, "d", slice(0, 9), evaluations={"validation": other_names}
        ),
        "a by its FER2013 head against the data set's labels, voted by its FER+ head against what "
        "most of ten people called the face (FER+). To compare them, choose “Seven expressions "
        "(FER2013)” above.": (voted, by_votes),
        "of different data sets, faces.csv and mine.zip": without_predictions(
            model(tmp_path, "e", slice(0, 9), data=elsewhere)
        ),
    }
    for reason, other in pairs.items():
        assert any(reason in text for text in not_comparable(one, other)), reason
        assert lead(one, other) == "Their figures cannot be compared here."
        texts = [part.text for part in compare(one, other, "") if isinstance(part, Note)]
        assert any(reason in text for text in texts)
        rows = differences(one, other)
        assert {rows["Accuracy"], rows["Macro-F1"], rows["Log loss (lower is better)"]} == {"–"}
        assert rows["Parameters"] == "× 1.00"
    assert not_comparable(one, (voted, by_labels)) == []
    same = model(tmp_path, "f", slice(0, 9), data=elsewhere)
    assert not_comparable(one, same) == [], "the stored labels are the same in a mixed order"


def test_times_of_two_machines_are_not_divided(tmp_path: Path) -> None:
    one = model(tmp_path, "a", slice(0, 100))
    other = model(tmp_path, "b", slice(0, 100), machine="another machine")
    assert differences(one, one)["Time for a face"] == "× 1.00"
    assert differences(one, other)["Time for a face"] == "–"
    assert differences(one, other)["Training time"] == "–"


def test_the_shipped_models_are_compared_on_the_same_footing() -> None:
    def side(name: str, head: str) -> Side:
        opened = open_model(SHIPPED_MODEL.parent / name)
        return opened, evaluation_on(opened.report, "validation", head)

    for head in (BALANCED_HEAD, FERPLUS_HEAD):
        assert "cannot be compared" in lead(side("compact", head), side("cnn-basic", head))
    compact = side("compact", EXPRESSION_HEAD)
    said = lead(compact, side("cnn-basic", EXPRESSION_HEAD))
    assert "is right 7.6 points less often than compact" in said
    assert "p < 0.001" in said
    said = lead(compact, side("cnn-csv", EXPRESSION_HEAD))
    assert "more than chance" in said, "the same faces, of another file"
    (reason,) = not_comparable(compact, side("three-class-150", EXPRESSION_HEAD))
    assert reason.startswith("compact tells 7 expressions apart, three-class-150 3.")
    said = lead(side("cnn-basic", EXPRESSION_HEAD), side("cnn-batchnorm", EXPRESSION_HEAD))
    assert said.startswith("There is no clear difference")
    for head in (BALANCED_HEAD, FERPLUS_HEAD, EXPRESSION_HEAD):
        opened, chosen = side("compact", head)
        assert chosen
        assert stored_answers(opened, chosen), head
