"""A report counts for its own weights alone, and is read without what came later."""

import pytest

from fer.evaluation.report import FileCard, Mistakes, Report
from fer.model.spec import ModelSpec


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
