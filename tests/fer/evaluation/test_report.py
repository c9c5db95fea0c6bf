"""A report counts for its own weights alone, and is read without what came later."""

from pathlib import Path

import pytest

from fer.evaluation.report import FileCard, Mistakes, Report
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ({}, False),
        ({"model.tflite": FileCard(sha256="1" * 64, bytes=1)}, False),
        ({"model.tflite": FileCard(sha256="0" * 64, bytes=1)}, True),
    ],
)
def test_a_report_counts_only_for_its_own_weights(
    spec: ModelSpec, files: dict[str, FileCard], same: bool
) -> None:
    assert Report.model_construct(files=files).describes(spec) is same
    for file in files.values():
        found = Mistakes(sha256=file.sha256, data="bars", split="test", mistakes=())
        assert found.describes(spec) is same


def test_a_report_from_before_earlier_trainings_and_the_second_head_is_read(tmp_path: Path) -> None:
    later = {"earlier_trainings", "ferplus_evaluations"}
    text = Report.load(SHIPPED_MODEL).model_dump_json(exclude=later)
    (tmp_path / "report.json").write_text(text, encoding="utf-8")
    report = Report.load(tmp_path)
    assert (report.earlier_trainings, report.ferplus_evaluations) == ((), {})
