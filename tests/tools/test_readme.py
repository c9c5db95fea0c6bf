"""The documents' figures are the report's, their settings the code's, their links no dead ends."""

import re
from pathlib import Path

import pytest

from fer.evaluation.metrics import LabelledEvaluation
from fer.evaluation.other_data import OtherDataFile
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.samples import ROOT, SHIPPED_MODEL
from tools.readme import (
    class_table,
    corruption_table,
    model_card,
    other_data_table,
    preset_table,
    quoted,
    replace_section,
    settings_page,
    summary_table,
)
from training.evaluation.predictions import FURTHER_FILE, load_predictions

DOCUMENTS = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for folder in (".", "docs", "models", "training", "ondevice")
    for file in (ROOT / folder).glob("*.md")
}
README, CARD = DOCUMENTS["README.md"], DOCUMENTS["models/README.md"]


def test_the_model_card_has_the_figures_of_the_shipped_report() -> None:
    report = Report.load(SHIPPED_MODEL)
    assert model_card(CARD, report) == CARD
    assert class_table(report).count("\n") == 1 + len(report.evaluations["validation"].classes)
    assert corruption_table(report).count("\n") == 1 + len(report.robustness)
    assert report.command in DOCUMENTS["training/README.md"]


def test_the_readme_has_five_figures_of_the_shipped_model_and_of_other_documents() -> None:
    table = summary_table(SHIPPED_MODEL)
    assert table in README
    by_labels = "Right by the labels of 3,589 validation faces of fer2013, on which thresholds"
    assert f"| {by_labels} were chosen |" in table
    assert "validation faces of press" in table
    with pytest.raises(
        ValueError, match=r"docs/scale.md: expected a figure at 'no such \(words\)'"
    ):
        quoted("docs/scale.md", "no such (words)")


def test_the_readme_has_what_was_reached_on_held_out_data_first(tmp_path: Path) -> None:
    file = OtherDataFile.load(SHIPPED_MODEL)
    earlier = next(record for record in file.records if record.kind == "test")
    spec = ModelSpec.load(SHIPPED_MODEL)
    blend = spec.heads[0].blend
    spec.model_copy(update={"sha256": earlier.sha256}).save(tmp_path)
    record = earlier.model_copy(update={"head": spec.heads[0].name, "blend": blend})
    file.model_copy(update={"records": (record,)}).save(tmp_path)
    Report.load(SHIPPED_MODEL).save(tmp_path)
    first = summary_table(tmp_path).splitlines()[2]
    assert first.startswith("| Right on FER2013 PrivateTest, 3,589 faces that nothing was chosen")


def test_what_is_said_of_fear_is_what_the_report_says() -> None:
    """The usual answer misses more than the FER2013 head, whose figure stood in its place."""
    report, spec = Report.load(SHIPPED_MODEL), ModelSpec.load(SHIPPED_MODEL)
    assert spec.default_head == BALANCED_HEAD
    missed = {}
    for head in (BALANCED_HEAD, EXPRESSION_HEAD):
        found = report.evaluations_of(head)["validation"]
        labels = [scores.label for scores in found.classes]
        row = dict(zip(labels, found.confusion[labels.index("fear")], strict=True))
        total = sum(row.values())
        missed[head] = f"{1 - row.pop('fear') / total:.0%}"
        assert max(row, key=lambda label: row[label]) == "sad"
    usual, label_head = (share.replace("%", " %") for share in missed.values())
    assert f"the usual answer misses {usual} of it, most often as sad" in README
    card = " ".join(CARD.split())
    assert f"the usual answer misses {usual} of it, mostly taken for sad" in card
    assert f"and the FER2013 head {label_head}." in card
    voted = load_predictions(SHIPPED_MODEL, FURTHER_FILE)["validation/balanced/plain"]
    fear = voted.labels == labels.index("fear")
    usual = f"{1 - voted.correct[fear].mean():.0%}".replace("%", " %")
    assert f"the usual answer misses {usual}, of {fear.sum()} faces" in card


def test_what_is_said_of_the_least_lead_is_what_the_spec_has() -> None:
    spec = ModelSpec.load(SHIPPED_MODEL)
    margins = {head.name: round(100 * head.margin) for head in spec.heads}
    assert margins[BALANCED_HEAD] == margins[EXPRESSION_HEAD]
    usual, ferplus = margins[BALANCED_HEAD], margins[FERPLUS_HEAD]
    said = f"less than {usual} points behind ({ferplus} points for the FER+ head)"
    assert said in " ".join(CARD.split())


def test_figures_on_the_same_faces_are_the_same() -> None:
    """`other_data.json` was written with other thresholds than the report."""
    report, spec = Report.load(SHIPPED_MODEL), ModelSpec.load(SHIPPED_MODEL)
    split_of = {sha256: f"validation, {name}" for name, sha256 in report.data.domains.items()}
    compared = 0
    for record in OtherDataFile.load(SHIPPED_MODEL).of(spec):
        split = split_of.get(record.data_sha256)
        if split and record.split == "validation":
            selective = report.selective_of(split, record.head)
            assert isinstance(record.figures, LabelledEvaluation)
            assert selective
            assert record.figures.answered == pytest.approx(selective.coverage)
            assert record.figures.answered_accuracy == pytest.approx(selective.accuracy)
            assert record.accuracy == report.evaluations_of(record.head)[split].accuracy
            compared += 1
    assert compared


def test_the_settings_are_those_of_the_code() -> None:
    page = DOCUMENTS["docs/settings.md"]
    assert settings_page(page) == page
    assert "| `FER_MAX_FACES` | 200 | faces of a photo | the largest are read |" in page
    assert "| `FER_MAX_STREAMS` | two per core |" in page


def test_other_data_stand_with_the_weights_that_reached_it(tmp_path: Path) -> None:
    table = other_data_table(SHIPPED_MODEL)
    assert table in CARD
    assert "| FER2013 | `3840ca2433b1` | 3,589 | 72.0% (70.5% to 73.4%) | macro-F1 0.707" in table
    spec = ModelSpec.load(SHIPPED_MODEL)
    spec.model_copy(update={"sha256": "f" * 64}).save(tmp_path)
    OtherDataFile.load(SHIPPED_MODEL).save(tmp_path)
    assert f"`{'f' * 12}`; what stands here with others was reached" in other_data_table(tmp_path)


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
    commands = {
        file.stem
        for file in (ROOT / "tools").glob("*.py")
        if "def main()" in file.read_text(encoding="utf-8")
    }
    now = " ".join(text for name, text in DOCUMENTS.items() if name != "CHANGELOG.md")
    assert set(re.findall(r"python -m tools\.(\w+)", now)) == commands


def test_the_overviews_stay_short() -> None:
    assert README.count("\n") <= 150
    assert DOCUMENTS["docs/architecture.md"].count("\n") <= 110


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_each_link_between_documents_leads_to_a_file_and_a_heading(name: str) -> None:
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", DOCUMENTS[name]):
        path, _, anchor = link.partition("#")
        target = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            assert anchor in map(_slug, headings), link


def _slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
