"""What happens where pip has written the package ``fer`` on PyPI and this one into one folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fer.namesake import missing_init, refuse_mixture
from tests.samples import ROOT

#: The other package's, as far as it matters: it sets facts about itself and imports nothing.
OTHER_INIT = '__version__ = "25.10.3"\n__title__ = "fer"\n'

START = {
    "module": ["-m", "fer"],
    "script": ["-c", "import sys; from fer.__main__ import main; sys.exit(main())"],
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages that has a copy of this one."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "fer", tmp_path / "site" / "fer", ignore=ignored)
    return tmp_path / "site"


def python(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in an empty folder, where only the installed copy can be found."""
    empty = site.with_name("empty")
    empty.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=empty,
        env=os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], ""),
        (["__init__.py", "analyzer.py", "images.py"], ""),
        (["fer.py"], "fer.py"),
        (["__init__.py", "utils.py", "fer.py", "classes.py"], "classes.py, fer.py, utils.py"),
    ],
    ids=["empty", "ours alone", "one of theirs", "both"],
)
def test_a_mixture_is_known_by_its_file_names(tmp_path: Path, files: list[str], found: str) -> None:
    for name in files:
        (tmp_path / name).touch()
    if not found:
        refuse_mixture(str(tmp_path))
        return
    with pytest.raises(ImportError, match="pip uninstall fer fer-lens") as error:
        refuse_mixture(str(tmp_path))
    assert f"found {found} in {tmp_path}." in str(error.value)


def test_installed_over_the_other_package_its_import_says_what_to_do(site: Path) -> None:
    assert missing_init() is None, "in a checkout"
    done = python(site, "-c", "import fer; print(fer.__file__)")
    assert done.stdout.strip() == str(site / "fer" / "__init__.py")
    (site / "fer" / "fer.py").touch()
    done = python(site, "-c", "import fer")
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith("ImportError: FER Lens lies in one folder with the package `fer`")
    assert f"found fer.py in {site / 'fer'}." in last


@pytest.mark.parametrize(
    ("name", "instead"), [("FER", r"fer\.analyze\(picture\)"), ("Video", r"fer\.Stream\(\)")]
)
def test_a_name_of_the_other_package_leads_to_ours(name: str, instead: str) -> None:
    with pytest.raises(ImportError, match=f"^FER Lens has no '{name}': use {instead}"):
        exec(f"from fer import {name}")


@pytest.mark.parametrize("there", [True, False], ids=["under it", "it was uninstalled"])
@pytest.mark.parametrize("start", START)
def test_without_our_init_there_is_one_clear_line(site: Path, start: str, there: bool) -> None:
    """The other package's removal takes away the file that both have."""
    if there:
        (site / "fer" / "__init__.py").write_text(OTHER_INIT)
        (site / "fer" / "fer.py").write_text("raise ImportError('needs TensorFlow')")
    else:
        (site / "fer" / "__init__.py").unlink()
    done = python(site, *START[start], "photo", "picture.jpg")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("error: FER Lens is incomplete: the package `fer` on PyPI")
    assert "pip uninstall fer fer-lens" in line
