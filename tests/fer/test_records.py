"""Files that appear whole or not at all, and the records in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fer.atomic_write import atomic_write, check_files, check_model_directory, replace_folder
from fer.errors import ModelError, OutputError
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("wanted", [[], ["a.csv"], ["a.csv", "n" * 251 + ".mp4"]])
def test_files_appear_at_the_end_in_place_of_the_old(tmp_path: Path, wanted: list[str]) -> None:
    targets = [tmp_path / name for name in wanted]
    for target in targets[:1]:
        target.write_text("old")
    usual = tmp_path / "usual"
    usual.touch()
    with atomic_write(targets) as parts:
        for part in parts:
            part.write_text("new")
        assert [part.suffix for part in parts] == [target.suffix for target in targets]
        assert [t.read_text() for t in targets if t.exists()] == ["old"] * len(wanted[:1])
    assert names(tmp_path) == sorted([*wanted, "usual"])
    assert {target.read_text() for target in targets} <= {"new"}
    assert {target.stat().st_mode for target in targets} <= {usual.stat().st_mode}


@pytest.mark.parametrize(
    "end", [OSError(28, "No space left"), KeyboardInterrupt(), SystemExit(1), None]
)
def test_what_ends_the_writing_keeps_the_old(tmp_path: Path, end: BaseException | None) -> None:
    old = tmp_path / "a.csv"
    old.write_text("old")
    targets = [tmp_path / "b.csv", old, tmp_path / "c.csv"]
    with (  # noqa: PT012 - it is the block that ends early
        pytest.raises(type(end) if end else FileNotFoundError),
        atomic_write(targets) as parts,
    ):
        parts[0].write_text("new")
        parts[2].write_text("half")
        if end:
            raise end  # else one was never written
    assert names(tmp_path) == ["a.csv"]
    assert old.read_text() == "old"


@pytest.mark.parametrize(
    ("target", "error"), [("folder.csv", IsADirectoryError), ("missing/a.csv", FileNotFoundError)]
)
def test_unwritable_places_are_told(tmp_path: Path, target: str, error: type[Exception]) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(error), atomic_write([tmp_path / target]):
        pytest.fail("nothing may be begun")


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """What people have in their folders, by name."""
    for file in ("models/old/spec.json", "models/old/other_data.json", "models/report/report.json",
                 "models/full/report.json", "models/full/thesis.odt", "thesis/thesis.odt",
                 "data/train/happy/a.png", "README.md"):  # fmt: skip
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("mine")
    (tmp_path / "empty").mkdir()
    return tmp_path


def everything(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("place", "overwrite", "message"),
    [
        ("models/new", False, ""),
        ("far/away/new", False, ""),
        ("empty", False, ""),
        ("models/old", True, ""),
        ("models/report", True, ""),
        ("models/old", False, "has a model in it. Name another directory, or replace the model"),
        ("models/full", True, "something else than a model in it, such as thesis.odt"),
        ("thesis", True, "such as thesis.odt"),
        ("models", True, "such as full"),
        ("README.md", True, "is a file; expected a new or empty directory"),
        ("README.md/new", True, "is a file, or in one"),
        ("data", True, "is what shall be read"),
        ("data/new", True, "is what shall be read"),
        (".", True, "is what shall be read"),
        ("..", True, "expected a directory such as models/mine"),
        ("n" * 300, False, "cannot be written to: File name too long"),
        ("new/a.csv", None, ""),
        ("README.md", None, "is there already. Name another place, or replace it"),
        ("thesis", None, "is a folder; expected the name of a file"),
        ("README.md/a.csv", None, "is a file, or in one"),
        ("data", None, "is what shall be read"),
    ],
)
def test_nothing_is_replaced_but_what_may_be_and_only_if_told_to(
    places: Path, place: str, overwrite: bool | None, message: str
) -> None:
    """A model's directory, or, without `overwrite`, a file."""
    before, reads = everything(places), [places / "data"]
    directory = places / place if place != ".." else Path("..")
    said = ""
    try:
        if overwrite is None:
            check_files([directory], reads=reads)
        else:
            check_model_directory(directory, reads=reads, overwrite=overwrite)
    except OutputError as error:
        said = str(error)
    assert message in said
    assert bool(message) == bool(said)
    assert everything(places) == before
    check_files([places / "README.md"], overwrite=True)


def test_an_old_folder_stays_until_the_new_one_stands(places: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_folder(places / "never written", places / "models/old")
    assert names(places / "models/old") == ["other_data.json", "spec.json"]
    replace_folder(places / "thesis", places / "models/old")
    assert names(places / "models/old") == ["thesis.odt"]
    assert not list(places.glob("*-replaced"))


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
