import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pyarrow.dataset
import pytest
from PIL import Image as PillowImage

from fer.errors import ModelError
from fer.folder import collect as module
from fer.folder.collect import CollectionOptions, Tally, collect
from fer.folder.local import Row
from fer.types import Image
from tests.fer.folder.driver import SHARD
from tests.fer.folder.samples import GATE, draw, load_fake, wait_for
from tests.samples import ROOT


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw(tmp_path / "photos", "a.png", "b.png", "c.png")
    return tmp_path / "photos"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the model out."""
    monkeypatch.setattr(module, "_load", lambda options: load_fake)


def rows(out: Path) -> dict[str, Row]:
    """Return the rows by the file's name; each photograph must have only one."""
    found = pyarrow.dataset.dataset(out, format="parquet").to_table().to_pylist()
    assert max(Counter(row["path"] for row in found).values(), default=1) == 1
    return {Path(row["path"]).name: row for row in found}


def run(photos: Path, out: Path, **options: Any) -> Tally:
    return collect([str(photos)], out, CollectionOptions(workers=1, **options))


def test_every_photograph_is_a_row_with_faces_or_the_error(
    photos: Path, out: Path, astronaut: Image
) -> None:
    PillowImage.fromarray(astronaut).save(photos / "d.jpg")
    (photos / "e.jpg").write_bytes(b"no image")
    tally = run(photos, out)
    assert tally == Tally(listed=5, todo=5, done=5, errors=1, faces=1)
    found = rows(out)
    assert sorted(found) == ["a.png", "b.png", "c.png", "d.jpg", "e.jpg"]
    assert [len(found[name]["faces"]) for name in ("a.png", "d.jpg")] == [0, 1]
    assert found["d.jpg"]["faces"][0]["answer"] == "happy"
    assert found["e.jpg"]["error"].startswith("is not an image")


@pytest.mark.usefixtures("fake")
def test_what_is_new_or_has_changed_is_analysed_and_the_rest_is_not(
    photos: Path, out: Path
) -> None:
    assert run(photos, out).done == 3
    before = rows(out)
    draw(photos, "b.png", "d.png", size=40)
    tally = run(photos, out, resume=True)
    assert (tally.done, tally.unchanged) == (2, 2)
    after = rows(out)
    assert sorted(after) == ["a.png", "b.png", "c.png", "d.png"]
    assert after["a.png"] == before["a.png"]
    assert after["b.png"]["size"] == (photos / "b.png").stat().st_size != before["b.png"]["size"]
    assert run(photos, out, resume=True) == Tally(listed=4, unchanged=4, todo=0)
    assert rows(out) == after


@pytest.mark.usefixtures("fake")
def test_what_is_done_is_kept_when_the_work_is_stopped(photos: Path, out: Path) -> None:
    def stop(tally: Tally) -> None:
        if tally.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect([str(photos)], out, CollectionOptions(workers=1), on_progress=stop)
    assert len(rows(out)) == 2
    assert run(photos, out, resume=True).done == 1
    assert sorted(rows(out)) == ["a.png", "b.png", "c.png"]


@pytest.mark.usefixtures("fake")
def test_names_that_are_not_text_are_analysed(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "photos"
    draw(folder, "a.png")
    os.rename(folder / "a.png", os.fsencode(folder) + b"/\xe9.png")
    assert run(folder, out).errors == 0
    assert rows(out)["\\xe9.png"]["size"]
    assert run(folder, out, resume=True).unchanged == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": Path("nowhere")}, ModelError, "is missing"),
        ({"head": "age"}, ModelError, "no head 'age'"),
    ],
)
def test_a_wrong_model_leaves_nothing(
    photos: Path, out: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(photos, out, **options)
    assert not out.exists()


def test_a_killed_run_goes_on_and_loses_nothing(tmp_path: Path, out: Path) -> None:
    photos = tmp_path / "photos"
    draw(photos, *(f"{kind}{number}.png" for kind in ("a", "wait") for number in range(10)))
    driver = "tests.fer.folder.driver"
    command = [sys.executable, "-m", driver, str(photos), str(out), "local", "load_fake"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        wait_for(lambda: len(list(out.glob("photos-*.parquet"))) == 2, process)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    (photos / GATE).touch()
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    done = rows(out)
    assert len(done) == 2 * SHARD
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert again.stdout == f"{20 - len(done)}\n"
    assert rows(out).keys() == {file.name for file in photos.glob("*.png")}
    assert all(rows(out)[name] == row for name, row in done.items())
