"""The process between the server and its training."""

import subprocess
import sys
from pathlib import Path

from tests.app.samples import PATIENCE
from tests.samples import ROOT


def supervised(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.own_data.supervisor", str(folder), *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_it_ends_as_its_command_does_and_leaves_the_folder(tmp_path: Path) -> None:
    with supervised(
        tmp_path, sys.executable, "-c", "import sys; print('said'); sys.exit(3)"
    ) as process:
        assert process.wait(PATIENCE) == 3
        assert process.stdout
        assert process.stdout.read().split() == [b"said"]
    assert tmp_path.is_dir()


def test_it_ends_its_command_and_clears_up_when_the_server_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    (folder / "images.zip").write_bytes(b"images")
    code = "print('begun', flush=True); import time; time.sleep(3600)"
    with supervised(folder, sys.executable, "-c", code) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline().strip() == b"begun"
        process.stdin.close()  # as a server's end does, however it ends
        assert process.wait(PATIENCE) != 0
    assert not folder.exists()
