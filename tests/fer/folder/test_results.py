import os
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from fer.errors import CollectionError
from fer.folder.results import Results, ShardWriter, Worklist
from fer.folder.rows import microseconds
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from tests.fer.folder.samples import made_up_row

#: More than are read from the database at once.
MANY = 2500


def test_without_rows_every_path_is_to_be_done_once_in_order() -> None:
    with Worklist() as worklist:
        assert (len(worklist), list(worklist)) == (0, [])
        names = [f"/{number}.jpg" for number in range(MANY, 0, -1)]
        for name in (*names, *names):
            worklist.add(name)
        assert len(worklist) == MANY
        assert list(worklist) == names
        assert list(worklist.outdated()) == []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "a.jpg").write_bytes(b"123")
    return tmp_path / "a.jpg"


CHANGES = {
    "as it was": (0, 0, True),
    "another size": (1, 0, False),
    "another time": (0, 1, False),
}


@pytest.mark.parametrize(("size", "time", "unchanged"), CHANGES.values(), ids=CHANGES)
def test_a_row_holds_while_size_and_time_are_the_same(
    file: Path, size: int, time: int, unchanged: bool
) -> None:
    status = os.stat(file)
    row = (str(file), status.st_size + size, microseconds(status) + time)
    with Worklist() as worklist:
        worklist.know("photos-000001.parquet", [row, ("/other.jpg", 1, 1)])
        for _ in range(2):
            worklist.add(str(file))
        assert list(worklist) == ([] if unchanged else [str(file)])
        outdated = [] if unchanged else [("photos-000001.parquet", {str(file)})]
        assert list(worklist.outdated()) == outdated
        assert worklist.has_row(str(file)) == unchanged
        assert worklist.has_row("/other.jpg")


def test_what_could_not_be_opened_is_tried_again(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.jpg")
    with Worklist() as worklist:
        worklist.know("s", [(gone, None, None)])
        worklist.add(gone)
        assert list(worklist) == [gone]


def test_the_row_of_a_file_that_is_gone_stays(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.jpg")
    with Worklist() as worklist:
        worklist.know("s", [(gone, 5, 5)])
        worklist.add(gone)
        assert (list(worklist), list(worklist.outdated())) == ([], [])
        assert worklist.unchanged == 1


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


def opened(out: Path, spec: ModelSpec, *, resume: bool = False) -> Results:
    return Results(out, spec, EXPRESSION_HEAD, resume=resume)


def write(out: Path, spec: ModelSpec, names: str, photos: int = 2, faces: int = 0) -> None:
    with opened(out, spec, resume=True) as results, ShardWriter(results, photos) as writer:
        for name in names:
            writer.add(made_up_row(f"/{name}.jpg", faces=faces))


def paths_by_shard(out: Path) -> dict[str, list[str]]:
    files = sorted(out.glob("*.parquet"))
    return {file.stem[-1]: pq.read_table(file)["path"].to_pylist() for file in files}


def test_rows_are_written_in_shards_of_bounded_size(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "abcde")
    write(out, spec, "fg")
    assert paths_by_shard(out) == {
        "1": ["/a.jpg", "/b.jpg"],
        "2": ["/c.jpg", "/d.jpg"],
        "3": ["/e.jpg"],
        "4": ["/f.jpg", "/g.jpg"],
    }


def test_a_crowd_fills_a_shard_too(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "abc", photos=10, faces=60)
    assert paths_by_shard(out) == {"1": ["/a.jpg", "/b.jpg"], "2": ["/c.jpg"]}


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
def test_ctrl_c_while_a_shard_is_written_neither_loses_nor_doubles_rows(
    out: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    write_shard, interrupted = Results.write, []

    def interrupt(results: Results, table: pa.Table, shard: Path) -> None:
        if len(interrupted) == 2 or written:
            write_shard(results, table, shard)
        if len(interrupted) < 2:
            interrupted.append(shard)
            raise KeyboardInterrupt

    monkeypatch.setattr(Results, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(out, spec, "abcd")
    assert paths_by_shard(out) == {"1": ["/a.jpg", "/b.jpg"]}


def test_a_full_disk_leaves_no_half_shard(
    out: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(out, spec, "ab")

    def fail(table: pa.Table, file: object, **options: object) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", fail)
    with pytest.raises(OSError, match="No space left"):
        write(out, spec, "cd")
    monkeypatch.undo()
    assert paths_by_shard(out) == {"1": ["/a.jpg", "/b.jpg"]}
    assert {file.suffix for file in out.iterdir()} == {".parquet", ".json", ""}


def test_what_a_kill_left_half_written_is_no_data(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "ab")
    (out / ".0123456789ab-0.parquet").write_bytes(b"PAR1half")
    assert pyarrow.dataset.dataset(out).count_rows() == 2
    with opened(out, spec, resume=True):
        assert not (out / ".0123456789ab-0.parquet").exists()


def test_dropped_rows_are_gone_and_the_others_stay(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "abcd", faces=1)
    with opened(out, spec, resume=True) as results:
        results.drop("photos-000001.parquet", {"/a.jpg"})
        results.drop("photos-000002.parquet", {"/c.jpg", "/d.jpg"})
        schema = pq.read_schema(out / "photos-000001.parquet")
    assert schema == results.schema
    assert schema.metadata == results.schema.metadata
    assert paths_by_shard(out) == {"1": ["/b.jpg"]}


def test_a_damaged_shard_is_named(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "ab")
    (out / "photos-000001.parquet").write_bytes(b"PAR1 and no more")
    broken = pytest.raises(CollectionError, match=r"photos-000001\.parquet is damaged")
    with opened(out, spec, resume=True) as results, Worklist() as worklist, broken:
        results.tell(worklist)


def test_results_that_are_there_are_gone_on_with_only_when_asked(
    out: Path, spec: ModelSpec
) -> None:
    write(out, spec, "ab")
    with pytest.raises(CollectionError, match=r"has results already\. Add --resume"):
        opened(out, spec)
    with opened(out, spec, resume=True) as results:
        assert len(results.shards()) == 1


@pytest.mark.parametrize("change", [{"name": "other"}, {"sha256": "1" * 64}])
def test_another_model_is_refused(out: Path, spec: ModelSpec, change: dict[str, str]) -> None:
    write(out, spec, "ab")
    with pytest.raises(CollectionError, match="cannot be in one table"):
        opened(out, spec.model_copy(update=change), resume=True)


def test_another_detector_is_refused(
    out: Path, spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(out, spec, "ab")
    monkeypatch.setattr("fer.folder.results.photo_detector", lambda: "views-2")
    with pytest.raises(CollectionError, match="this run has views-2"):
        opened(out, spec, resume=True)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("results/holiday.jpg", b"", "neither empty nor a folder of results"),
        ("results", b"", "is a file"),
        ("results/_run.json", b"{}", "not a record|has results already"),
    ],
)
def test_a_folder_of_something_else_is_left_alone(
    out: Path, spec: ModelSpec, name: str, content: bytes, message: str, resume: bool
) -> None:
    file = out.parent / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    with pytest.raises(CollectionError, match=message):
        opened(out, spec, resume=resume)
    assert file.read_bytes() == content


def test_two_processes_cannot_write_into_one_folder(out: Path, spec: ModelSpec) -> None:
    with opened(out, spec), pytest.raises(CollectionError, match="Another process is writing"):
        opened(out, spec, resume=True)
    with opened(out, spec, resume=True):
        pass
