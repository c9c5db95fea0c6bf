import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image as PillowImage

from fer.__main__ import main
from fer.folder.manifest import Worklist
from fer.folder.ray_engine import Staging, adopt
from fer.folder.results import Results
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Image
from tests.fer.folder.samples import GATE, draw, made_up_row, wait_for
from tests.samples import ROOT


@pytest.fixture
def results(tmp_path: Path, spec: ModelSpec) -> Iterator[Results]:
    with Results(tmp_path, spec, EXPRESSION_HEAD, resume=False) as results:
        yield results


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


def test_staged_rows_become_shards_once_and_the_place_is_cleared(results: Results) -> None:
    staging = Staging(results)
    stage(staging, "1", "ab", results)
    stage(staging, "2", "c", results)
    half = stage(staging, "3", "de", results)  # as a kill leaves it
    half.write_bytes(half.read_bytes()[:-20])
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


def test_a_kill_while_rows_are_adopted_doubles_nothing(results: Results) -> None:
    staging = Staging(results)
    for file, names in enumerate(("ab", "cd")):
        stage(staging, str(file), names, results)
    with Worklist() as worklist:
        next(adopt(results, worklist))  # its staged file still lies there
    assert adopted(results) == "cd"
    assert names_in(results) == "abcd"


def test_a_changed_photograph_has_a_new_row_only(results: Results, tmp_path: Path) -> None:
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


#: Bytes of a node's object store; rows need next to none.
STORE = 80 * 2**20


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """Start two nodes with a core each; yields what a driver needs in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 1, "object_store_memory": STORE}
        nodes = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
        try:
            nodes.add_node(**node)
            yield os.environ | {"RAY_ADDRESS": nodes.address}
        finally:
            nodes.shutdown()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with photographs that are done at once, and more that wait for a gate."""
    names = (f"{kind}{number}.png" for kind in ("a", "wait") for number in range(12))
    draw(tmp_path / "photos", *names)
    return tmp_path / "photos"


@contextmanager
def begun(
    photos: Path, out: Path, cluster: dict[str, str], load: str = "load_fake"
) -> Iterator[subprocess.Popen]:
    """Start a driver, which does not outlast the block."""
    driver = "tests.fer.folder.driver"
    with subprocess.Popen(
        [sys.executable, "-m", driver, str(photos), str(out), "ray", load],
        cwd=ROOT,
        env=cluster,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def some_rows(out: Path) -> bool:
    """Return whether a machine has written some rows to the end of their file."""
    for file in (out / "_staged").glob("*/rows/*.parquet"):
        with suppress(OSError, pa.ArrowException):
            if pq.read_metadata(file).num_rows:
                return True
    return False


def actors() -> Iterator[psutil.Process]:
    """Yield the processes of this cluster's actors that analyse photographs."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "MapWorker(MapBatches" in " ".join([process.name(), *process.cmdline()]):
                yield process


@pytest.mark.full
@pytest.mark.parametrize("whole", [False, True], ids=["actors", "the driver"])
def test_what_is_killed_loses_nothing(
    cluster: dict[str, str], photos: Path, tmp_path: Path, whole: bool
) -> None:
    """Actors are begun again by Ray, a driver by whoever runs it."""
    out = tmp_path / "results"
    with begun(photos, out, cluster) as driver:
        wait_for(lambda: some_rows(out), driver)
        killed = [driver] if whole else [*actors()]
        for process in killed:
            process.kill()
        (photos / GATE).touch()
        if not whole:
            done, _ = driver.communicate(timeout=600)
    if whole:
        with begun(photos, out, cluster) as driver:
            done, _ = driver.communicate(timeout=600)
    assert killed
    assert driver.returncode == 0
    count = int(done.splitlines()[-1])  # above it, Ray tells of the killed
    assert count < 24 if whole else count == 24
    found = Counter(Path(path).name for path in pq.read_table(out)["path"].to_pylist())
    assert found == Counter(file.name for file in photos.glob("*.png"))
    assert not (out / "_staged").exists()


@pytest.mark.full
def test_the_rows_are_those_of_the_local_engine(
    cluster: dict[str, str], tmp_path: Path, astronaut: Image, capsys: pytest.CaptureFixture
) -> None:
    photos = tmp_path / "photos"
    draw(photos, "a.png", "b.png")
    PillowImage.fromarray(astronaut).save(photos / "c.jpg")
    (photos / "d.jpg").write_bytes(b"no image")
    common = ["folder", str(photos), "--shard-photos", "2", "--workers", "2"]
    local, ray = tmp_path / "local", tmp_path / "ray"
    assert main([*common, "--out", str(local)]) == 1
    command = [sys.executable, "-m", "fer", *common, "--out", str(ray), "--engine", "ray"]
    done = subprocess.run(command, cwd=ROOT, env=cluster, capture_output=True, text=True)
    assert done.stdout.replace(str(ray), str(local)) == capsys.readouterr().out
    assert done.returncode == 1

    def table(out: Path) -> pa.Table:
        return pq.read_table(out).sort_by("path")

    assert table(ray).equals(table(local), check_metadata=True)


def test_without_ray_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "ray.data", None)
    out = tmp_path / "results"
    assert main(["folder", str(tmp_path), "--out", str(out), "--engine", "ray"]) == 1
    assert "pip install -r requirements-scale.txt" in capsys.readouterr().err
    assert not out.exists()
