import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

import fer
from fer.__main__ import main
from fer.commands import photo as photo_command
from tests.fer.folder.samples import draw
from tests.samples import ROOT


@pytest.mark.parametrize(
    ("started", "name"),
    [
        ("-c", "python -m fer"),
        ("/site/fer/__main__.py", "python -m fer"),
        ("/bin/fer-lens", "fer-lens"),
        ("fer-lens.exe", "fer-lens"),
    ],
)
def test_the_help_names_the_command_as_it_was_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, started: str, name: str
) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {name} [")


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"FER Lens {fer.__version__}\n"


def test_ctrl_c_is_no_traceback_and_its_own_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(arguments: Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(photo_command, "run", interrupted)
    assert main(["photo", "picture.png"]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_a_reader_that_has_seen_enough_causes_no_error(tmp_path: Path) -> None:
    draw(tmp_path, "wall.png")
    command = [sys.executable, "-m", "fer", "photo", tmp_path / "wall.png", "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""  # nor anything that LiteRT has to say
    assert process.returncode == 0
