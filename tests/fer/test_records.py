"""Records on disk: what is written is read, and nothing else."""

import json
from pathlib import Path

import pytest

from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec


@pytest.mark.parametrize("record", [ModelSpec, Report])
def test_a_missing_record_says_how_to_get_one(tmp_path: Path, record: type) -> None:
    with pytest.raises(ModelError, match="python -m training train"):
        record.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"version": 99}, "version 99, expected 3. It was written by a newer"),
        ({"input_size": "big"}, "input_size"),
        ({"channels": 7}, "channels"),
        ({"heads": None}, "heads"),
        ({"file": "../../model.tflite"}, "file: .*the same directory"),
        ({"file": "/etc/passwd"}, "file: .*the same directory"),
    ],
    ids=["unknown key", "version", "type", "range", "missing", "path out", "path"],
)
def test_bad_records_are_named(tmp_path: Path, spec: ModelSpec, change: dict, message: str) -> None:
    spec.save(tmp_path / "new")
    assert ModelSpec.load(tmp_path / "new") == spec
    fields = json.loads(spec.model_dump_json()) | change
    kept = {name: value for name, value in fields.items() if value is not None}
    (tmp_path / "spec.json").write_text(json.dumps(kept))
    with pytest.raises(ModelError, match=message):
        ModelSpec.load(tmp_path)


@pytest.mark.parametrize("record", [ModelSpec, Report])
def test_an_older_record_says_what_to_do(tmp_path: Path, record: type) -> None:
    # Its fields were other ones, which must not be what is complained about.
    (tmp_path / record.filename).write_text('{"version": 1, "gone": true}')
    with pytest.raises(ModelError, match=r"version 1, .*an older FER Lens: make it anew with"):
        record.load(tmp_path)


@pytest.mark.parametrize(
    "label",
    ["<b>a</b>", "a*b*", "=1+1", "[a](b)", "../a", ":material/x:", "a\nb", "_a_", "", "$a$"],
)
def test_labels_that_could_be_code_are_refused(tmp_path: Path, spec: ModelSpec, label: str) -> None:
    fields = json.loads(spec.model_dump_json())
    fields["heads"][0]["labels"][1] = label
    (tmp_path / "spec.json").write_text(json.dumps(fields))
    with pytest.raises(ModelError, match="letters and digits"):
        ModelSpec.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", "[" * 100_000])
def test_what_is_no_json_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(ModelError, match=r"report\.json is not a record"):
        Report.load(tmp_path)
