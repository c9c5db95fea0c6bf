"""Licences of all that is installed, and what else is known of it: hashes and a list of parts."""

import json
import runpy
import subprocess
import tomllib
from importlib import metadata
from typing import Any

import pytest

from tests.samples import ROOT

LICENCES: dict[str, Any] = runpy.run_path(str(ROOT / "deploy" / "licences.py"))
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
NPM = json.loads((ROOT / "ondevice" / "package-lock.json").read_text(encoding="utf-8"))
FOR_BROWSERS: str = LICENCES["for_browsers"](NPM)
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: rest for name, *rest in cells}


def test_a_lock_without_dependencies_has_no_rows() -> None:
    own = {"name": "fer-lens", "dependencies": [], "dev-dependencies": {"app": []}}
    assert LICENCES["locked"]({"package": [own]}) == {}
    assert LICENCES["for_browsers"]({"packages": {"": {}}}) == ""
    assert LICENCES["table"]({}).endswith("| --- | --- | --- | --- |\n")


def test_every_locked_package_is_there_with_its_versions_and_a_licence() -> None:
    packages = LICENCES["locked"](LOCK)
    assert len(packages) > 50
    written = rows()
    assert "| @litertjs/core |" in FOR_BROWSERS
    assert FOR_BROWSERS in PAGE
    others = {line.split("|")[1].strip() for line in FOR_BROWSERS.splitlines()}
    assert written.keys() == packages.keys() | others
    for name, versions in packages.items():
        assert written[name][0] == (", ".join(versions) or "here"), "run deploy/licences.py again"
        assert written[name][1], name


def test_no_licence_forbids_what_the_app_is_for() -> None:
    known = {"MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "ISC",
             "MPL-2.0", "PSF-2.0", "Zlib", "CC0-1.0"}  # fmt: skip
    words = {word for row in rows().values() for word in row[1].split()} - {"AND", "OR"}
    assert words <= known


def test_a_package_of_another_version_or_without_a_licence_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match=r"numpy: expected 0\.1 of uv\.lock, found"):
        LICENCES["table"]({"numpy": ("0.1",)})
    nameless = metadata.metadata("numpy")
    del nameless["License-Expression"], nameless["License"], nameless["Classifier"]
    monkeypatch.setattr(metadata, "metadata", lambda name: nameless)
    with pytest.raises(ValueError, match="numpy: says no licence that is known"):
        LICENCES["table"]({"numpy": ()})


def exported(*options: str) -> bytes:
    """Return what uv says of the lock; it comes with requirements-dev.txt."""
    command = ["uv", "export", "--quiet", "--offline", "--frozen", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


def test_the_list_of_parts_and_what_is_audited_have_every_package_with_its_hashes() -> None:
    parts = json.loads(exported("--format", "cyclonedx1.5"))
    assert (parts["bomFormat"], parts["specVersion"]) == ("CycloneDX", "1.5")
    listed = {part["name"]: part for part in parts["components"]}
    here = {"fer-lens", "fer-lens-ondevice"}
    installed = LICENCES["locked"](LOCK).keys()
    assert installed <= listed.keys() | here
    for name, part in listed.items():
        files = part.get("externalReferences", [])
        assert name in here or files
        assert all(one["alg"] == "SHA-256" for file in files for one in file["hashes"])
    text = exported("--no-emit-project", "--no-emit-local", "--no-header").decode()
    lines = text.replace("\\\n", " ").splitlines()
    audited = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert {line.split("==")[0] for line in audited} == installed - here
    assert all("--hash=sha256:" in line for line in audited)
