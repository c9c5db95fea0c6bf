from pathlib import Path

import pytest

from fer.errors import OutputError
from fer.whole_files import check_files, check_model_directory, replace_folder, whole_files


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("wanted", [[], ["a.csv"], ["a.csv", "a.mp4"]])
def test_files_appear_at_the_end(tmp_path: Path, wanted: list[str]) -> None:
    targets = [tmp_path / name for name in wanted]
    with whole_files(targets) as parts:
        for part in parts:
            part.write_text("new")
        assert not [name for name in names(tmp_path) if name in wanted]
        assert [part.suffix for part in parts] == [target.suffix for target in targets]
    assert names(tmp_path) == wanted


def begin(targets: list[Path], end: BaseException) -> None:
    """Write one file wholly and one half, and then end."""
    with whole_files(targets) as parts:
        parts[0].write_text("new")
        parts[1].write_text("half")
        raise end


@pytest.mark.parametrize("end", [OSError(28, "No space left"), KeyboardInterrupt(), SystemExit(1)])
def test_whatever_ends_the_writing_takes_all_away_and_keeps_the_old(
    tmp_path: Path, end: BaseException
) -> None:
    old = tmp_path / "a.csv"
    old.write_text("old")
    with pytest.raises(type(end)):
        begin([old, tmp_path / "b.csv", tmp_path / "c.csv"], end)
    assert names(tmp_path) == ["a.csv"]
    assert old.read_text() == "old"


def test_a_file_that_was_there_is_replaced_at_once(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    with target.open() as reader, whole_files([target]) as [part]:
        part.write_text("new")
        assert target.read_text() == "old"
        reader.seek(0)
        assert reader.read() == "old"
    assert target.read_text() == "new"


def test_if_one_was_never_written_the_others_do_not_stay(tmp_path: Path) -> None:
    targets = [tmp_path / "a.csv", tmp_path / "b.csv"]
    with pytest.raises(FileNotFoundError), whole_files(targets) as parts:
        parts[0].write_text("new")
    assert names(tmp_path) == []


def test_a_folder_in_the_place_of_a_file_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with (
        pytest.raises(IsADirectoryError, match="a folder has the name"),
        whole_files([tmp_path / "a.csv"]),
    ):
        pytest.fail("nothing may be begun")


def test_a_name_may_be_as_long_as_names_may_be(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 251 + ".csv")
    with whole_files([target]) as [part]:
        part.write_text("new")
    assert target.read_text() == "new"


def test_files_have_the_usual_permissions(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    with whole_files([tmp_path / "a.csv"]) as [part]:
        part.touch()
    assert (tmp_path / "a.csv").stat().st_mode == usual.stat().st_mode


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
        ("thesis", False, "such as thesis.odt"),
        ("thesis", True, "such as thesis.odt"),
        ("models", True, "such as full"),
        ("README.md", True, "is a file; expected a new or empty directory"),
        ("README.md/new", True, "is a file, or in one"),
        ("data", True, "is what shall be read"),
        ("data/new", True, "is what shall be read"),
        (".", True, "is what shall be read"),
        ("..", True, "expected a directory such as models/mine"),
        ("n" * 300, False, "cannot be written to: File name too long"),
    ],
)
def test_a_model_replaces_nothing_but_a_model_and_only_if_told_to(
    places: Path, place: str, overwrite: bool, message: str
) -> None:
    before = everything(places)
    directory = places / place if place != ".." else Path("..")
    if message:
        with pytest.raises(OutputError) as caught:
            check_model_directory(directory, reads=[places / "data"], overwrite=overwrite)
        assert message in str(caught.value)
    else:
        check_model_directory(directory, reads=[places / "data"], overwrite=overwrite)
    assert everything(places) == before


@pytest.mark.parametrize(
    ("file", "overwrite", "message"),
    [
        ("new/a.csv", False, ""),
        ("README.md", True, ""),
        ("README.md", False, "is there already. Name another place, or replace it"),
        ("thesis", True, "is a folder; expected the name of a file"),
        ("README.md/a.csv", False, "is a file, or in one"),
        ("data/train/happy/a.png", True, "is what shall be read"),
    ],
)
def test_a_file_is_replaced_only_if_told_to(
    places: Path, file: str, overwrite: bool, message: str
) -> None:
    before, reads = everything(places), [places / "data/train/happy/a.png"]
    if message:
        with pytest.raises(OutputError) as caught:
            check_files([places / file], reads=reads, overwrite=overwrite)
        assert message in str(caught.value)
    else:
        check_files([places / file], reads=reads, overwrite=overwrite)
    assert everything(places) == before


def test_an_old_folder_stays_until_the_new_one_stands(places: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_folder(places / "never written", places / "models/old")
    assert names(places / "models/old") == ["other_data.json", "spec.json"]
    replace_folder(places / "thesis", places / "models/old")
    assert names(places / "models/old") == ["thesis.odt"]
    assert not list(places.glob("*-replaced"))
