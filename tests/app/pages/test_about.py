"""The About page: its figures are the report's."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.about_text import accuracy_lines
from app.core.models import running_model
from fer.detection.blazeface import photo_detector, stream_detector
from fer.evaluation.metrics import evaluate
from fer.evaluation.report import DataCard, Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD
from tests.app.samples import unfolded, words
from tests.samples import ROOT, SHIPPED_MODEL

#: Labels and answers of another head, all of which are right.
_BETTER = np.array([0, 1]), np.eye(2) * 0.8 + 0.1, ("happy", "sad")


def report(*splits: str) -> Report:
    """Return a report by which one of four answers was wrong."""
    answers = np.eye(2)[[0, 1, 1, 1]] * 0.8 + 0.1
    evaluation = evaluate(np.array([0, 0, 1, 1]), answers, ("happy", "sad"))
    return Report.model_construct(
        name="tiny",
        created="2031-05-06T07:08:09+00:00",
        data=DataCard.model_construct(name="faces.npz"),
        evaluations=dict.fromkeys(splits, evaluation),
        balanced_evaluations=dict.fromkeys(splits, evaluate(*_BETTER)),
        ferplus_evaluations={},
        cross_fitted_calibration_error=0.044,
        files=Report.load(SHIPPED_MODEL).files,
        selective=(),
        ferplus_agreement=(),
    )


def test_the_limits_are_in_view_and_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20).run()
    about = page.switch_page("app/pages/about.py").run()
    said = unfolded(about)
    for limit in ("cannot say what somebody feels", "ages, skin", "forbids to infer", "hiring"):
        assert limit in said
    assert len(said.split()) <= 450
    assert "Art. 50(3)" not in said
    assert "Art. 50(3)" in words(about), "folded"
    monkeypatch.setattr(running_model, "matching_report", lambda: report("test"))
    about.run()
    assert "The balanced head of model **tiny** was right on **100.0%** of 2" in words(about)
    about.session_state["head"] = EXPRESSION_HEAD
    about.run()
    assert "The FER2013 head of model **tiny** was right on **75.0%** of 4" in words(about)
    for fact in ("Apache 2.0", "**Uncertain** is an answer", photo_detector(), stream_detector()):
        assert fact in words(about)
    monkeypatch.setattr(running_model, "matching_report", lambda: None)
    about.run()
    assert "there is no report about the model that answers" in words(about)
    assert "%" not in words(about)


def test_what_was_not_measured_is_not_claimed() -> None:
    (line,) = accuracy_lines(report(), BALANCED_HEAD).splitlines()
    assert line == "The balanced head of model **tiny** has not been evaluated."
    made = report("validation", "validation, press")
    domains = {"fer2013": "a" * 64, "press": "b" * 64}
    made = made.model_copy(update={"data": made.data.model_copy(update={"domains": domains})})
    lines = accuracy_lines(made, EXPRESSION_HEAD)
    assert "On 4 validation faces of press it was right on 75.0%." in lines
    assert "of press" not in accuracy_lines(report("validation"), EXPRESSION_HEAD)
    answers = np.eye(3)[[0, 1, 1, 1]] * 0.7 + 0.1
    found = evaluate(np.array([0, 0, 1, 1]), answers, ("happy", "sad", "fear"))
    made = report("test").model_copy(update={"evaluations": {"test": found}})
    assert "*fear*" not in accuracy_lines(made, EXPRESSION_HEAD)


@pytest.mark.parametrize(
    ("splits", "meaning", "error"),
    [
        (["validation"], "of the validation set. Settings were chosen", 4.4),  # cross-fitted
        (["test", "validation"], "of the test set, on which nothing was chosen", 15.0),
    ],
)
def test_a_split_has_its_worth(splits: list[str], meaning: str, error: float) -> None:
    lines = accuracy_lines(report(*splits), EXPRESSION_HEAD)
    assert "**75.0%** of 4" in lines
    assert lines.strip().startswith("The FER2013 head of model **tiny**")
    assert meaning in " ".join(lines.split())
    assert f"off by {error} percentage points" in lines


def test_the_balanced_head_is_as_sure_as_most_people_agree() -> None:
    made = Report.load(SHIPPED_MODEL)
    by_people = made.selective_of("validation", BALANCED_HEAD)  # the faces of the other figures
    assert by_people
    assert by_people.truth == "people"
    assert by_people.calibration_error <= 0.04
    error = f"{100 * by_people.calibration_error:.1f} percentage points"
    said = f"off by {error} on average, by what most people say."
    assert said in accuracy_lines(made, BALANCED_HEAD)
    assert "most people say" not in accuracy_lines(made, EXPRESSION_HEAD)
