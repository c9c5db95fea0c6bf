"""The README's figures are the report's, and its commands are the real ones."""

import pytest

from benchmarks.readme import (
    class_table,
    corruption_table,
    figures,
    model_card,
    preset_table,
    replace_section,
)
from fer.evaluation.report import Report
from tests.samples import ROOT, SHIPPED_MODEL

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
