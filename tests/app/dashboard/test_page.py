"""The Model dashboard as a visitor meets it, with models made in the test."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.core.report.evaluation import RESTRICTED
from app.core.report.text import cell_sentences, interval, largest_confusion, percent
from app.core.settings import MODELS
from app.core.text import escape_markdown
from app.dashboard.figures import AGREED
from app.dashboard.registry import SECTIONS
from fer.evaluation.metrics import evaluate, evaluate_labelled
from fer.evaluation.other_data import OtherData, OtherDataFile
from fer.evaluation.report import Mistake, Mistakes, Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.spec import ModelSpec
from tests.app.dashboard.samples import LABELS, TABS, answers, report, write_model
from tests.app.samples import plain_words as words
from tests.app.samples import unfolded
from tests.samples import ROOT, SHIPPED_MODEL

Open = Callable[..., AppTest]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv(MODELS.name, str(folder))
    return folder


@pytest.fixture
def dashboard(models: Path) -> Open:
    def open_page() -> AppTest:
        page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
        return page.switch_page("app/pages/dashboard.py").run()

    return open_page


def turn_to(page: AppTest, tab: str) -> AppTest:
    page.session_state["dashboard_tab"] = next(t.label for t in page.tabs if tab in t.label)
    return page.run()


def unfold(page: AppTest, *titles: str) -> AppTest:
    """Open sections, and the tab that they are on."""
    entries = [entry for entry in SECTIONS if entry.title in titles]
    for entry in entries:
        page.session_state[f"dashboard_fold_{entry.title}"] = True
    page.session_state["dashboard_tab"] = entries[0].tab
    return page.run()


def alts(page: AppTest) -> list[str]:
    return [element.proto.alt for element in page.get("plotly_chart")]


def cells(page: AppTest) -> list[str]:
    """Return what stands in all tables, their headings included, as it reads."""
    tables = [t.value for t in (*page.table, *page.dataframe)]
    texts = [c for t in tables for row in (t.columns, *t.values) for c in row]
    return [str(text).replace("\\", "").replace("\u200b", "") for text in texts]


def metric(page: AppTest, label: str) -> str:
    return next(m.value for m in page.metric if m.label == escape_markdown(label))


def heads(page: AppTest) -> list[Any]:
    return [box for box in page.selectbox if box.label == "Labels to answer with"]


def choose(page: AppTest, label: str, value: str) -> AppTest:
    return next(s for s in page.selectbox if s.label == label).select(value).run()


def test_one_model_from_its_verdict_to_its_files(dashboard: Open, models: Path) -> None:
    made = write_model(models)
    found = made.evaluations["test"]
    page = dashboard()
    assert not page.warning
    assert [s.label for s in page.selectbox][:2] == ["Model", "Measured on"]
    assert f"{100 * found.accuracy:.0f} times in 100" in words(page)
    assert len(page.metric) == 4, "how often it answers was not measured here"
    assert metric(page, "Accuracy") == percent(found.accuracy)
    assert next(m.delta for m in page.metric if m.label == "Accuracy") == interval(found)
    assert metric(page, "Time for a face") == "1.5 ms"
    for title in ("Faces of train: 700", "Loss", "Accuracy", "Confusion matrix", "Classification"):
        assert f"##### {title}" in words(page)
    assert [b.label for b in page.download_button] == ["Report (HTML)", "Report (JSON)"]
    assert not heads(page)
    assert page.selectbox[1].options == ["test", "validation", "validation, without duplicates"]
    choose(page, "Measured on", "validation")
    assert metric(page, "Answered") == "75.0%"
    choose(page, "Measured on", "validation, without duplicates")
    assert metric(page, "Accuracy") == percent(made.without_duplicates["validation"].accuracy)
    assert len(unfolded(page).split()) <= 350
    for title, shown in (
        ("Each expression", "Each expression, FER2013 head"),
        ("Confidence", "Reliability diagram, FER2013 head"),
        ("Worse pictures, and what people say", f"120 faces on which {AGREED['majority']}"),
        ("On other data", "python -m training evaluate models/small"),
        ("Data and training", "the two losses cannot be compared"),
        ("Network", "13 layers, 1,567,551 parameters"),
        ("Command, settings and files", "are those that were measured"),
    ):
        assert shown not in words(page), "only the open tab is sent, and what is unfolded there"
        unfold(page, title)
        assert [bool(t.children) for t in page.tabs].count(True) == 1
        assert shown in words(page)
        assert all(alts(page))
    assert page.code[0].value == "python -m training train --out models/small"
    assert {"augmentation.flip", "yes", "8, 16", "a machine, 2 cores", "12"} <= set(cells(page))
    spec, given = ModelSpec.load(models / "small"), answers(5)
    truth = [LABELS[label] if label != 6 else "contempt" for label in given.labels]
    record = OtherData(
        kind="other", model="small", sha256=spec.sha256, head=EXPRESSION_HEAD, data="their set",
        how="crops", measured_by="somebody", created="2026-11-22",
        figures=evaluate_labelled(truth, given.probabilities, spec.head(EXPRESSION_HEAD)),
    )  # fmt: skip
    foreign = record.model_copy(update={"sha256": "f" * 64})
    OtherDataFile(records=(record, foreign)).save(models / "small")
    page = unfold(dashboard(), "Each expression", "On other data")
    assert "1 measurement of other_data.json not shown" in words(page)
    assert {"their set", "neutral"} <= set(cells(page))
    page.segmented_control(key="dashboard_of_small_way").set_value(RESTRICTED).run()
    assert "neutral" not in cells(page)


def test_the_second_heads_mistakes_are_its_own(dashboard: Open, models: Path) -> None:
    second = evaluate(np.array([0, 1, 7]), np.eye(8, dtype=np.float32)[[0, 7, 7]], FERPLUS_LABELS)
    write_model(models, ferplus_evaluations={"test": second})
    page = dashboard()
    heads(page)[0].select(FERPLUS_HEAD).run()
    assert "Of 1 face labelled happy, 1 (100%) was called contempt." in words(page)
    assert "what most of ten people called them" in words(page)
    assert [c for c in cells(page) if c == "contempt"]


def test_the_shipped_model_opens_on_its_own_head(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, file = ModelSpec.load(SHIPPED_MODEL), OtherDataFile.load(SHIPPED_MODEL)
    (known,) = (
        record.model_copy(update={"sha256": spec.sha256, "blend": spec.head(record.head).blend})
        for record in file.records
        if (record.data, record.head) == ("CK+", BALANCED_HEAD)
    )
    file = file.model_copy(update={"records": (*file.records, known)})
    monkeypatch.setattr(
        "app.dashboard.models.read_record",
        lambda kind, directory: file if kind is OtherDataFile else kind.load(directory),
    )
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
    page.switch_page("app/pages/dashboard.py").run()
    first = page.selectbox[0]
    assert [name for name in first.options if "running" in name] == ["compact (running)"]
    measured_on = next(s for s in page.selectbox if s.label == "Measured on")
    assert measured_on.value == "validation"
    names = {"FER2013, validation", "Press photos, validation", "Both, validation", "CK+"}
    assert names <= set(measured_on.options)
    assert "FER2013 PrivateTest" not in measured_on.options, "which other weights were measured on"
    measured_on.select("CK+").run()
    assert "CK+, balanced head" in words(page)
    assert metric(page, "Accuracy") == "78.3%"
    assert "no more is known than this" in words(page)
    choose(page, "Measured on", "validation")
    made = Report.load(SHIPPED_MODEL)
    for head, title in ((BALANCED_HEAD, "balanced"), (EXPRESSION_HEAD, "FER2013")):
        found = made.evaluations_of(head)["validation"]
        assert heads(page)[0].value == head
        assert metric(page, "Accuracy") == percent(found.accuracy)
        assert f"FER2013, validation, {title} head" in words(page)
        assert f"Confusion matrix, {title} head" in words(page)
        unfold(page, "Confidence")
        assert metric(page, "Temperature") == f"{spec.head(head).temperature:.3f}"
        turn_to(page, "Overview")
        heads(page)[0].select(EXPRESSION_HEAD).run()


def test_a_cell_of_the_matrix_can_be_chosen(dashboard: Open, models: Path) -> None:
    made = write_model(models)
    found = made.evaluations["test"]
    png = base64.b64encode(cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes())
    one = Mistake(head=EXPRESSION_HEAD, truth="fear", answer="sad", confidence=0.9, png=png)
    kept = Mistakes(
        sha256=made.files["model.tflite"].sha256, data="faces.npz", split="test", mistakes=(one,)
    )
    page = dashboard()
    cell = largest_confusion(found)
    assert cell
    for sentence in cell_sentences(found, *cell):
        assert sentence in words(page)
    choose(choose(page, "Labelled as", "fear"), "Called", "sad")
    next(b for b in page.button_group if "cells" in b.label).set_value("counts").run()
    for sentence in cell_sentences(found, "fear", "sad"):
        assert sentence in words(page)
    # As a click on a cell does, whose place of the browser AppTest does not have.
    key = next(str(one.key) for one in page.selectbox if one.label == "Called")
    stored = key.removesuffix("_choice")
    assert page.session_state[stored] == "sad"
    for called in ("happy", "sad"):
        page.session_state[stored] = called
        page.run()
        assert next(one.value for one in page.selectbox if one.label == "Called") == called
        for sentence in cell_sentences(found, "fear", called):
            assert sentence in words(page)
    matrix = json.loads(page.get("plotly_chart")[-1].proto.spec)["layout"]
    assert [shape["x0"] for shape in matrix["shapes"]] == [LABELS.index("sad") - 0.49]
    drawn = [drawn["text"] for drawn in matrix["annotations"]]
    assert drawn == [f"{count:,}" for row in found.confusion for count in row]
    assert "python -m training mistakes" in words(page)
    assert not page.image
    kept.save(models / "small")
    page.run()
    alts = [image.proto.imgs[0].alt for image in page.image]
    assert alts == ["A face labelled fear, called sad"]
    assert "python -m training mistakes" not in words(page)


def test_without_models_or_hardly_anything_measured(dashboard: Open, models: Path) -> None:
    page = dashboard()
    assert "There is no model yet" in words(page)
    assert "python -m training train" in page.code[0].value
    assert not page.tabs
    nothing: dict[str, Any] = {
        "history": (), "robustness": (), "ferplus_agreement": (), "layers": (), "evaluations": {},
        "without_duplicates": {}, "configuration": {}, "versions": {},
    }  # fmt: skip
    write_model(models, **nothing)
    page.run()
    for entry in SECTIONS:
        unfold(page, entry.title)
        assert "nothing was measured on any split" in page.info[0].value


def test_two_models_are_compared_on_one_scale(dashboard: Open, models: Path) -> None:
    first, worse = write_model(models, "a"), report("b", 7)
    history = tuple(
        epoch.model_copy(update={"loss": 9.0, "validation_accuracy": 0.2})
        for epoch in worse.history[:2]
    )
    few = evaluate(np.zeros(9, int), answers(3).probabilities[:9], LABELS)
    brighter = worse.robustness[0].model_copy(update={"name": "brighter", "evaluation": few})
    robustness = (*report().robustness, brighter)
    second = write_model(models, "b", seed=7, history=history, robustness=robustness)
    page = dashboard()
    choose(page, "Compare with", "b")
    one, two = first.evaluations["test"], second.evaluations["test"]
    table = page.table[0].value
    columns = ["Figure", "a, FER2013 head", "b, FER2013 head", "Difference"]
    assert list(table.columns) == columns
    shown = [str(c).replace("\\", "") for c in table.values[0]]
    change = f"{100 * (two.accuracy - one.accuracy):+.1f}".replace("-", "−")
    assert shown == ["Accuracy", percent(one.accuracy), percent(two.accuracy), change]
    more = "more" if two.accuracy > one.accuracy else "less"
    assert re.search(rf"#### b is right \d+\.\d points {more} often than a", words(page))
    assert len(page.download_button) == 4
    for entry in SECTIONS:
        unfold(page, entry.title)
        assert page.subheader[0].value == "a", entry.title
        drawn = [json.loads(chart.proto.spec)["layout"] for chart in page.get("plotly_chart")]
        drawn = [layout for layout in drawn if not layout.get("annotations")]  # no matrix
        for left, right in zip(drawn[::2], drawn[1::2], strict=True):
            assert left["height"] == right["height"]
            assert left["xaxis"]["range"] == right["xaxis"]["range"], (entry.title, left, right)
            assert left["yaxis"]["range"] == right["yaxis"]["range"], (entry.title, left, right)
            assert left["yaxis"].get("categoryarray") == right["yaxis"].get("categoryarray")
    assert len(drawn) == 12
    some = {"validation": second.evaluations["validation"]}
    second.model_copy(update={"evaluations": some}).save(models / "b")
    turn_to(page, "Overview")
    assert "–" in cells(page)
    assert "b was not measured on these faces." in words(page)
    assert words(page).count("This model was not measured on these faces") == 1


@pytest.mark.parametrize(("one", "other"), [("copy", "small"), ("About", "Figure"), ("of", "way")])
def test_models_may_have_any_names(dashboard: Open, models: Path, one: str, other: str) -> None:
    write_model(models, one)
    write_model(models, other)
    made = Report.load(models / one)
    made.model_copy(update={"name": Report.load(models / other).name}).save(models / one)
    page = dashboard()
    choose(page, "Compare with", other)
    for entry in SECTIONS:
        page.session_state[f"dashboard_fold_{entry.title}"] = True
    for tab in TABS:
        turn_to(page, tab)
        assert not page.exception, tab


def test_broken_and_other_models_have_a_warning(dashboard: Open, models: Path) -> None:
    write_model(models, "a*b*_c_", machine="**<b>bold</b>**")
    (models / "a*b*_c_" / "model.tflite").write_bytes(b"another network")
    write_model(models, "broken")
    write_model(models, "whole")
    (models / "broken" / "report.json").write_text("{}")
    page = dashboard()
    (warning,) = page.warning
    assert "those of a*b*_c_ as it is now" in warning.value.replace("\\", "")
    assert "model.tflite is not the file that was measured" in warning.value.replace("\\", "")
    assert page.metric
    assert "are those that were measured" not in words(unfold(page, "Command, settings and files"))
    assert "**<b>bold</b>**" in cells(page)
    assert "**<b>bold</b>**" not in [c for t in page.table for r in t.value.values for c in r]
    turn_to(page, "Overview")
    choose(page, "Model", "broken")
    assert "is not a record" in page.error[0].value
    assert str(models) not in words(page)
    assert not page.metric
    choose(page, "Model", "whole")
    assert not page.error
    assert page.metric


def test_a_model_is_no_path(models: Path) -> None:
    def script() -> None:
        from app.dashboard.page import open_with_warnings

        for name in ("small", "../outside/small", "", "..", "no such"):
            assert (open_with_warnings(name) is not None) == (name == "small")

    for folder in (models, models.with_name("outside")):
        write_model(folder)
    page = AppTest.from_function(script).run()
    assert [e.value for e in page.error] == 4 * ["**There is no such model** among those here."]
