from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer.collection.results import Results
from fer.collection.staging import Staging, adopt
from fer.collection.worklist import Worklist
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from tests.fer.collection.samples import made_up_row


@pytest.fixture
def results(tmp_path: Path, spec: ModelSpec) -> Results:
    return Results(tmp_path, spec, EXPRESSION_HEAD, resume=False)


def stage(staging: Staging, file: str, names: str, results: Results) -> Path:
    rows = [made_up_row(f"/{name}.jpg", faces=1) for name in names]
    table = pa.Table.from_pylist(rows, schema=results.schema)
    pq.write_table(table, staging.rows / f"{file}.parquet")
    return staging.rows / f"{file}.parquet"


def adopted(results: Results) -> str:
    with Worklist() as worklist:
        results.tell(worklist)
        return "".join(
            path[1] for table in adopt(results, worklist) for path in table["path"].to_pylist()
        )


def names_in(results: Results) -> str:
    paths = [path for file in results.shards() for path in pq.read_table(file)["path"].to_pylist()]
    return "".join(path[1] for path in paths)


def test_a_manifest_has_so_many_paths_a_file_as_bytes(results: Results) -> None:
    staging = Staging(results)
    assert staging.write_manifest([], 2) == 0
    assert staging.write_manifest(["/a.jpg", "/\udce9.jpg", "/c.jpg"], 2) == 2
    files = sorted(staging.manifest.iterdir())
    assert [pq.read_table(file)["path"].to_pylist() for file in files] == [
        [b"/a.jpg", b"/\xe9.jpg"],
        [b"/c.jpg"],
    ]


def test_without_anything_staged_nothing_is_adopted(results: Results) -> None:
    assert adopted(results) == ""
    Staging(results).write_manifest(["/a.jpg"], 2)
    assert adopted(results) == ""
    assert names_in(results) == ""


def test_staged_rows_become_shards_once_and_the_place_is_cleared(results: Results) -> None:
    staging = Staging(results)
    stage(staging, "1", "ab", results)
    stage(staging, "2", "c", results)
    assert staging.rows_written() == 3
    assert adopted(results) == "abc"
    assert adopted(results) == ""
    assert names_in(results) == "abc"
    assert [file.name for file in results.folder.iterdir() if file.is_dir()] == []


def test_rows_of_several_runs_and_written_twice_are_there_once(results: Results) -> None:
    for names in ("abc", "bcd", "abcd"):
        stage(Staging(results), "1", names, results)
    adopted(results)
    assert sorted(names_in(results)) == ["a", "b", "c", "d"]


def test_a_file_that_a_kill_left_half_written_is_no_data(results: Results) -> None:
    staging = Staging(results)
    stage(staging, "1", "ab", results)
    half = stage(staging, "2", "cd", results)
    half.write_bytes(half.read_bytes()[:-20])
    assert staging.rows_written() == 2
    assert adopted(results) == "ab"


def test_a_kill_while_rows_are_adopted_doubles_nothing(results: Results) -> None:
    staging = Staging(results)
    for file, names in enumerate(("ab", "cd")):
        stage(staging, str(file), names, results)
    with Worklist() as worklist:
        next(adopt(results, worklist))  # its staged file still lies there
    assert adopted(results) == "cd"
    assert names_in(results) == "abcd"


def test_the_row_of_a_changed_photograph_takes_the_place_of_the_old_one(
    results: Results, tmp_path: Path
) -> None:
    photo = tmp_path / "a.jpg"
    photo.touch()
    old = made_up_row(str(photo), size=1)
    results.write(pa.Table.from_pylist([old], schema=results.schema), results.new_shard())
    with Worklist() as worklist:
        results.tell(worklist)
        worklist.add(str(photo))
        for shard, paths in worklist.outdated():
            results.drop(shard, paths)
        new = pa.Table.from_pylist([old | {"size": 0}], schema=results.schema)
        pq.write_table(new, Staging(results).rows / "1.parquet")
        assert [table["size"].to_pylist() for table in adopt(results, worklist)] == [[0]]
    [shard] = results.shards()
    assert pq.read_table(shard)["path"].to_pylist() == [str(photo)]
