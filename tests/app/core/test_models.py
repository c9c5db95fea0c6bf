"""Which models can answer, which one runs, what its heads say, and how often they are right."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.core.models import running_model
from app.core.models.head_text import NAMES, TrackRecord, difference, offered, track_record
from app.core.models.runnable import VISITOR_FILE, entry_of, read_record, runnable_models
from app.core.models.running_model import facts
from app.core.settings import MODEL, MODELS, ROOT, model_dir
from app.core.text import Verdict
from app.dashboard.models import model_names
from fer.errors import ModelError
from fer.evaluation.measurements import FerPlusAgreement, Selective, Truth
from fer.evaluation.metrics import CalibrationBin
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL, write_copy
from training.evaluation.predictions import Predictions
from training.evaluation.selective import selective


def agreement(head: str, accuracy: float, rule: str = "majority") -> FerPlusAgreement:
    return FerPlusAgreement.model_construct(head=head, rule=rule, count=1234, accuracy=accuracy)


def measured(head: str, coverage: float, *, contempt: int = 0) -> Selective:
    one = CalibrationBin(low=0.4, high=0.6, count=1000, confidence=0.5, accuracy=0.5)
    return Selective.model_construct(
        head=head, truth="label", split="validation", threshold=0.5, coverage=coverage,
        accuracy=0.81, labels=("happy", "contempt"), confusion=((900, 0), (0, contempt)),
        calibration=(one,),
    )  # fmt: skip


def test_without_a_report_there_is_no_figure() -> None:
    text = difference(None)
    assert text == difference(Report.model_construct(ferplus_agreement=(), selective=()))
    assert all(f"**{name}**" in text for name in NAMES.values())
    assert not re.search(r"\d", text.replace("FER2013", ""))


@pytest.mark.parametrize(("rule", "told"), [("majority", True), ("plurality", False)])
def test_heads_are_compared_by_one_rule(rule: str, told: bool) -> None:
    agreements = (agreement(EXPRESSION_HEAD, 0.74), agreement(FERPLUS_HEAD, 0.9, rule))
    found = (measured(EXPRESSION_HEAD, 0.73), measured(FERPLUS_HEAD, 1.0))
    text = difference(Report.model_construct(ferplus_agreement=agreements, selective=found))
    agreed = ("74%", "90%") if told else ("–", "–")
    assert f"| {NAMES[EXPRESSION_HEAD]} | 73% | 81% | {agreed[0]} |" in text
    assert f"| {NAMES[FERPLUS_HEAD]} | 100% | 81% | {agreed[1]} |" in text


@pytest.mark.parametrize(("count", "told"), [(0, "for none of 1,000"), (12, "for 12 of 1,000")])
def test_how_often_contempt_is_said_is_told(count: int, told: str) -> None:
    found = (measured(FERPLUS_HEAD, 1.0, contempt=count),)
    report = Report.model_construct(ferplus_agreement=(), selective=found)
    assert f"contempt {told}" in difference(report)


def test_a_head_that_could_not_be_measured_is_not_offered(spec: ModelSpec) -> None:
    assert offered(spec) == (EXPRESSION_HEAD,)
    more = spec.heads[0].model_copy(update={"name": FERPLUS_HEAD})
    unmeasured = more.model_copy(update={"abstention": None})
    for head, names in ((more, (EXPRESSION_HEAD, FERPLUS_HEAD)), (unmeasured, (EXPRESSION_HEAD,))):
        assert offered(spec.model_copy(update={"heads": (head, *spec.heads)})) == names


LABELS = ("happy", "sad", "neutral")

#: Truth, first guess, its confidence, and how many faces.
Counted = tuple[int, int, float, int]


def made(
    *counts: Counted,
    head: str = EXPRESSION_HEAD,
    truth: Truth = "label",
    split: str = "test",
    degraded: bool = False,
) -> Selective:
    rows, truths = [], []
    for label, guess, confidence, count in counts:
        row = np.full(len(LABELS), (1 - confidence) / (len(LABELS) - 1), np.float32)
        row[guess] = confidence
        rows += [row] * count
        truths += [label] * count
    predictions = Predictions(np.array(truths), np.array(rows))
    return selective(
        predictions, 0.6, head=head, labels=LABELS, split=split, truth=truth,
        corruptions=("dark",) if degraded else (),
    )  # fmt: skip


#: Happy is right for 45 of 60 when it is sure and for 20 of 40 when it is less so; sad, which was
#: seen seldom, is always right; of what it is not sure of, 10 of 50 are right.
MIXED: tuple[Counted, ...] = (
    (0, 0, 0.92, 45), (2, 0, 0.92, 15), (0, 0, 0.67, 20), (1, 0, 0.67, 20),
    (1, 1, 0.92, 4), (0, 0, 0.42, 10), (1, 0, 0.42, 40),
)  # fmt: skip
WORSE: tuple[Counted, ...] = ((0, 0, 0.92, 30), (2, 0, 0.92, 20))
TRUTHS: tuple[Truth, Truth] = ("most_votes", "people")
MEASURED = TrackRecord(made(*MIXED), made(*WORSE, degraded=True))
VOTED, BALANCED = (
    TrackRecord(made(*MIXED, truth=truth), made(*WORSE, truth=truth, degraded=True))
    for truth in TRUTHS
)
OLD = TrackRecord(*(m.model_copy(update={"predicted": ()}) for m in (made(*MIXED), made(*WORSE))))


def said(answer: str, confidence: float, *issues: str) -> Verdict:
    candidates = ("happy", "sad") if answer == "uncertain" else (answer,)
    return Verdict(answer, confidence, candidates, (confidence,) * len(candidates), issues, 40)


@pytest.mark.parametrize(
    ("record", "verdict", "sentence"),
    [
        (OLD, said("happy", 0.93), ""),
        (MEASURED, said("happy", 0.1), "Of 50 test faces called happy with 0% to 45% confidence, "
         "20% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("happy", 0.93), "Of 60 test faces called happy with 90% to 95% confidence, "
         "75% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("happy", 1.0), "Of 60 test faces called happy with 90% to 100% confidence, "
         "75% were; when happy is wrong, it is most often sad."),
        (MEASURED, said("sad", 0.93),
         "Too few test faces were called sad to say how often that is right."),
        (MEASURED, said("happy", 0.93, "dark"), "Of 50 poor pictures of test faces called happy "
         "with 90% to 95% confidence, 60% were; when happy is wrong, it is most often neutral."),
        (MEASURED, said("uncertain", 0.41), "Of 50 test faces whose first guess was happy with 40% "
         "to 45% confidence, 20% were."),
        (MEASURED, said("happy", 0.9, "blurred", "turned"),
         "Faces turned this far are read right much less often; no figure here is about them."),
        (VOTED, said("happy", 0.93), "Of 60 test faces called happy with 90% to 95% confidence, "
         "75% had most votes for it; when happy is wrong, it is most often sad."),
        (BALANCED, said("happy", 0.93), "Of 60 test faces called happy with 90% to 95% confidence, "
         "75% were, as most people say; when happy is wrong, it is most often sad."),
    ],
)  # fmt: skip
def test_what_stands_beside_an_answer(record: TrackRecord, verdict: Verdict, sentence: str) -> None:
    assert record.describe(verdict) == sentence


MANY = TrackRecord(made((0, 0, 0.92, 597), (1, 0, 0.92, 3)), made(*WORSE, degraded=True))
ALWAYS = TrackRecord(made((0, 0, 0.92, 100)), made(*WORSE, degraded=True))


@pytest.mark.parametrize(
    ("record", "verdict", "often"),
    [(OLD, said("happy", 0.93), ""), (MEASURED, said("sad", 0.93), ""),
     (MEASURED, said("happy", 0.9, "turned"), ""), (MEASURED, said("happy", 0.93), "about 80%"),
     (MEASURED, said("happy", 0.93, "dark"), "about 60%"),
     (MANY, said("happy", 0.93), "99%"),
     (ALWAYS, said("happy", 0.93), "99%")],
)  # fmt: skip
def test_what_stands_on_a_card(record: TrackRecord, verdict: Verdict, often: str) -> None:
    told = f"When it is this sure, it is right {often} of the time." if often else ""
    assert record.in_short(verdict) == told


def both(head: str, split: str) -> tuple[Selective, ...]:
    return tuple(made(*MIXED, head=head, split=split, degraded=poor) for poor in (False, True))


@pytest.mark.parametrize(
    ("measured", "split"),
    [
        ((), None),
        (both(FERPLUS_HEAD, "test"), None),
        (both(EXPRESSION_HEAD, "validation")[:1], None),
        (both(EXPRESSION_HEAD, "validation"), "validation"),
        (both(EXPRESSION_HEAD, "validation") + both(EXPRESSION_HEAD, "test"), "test"),
    ],
)
def test_the_test_split_says_most(measured: tuple[Selective, ...], split: str | None) -> None:
    found = track_record(Report.model_construct(selective=measured), EXPRESSION_HEAD)
    assert (found.plain.split if found else None) == split


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models; the shipped one is configured, and stands elsewhere."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv(MODEL.name, str(SHIPPED_MODEL))
    monkeypatch.setenv(MODELS.name, str(folder))
    return folder


def names() -> list[str]:
    return [entry.name for entry in runnable_models()]


def change_spec(directory: Path, **fields: object) -> None:
    file = directory / ModelSpec.filename
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_the_configured_model_comes_first(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names() == ["compact"]
    write_copy(models, "zebra")
    write_copy(models, "adapted")
    assert names() == ["compact", "adapted", "zebra"]
    write_copy(models, "compact")
    assert names() == ["compact", "adapted", "compact (2)", "zebra"]
    first = runnable_models()
    with monkeypatch.context() as patch:
        patch.setattr(ModelSpec, "load", None)
        assert runnable_models() == first, "asking again reads nothing again"
    monkeypatch.setenv(MODEL.name, str(models / "zebra"))
    assert names() == ["zebra", "adapted", "compact"]
    monkeypatch.delenv(MODEL.name)
    assert model_dir() == SHIPPED_MODEL
    monkeypatch.setenv(MODEL.name, "runs/mine")
    assert model_dir() == ROOT / "runs" / "mine"


def test_a_taught_model_is_shown_to_its_visitor_alone(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_copy(models, "for all")
    taught = write_copy(models, "my-faces")
    (taught / VISITOR_FILE).write_text("me")

    def seen_by(visitor: str) -> list[str]:
        return [entry.name for entry in runnable_models(visitor)]

    assert seen_by("me") == ["compact", "for all", "my-faces"]
    for visitor in ("somebody else", "m", "me\n", ""):
        assert seen_by(visitor) == ["compact", "for all"]
    assert model_names(models, "me") == ["for all", "my-faces"]
    assert model_names(models, "somebody else") == ["for all"]
    for broken in (b"", b"\xff"):
        (taught / VISITOR_FILE).write_bytes(broken)
        assert seen_by("me") == ["compact", "for all"]
    (taught / VISITOR_FILE).unlink()
    (taught / VISITOR_FILE).symlink_to(taught / "nowhere")
    assert seen_by("me") == ["compact", "for all"]
    monkeypatch.setenv(MODEL.name, str(taught))
    assert seen_by("somebody else") == ["my-faces", "for all"], "the operator has chosen it for all"


def test_another_visitors_model_cannot_be_asked_for(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught = write_copy(models, "my-faces")
    (taught / VISITOR_FILE).write_text("me")

    def chosen() -> None:
        import streamlit as st

        from app.core.models.running_model import chosen_entry, models_to_choose

        entry = chosen_entry()
        assert entry
        st.write([one.name for one in models_to_choose()], entry.name)

    for visitor, names in (("me", ["compact", "my-faces"]), ("somebody else", [])):
        monkeypatch.setattr(running_model, "this_visitor", lambda name=visitor: name)
        page = AppTest.from_function(chosen, default_timeout=30)
        page.query_params["model"] = "my-faces"
        page.run()
        assert not page.exception
        assert json.loads(page.json[0].value) == names
        assert page.markdown[0].value == ("my-faces" if names else "compact")


def test_what_is_known_comes_from_the_report(models: Path) -> None:
    entry, shipped = entry_of(write_copy(models, "mine")), entry_of(SHIPPED_MODEL)
    assert entry and shipped and entry.key != shipped.key  # noqa: PT018
    report = Report.load(SHIPPED_MODEL)
    assert entry.measured == report.evaluations_of(entry.spec.default_head)["validation"]
    assert entry.bytes == shipped.bytes + len("mine")
    report = report.model_copy(update={"initial_model": "start"})
    right = entry.measured
    assert facts(replace(entry, report=report)).replace("\\", "") == (
        f"7 expressions · {right.accuracy:.1%} right on its validation data "
        f"({100 * right.accuracy_low:.1f}–{right.accuracy_high:.1%}), balanced head · "
        f"{entry.bytes / 1e6:.1f} MB · trained on {report.data.name}, begun with start"
    )


@pytest.mark.parametrize("fault", ["none", "of other weights", "broken"])
def test_a_model_without_a_report_has_no_figures(models: Path, fault: str) -> None:
    directory = write_copy(models, "mine")
    other = (SHIPPED_MODEL / "report.json").read_text() if fault == "of other weights" else "{}"
    (directory / "report.json").write_text(other)
    if fault == "none":
        (directory / "report.json").unlink()
    entry = entry_of(directory)
    assert entry
    size = f"{entry.bytes / 1e6:.1f}".replace(".", "\\.")
    assert (entry.report, names()) == (None, ["compact", "mine"])
    assert facts(entry).endswith(f"expressions · not measured · {size} MB")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda directory: (directory / "spec.json").unlink(), ""),
        (lambda directory: (directory / "model.tflite").unlink(), "is missing"),
        (lambda directory: (directory / "model.tflite").write_bytes(b"more"), "SHA-256 differs"),
        (lambda directory: (directory / "spec.json").write_text("{}"), "not a record"),
        (lambda directory: change_spec(directory, version=99), "newer FER Lens"),
        (lambda directory: change_spec(directory, heads=[]), "no head"),
    ],
)
def test_a_model_that_is_not_as_it_should_be_is_not_offered_and_the_log_says_why_once(
    fault: Callable[[Path], object], reason: str, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = write_copy(models, "mine")
    fault(directory)
    assert [names(), names()] == [["compact"], ["compact"]]
    told = [text for text in caplog.messages if "mine" in text]
    assert told == [text for text in told if reason in text]
    assert len(told) == len(caplog.records) == bool(reason)


def test_what_comes_and_goes_is_seen(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = write_copy(models, "mine")
    before = entry_of(directory)
    change_spec(directory, name="another")
    after = entry_of(directory)
    assert before and after and after.key != before.key  # noqa: PT018
    for file in directory.iterdir():
        file.unlink()
    assert names() == ["compact"]
    assert entry_of(directory) is None
    directory.rmdir()
    assert entry_of(directory) is None
    write_copy(models, ".unfinished")
    (models / "README.md").write_text("what stands here")
    (models / "empty").mkdir()
    assert names() == ["compact"]
    monkeypatch.setenv(MODELS.name, str(models / "nowhere"))
    assert names() == ["compact"]


def test_unreadable_is_told_once(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_copy(models, "locked")
    refusal = Mock(side_effect=PermissionError(13, "Permission denied"))
    monkeypatch.setattr(ModelSpec, "load", refusal)
    assert [runnable_models() for _ in range(2)]
    told = [text for text in caplog.messages if "locked" in text]
    assert told == ["the model locked is not offered: Permission denied"]


@pytest.mark.parametrize("kind", [Report, ModelSpec])
def test_a_changed_record_is_read_again(tmp_path: Path, kind: type[Report | ModelSpec]) -> None:
    record = kind.load(SHIPPED_MODEL)
    record.save(tmp_path)
    assert read_record(kind, tmp_path) is read_record(kind, tmp_path)
    record.model_copy(update={"name": "another"}).save(tmp_path)
    assert read_record(kind, tmp_path).name == "another"
    (tmp_path / kind.filename).write_text("{")
    for _ in range(2):
        with pytest.raises(ModelError, match="is not a record"):
            read_record(kind, tmp_path)
    (tmp_path / kind.filename).unlink()
    with pytest.raises(ModelError, match="is missing"):
        read_record(kind, tmp_path)


def test_a_missing_model_is_not_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(MODEL.name, str(tmp_path))
    for _ in range(2):
        with pytest.raises(ModelError, match=r"spec\.json is missing"):
            running_model.photo_analyzer()
        assert running_model.matching_report() is None
