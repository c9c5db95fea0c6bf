import io
import os
from itertools import count, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from fer.errors import CollectionError
from fer.folder.local import microseconds, shown_path
from fer.folder.manifest import Worklist, check_sources, photo_paths
from fer.folder.results import Results, ShardWriter, known_rows
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from tests.fer.folder.samples import made_up_row


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with photographs (empty files will do), and with what is none."""
    names = ("b.jpg", "a.PNG", "sub/c.heic", "sub/deep/d.gif", "e.webp")
    for name in (*names, "notes.txt", ".hidden.jpg", ".thumbs/f.jpg", "sub/movie.mp4", "jpg"):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path / "photos"


def found_in(*sources: object) -> list[str]:
    return list(photo_paths(map(str, sources)))


def test_a_folder_is_searched_with_all_that_is_in_it_in_order_of_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found_in() == []
    names = ["a.PNG", "b.jpg", "e.webp", "sub/c.heic", "sub/deep/d.gif"]
    assert found_in(folder) == [str(folder / name) for name in names]
    monkeypatch.chdir(folder)
    assert found_in("sub", "b.jpg") == [str(folder / name) for name in (*names[3:], names[1])]
    album = tmp_path / "album"
    album.mkdir()
    assert found_in(album) == []
    (album / "link").symlink_to(folder / "sub" / "deep")
    (album / "gone.jpg").symlink_to(tmp_path / "nowhere")  # becomes a row that says so
    assert found_in(album) == [str(album / name) for name in ("gone.jpg", "link/d.gif")]


def test_links_that_lead_in_a_circle_are_entered_once(folder: Path) -> None:
    before = found_in(folder)
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "zz").symlink_to(folder / "sub")
    assert found_in(folder, folder) == before


def test_a_link_to_itself_ends_nothing(folder: Path) -> None:
    before = found_in(folder)
    for name in ("aa", "loop.jpg"):
        (folder / name).symlink_to(folder / name)
    problems: list[str] = []
    found = list(photo_paths([str(folder)], problems.append))
    assert sorted(found) == sorted([*before, str(folder / "loop.jpg")]), "its row will say so"
    [problem] = problems
    assert problem.startswith(f"{folder / 'aa'} cannot be read: ")


def test_an_unreadable_folder_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, problems = os.scandir, []

    def refuse(path: str) -> object:
        if path.endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list(photo_paths([str(folder)], problems.append))
    assert [Path(path).name for path in found] == ["a.PNG", "b.jpg", "e.webp"]
    assert problems == [f"{folder / 'sub'} cannot be read: Permission denied."]


LISTS = {
    "nothing": (b"", []),
    "empty lines": (b"\n\n", []),
    "files, whatever their endings": (b"x.tif\ny", ["x.tif", "y"]),
    "Windows": (b"\xef\xbb\xbfa b.jpg\r\nc.jpg\r\n", ["a b.jpg", "c.jpg"]),
    "not UTF-8": (b"\xe9.jpg\n", ["\udce9.jpg"]),
    "a null character": (b"a\0.jpg\n", ["a\0.jpg"]),
}


@pytest.mark.parametrize(("content", "names"), LISTS.values(), ids=LISTS)
def test_a_text_file_has_a_path_a_line(
    content: bytes, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos.txt").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert found_in("photos.txt") == [str(tmp_path / name) for name in names]


def test_an_address_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "photos.txt").write_text("https://example.org/a.jpg\n")
    assert found_in(tmp_path / "photos.txt") == ["https://example.org/a.jpg"]
    with pytest.raises(CollectionError, match=r"^https://example.org/a.jpg is an address"):
        check_sources(["https://example.org/a.jpg"])


def test_standard_input_has_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{folder}/sub\n{folder}/b.jpg\n"))
    assert [Path(path).name for path in found_in("-")] == ["c.heic", "d.gif", "b.jpg"]
    monkeypatch.setattr("sys.stdin", (f"{number}.jpg\n" for number in count()))
    first = islice(photo_paths(["-"]), 3)
    assert [Path(path).name for path in first] == ["0.jpg", "1.jpg", "2.jpg"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("nowhere", "does not exist"), ("sub/movie.mp4", "expected a folder, a photo")],
)
def test_a_source_of_another_kind_is_refused(folder: Path, name: str, message: str) -> None:
    with pytest.raises(CollectionError, match=message):
        check_sources([str(folder), str(folder / name)])
    check_sources(["-", str(folder), str(folder / "a.PNG"), str(folder / "notes.txt")])


#: More than are read from the database at once.
MANY = 2500


def test_without_rows_every_path_is_to_be_done_once_in_order() -> None:
    with Worklist() as worklist:
        assert (len(worklist), list(worklist)) == (0, [])
        names = [f"/{number}.jpg" for number in range(MANY, 0, -1)] + ["/\udce9.jpg"]
        assert all(worklist.add(name) for name in names)
        assert not any(worklist.add(name) for name in names)
        assert len(worklist) == MANY + 1
        assert list(worklist) == names
        assert list(worklist.outdated()) == []
    shown = [shown_path(path) for path in ("", "/é.jpg", "/\udce9.jpg")]
    assert shown == ["", "/é.jpg", "/\\xe9.jpg"], "text, whatever its bytes"


#: What the row says beyond the file's size and time; None for a file that is gone, and whether the
#: row still holds.
CHANGES = {
    "as it was": (0, 0, True, True),
    "another size": (1, 0, True, False),
    "another time": (0, 1, True, False),
    "gone, but known": (0, 0, False, True),
}


@pytest.mark.parametrize(("size", "time", "there", "unchanged"), CHANGES.values(), ids=CHANGES)
def test_a_row_holds_while_size_and_time_are_the_same(
    tmp_path: Path, size: int, time: int, there: bool, unchanged: bool
) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"123")
    status = os.stat(file)
    row = (str(file), status.st_size + size, microseconds(status) + time, True)
    if not there:
        file.unlink()
    with Worklist() as worklist:
        others = [("/other.jpg", 1, 1, False), ("/lost", None, None, True)]
        worklist.know("photos-000001.parquet", [row, *others])
        assert [worklist.add(str(file)) for _ in range(2)] == [True, False]
        assert worklist.unchanged == worklist.unchanged_errors == unchanged
        worklist.add("/lost")  # what could not be opened is tried again
        expected = [] if unchanged else [str(file)]
        assert list(worklist) == [*expected, "/lost"]
        outdated = dict(worklist.outdated())
        assert outdated == {"photos-000001.parquet": {*expected, "/lost"}}
        assert worklist.has_row(str(file)) == unchanged
        assert worklist.has_row("/other.jpg")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


def opened(out: Path, spec: ModelSpec, *, resume: bool = False) -> Results:
    return Results(out, spec, EXPRESSION_HEAD, resume=resume)


def write(out: Path, spec: ModelSpec, names: str, photos: int = 2, faces: int = 0) -> None:
    with opened(out, spec, resume=True) as results, ShardWriter(results, photos) as writer:
        for name in names:
            writer.add(made_up_row(f"/{name}.jpg", faces=faces))


def shards(out: Path) -> dict[str, str]:
    files = sorted(out.glob("*.parquet"))
    tables = {file.stem[-1]: pq.read_table(file)["path"].to_pylist() for file in files}
    return {name: "".join(path[1] for path in paths) for name, paths in tables.items()}


def test_shards_of_bounded_size_are_one_table(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "")
    assert shards(out) == {}
    write(out, spec, "abc", photos=10, faces=50)  # a crowd fills a shard too
    write(out, spec, "defgh")
    assert shards(out) == {"1": "ab", "2": "c", "3": "de", "4": "fg", "5": "h"}
    table = pyarrow.dataset.dataset(out).to_table()
    assert table.schema.metadata[b"model"] == b"fake"
    assert sorted({len(faces) for faces in table["faces"].to_pylist()}) == [0, 50]


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
    assert shards(out) == {"1": "ab"}


def test_neither_a_full_disk_nor_a_kill_leaves_half_a_shard(
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
    assert {file.suffix for file in out.iterdir()} == {".parquet", ".json", ""}
    (out / ".0123456789ab-0.parquet").write_bytes(b"PAR1half")
    assert pyarrow.dataset.dataset(out).count_rows() == 2
    with opened(out, spec, resume=True):
        assert not (out / ".0123456789ab-0.parquet").exists()
    assert shards(out) == {"1": "ab"}


def test_dropped_rows_are_gone_and_the_others_stay(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "abcd", faces=1)
    with opened(out, spec, resume=True) as results:
        results.drop("photos-000001.parquet", {"/a.jpg"})
        results.drop("photos-000002.parquet", {"/c.jpg", "/d.jpg"})
        schema = pq.read_schema(out / "photos-000001.parquet")
    assert (schema, schema.metadata) == (results.schema, results.schema.metadata)
    assert shards(out) == {"1": "b"}
    with opened(out, spec, resume=True) as results, Worklist() as worklist:
        results.tell(worklist)
        assert [worklist.has_row(f"/{name}.jpg") for name in "ab"] == [False, True]
        (out / "photos-000001.parquet").write_bytes(b"PAR1 and no more")
        with pytest.raises(CollectionError, match=r"photos-000001\.parquet is damaged"):
            results.tell(worklist)


@pytest.mark.parametrize(
    ("change", "resume", "says"),
    [
        ({}, False, r"has results already\. Add --resume"),
        ({"name": "other"}, True, "cannot be in one table"),
        ({"sha256": "1" * 64}, True, "cannot be in one table"),
        ({"detector": "views-2"}, True, "this run has views-2"),
    ],
)
def test_results_are_gone_on_with_only_when_asked_and_by_the_same(
    out: Path,
    spec: ModelSpec,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    resume: bool,
    says: str,
) -> None:
    write(out, spec, "ab")
    if detector := change.pop("detector", ""):
        monkeypatch.setattr("fer.folder.results.photo_detector", lambda: detector)
    with pytest.raises(CollectionError, match=says):
        opened(out, spec.model_copy(update=change), resume=resume)


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


def test_a_run_without_a_row_leaves_the_folder_free(out: Path, spec: ModelSpec) -> None:
    write(out, spec, "")
    with opened(out, spec.model_copy(update={"name": "other"})) as results:
        results.write(results.schema.empty_table(), results.new_shard())
    with pytest.raises(CollectionError, match="has results already"):
        opened(out, spec)


def test_the_errors_of_rows_are_known(out: Path, spec: ModelSpec) -> None:
    with opened(out, spec) as results, ShardWriter(results, 10) as writer:
        writer.add(made_up_row("/a.jpg"))
        writer.add(made_up_row("/b.jpg") | {"error": "is empty."})
    [shard] = out.glob("*.parquet")
    assert list(known_rows(shard)) == [("/a.jpg", 1, 2, False), ("/b.jpg", 1, 2, True)]


def test_a_known_line_that_can_be_no_path_is_tried_again() -> None:
    with Worklist() as worklist:
        worklist.know("photos-000001.parquet", [("/a\0.jpg", None, None, True)])
        assert worklist.add("/a\0.jpg")
        assert list(worklist) == ["/a\0.jpg"]


def test_two_processes_cannot_write_into_one_folder(out: Path, spec: ModelSpec) -> None:
    with opened(out, spec), pytest.raises(CollectionError, match="Another process is writing"):
        opened(out, spec, resume=True)
    with opened(out, spec, resume=True):
        pass
