"""The README's figures are the report's, and its commands are the real ones."""

import re
from pathlib import Path

import pytest

from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from tests.samples import ROOT, SHIPPED_MODEL
from tools.readme import (
    class_table,
    corruption_table,
    figures,
    model_card,
    other_data_table,
    preset_table,
    replace_section,
)

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_figures_are_those_of_the_shipped_report() -> None:
    report = Report.load(SHIPPED_MODEL)
    assert figures(report) in README
    assert report.command in README


def test_the_model_card_has_the_figures_of_the_shipped_report() -> None:
    report = Report.load(SHIPPED_MODEL)
    card = (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    assert model_card(card, report) == card
    assert class_table(report).count("\n") == 1 + len(report.evaluations["validation"].classes)
    assert corruption_table(report).count("\n") == 1 + len(report.robustness)


def test_other_data_stand_in_both_as_they_were_told_and_for_these_weights_only(
    tmp_path: Path,
) -> None:
    table = other_data_table(SHIPPED_MODEL)
    assert table in README
    assert table in (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    assert "| FER2013 | 3,589 | 72.0% (70.5% to 73.4%) | macro-F1 0.707; answers 76%" in table
    assert "Measured outside this project, once, on 2026-11-22" in table
    spec = ModelSpec.load(SHIPPED_MODEL)
    spec.model_copy(update={"sha256": "f" * 64}).save(tmp_path)
    OtherDataFile.load(SHIPPED_MODEL).save(tmp_path)
    with pytest.raises(ValueError, match="no measurement on other data with ffff"):
        other_data_table(tmp_path)


def test_a_section_is_replaced_between_its_markers() -> None:
    text = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb"
    assert replace_section(text, "x", "new") == "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb"
    with pytest.raises(ValueError, match="markers"):
        replace_section(text, "y", "new")


def test_a_preset_gets_a_row_each() -> None:
    report = Report.load(SHIPPED_MODEL)
    row = (report, report.evaluations["validation"])
    assert preset_table([]).count("\n") == 1
    assert preset_table([row, row]).count(f"`{report.preset}`") == 2


def test_the_two_commands_are_there_as_they_are_run() -> None:
    assert "pip install -r requirements.txt && streamlit run streamlit_app.py" in README
    assert "pip install -r requirements-dev.txt && pytest" in README


def test_each_tool_is_named_by_a_document_and_each_named_one_is_there() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    text = " ".join(file.read_text(encoding="utf-8") for file in documents)
    commands = {
        file.stem
        for file in (ROOT / "tools").glob("*.py")
        if "def main()" in file.read_text(encoding="utf-8")
    }
    assert set(re.findall(r"python -m tools\.(\w+)", text)) == commands
