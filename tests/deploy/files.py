"""What the files in `deploy/` say."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from tests.samples import ROOT

DEPLOY = ROOT / "deploy"

Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage of the Dockerfile: (word, the rest)."""
    found: list[list[Instruction]] = []
    for line in (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def values(stage: Sequence[Instruction], word: str) -> list[str]:
    """Return what follows each instruction of a kind."""
    return [rest for name, rest in stage if name == word]


def environment(stage: Sequence[Instruction]) -> dict[str, str]:
    """Return the environment that a stage sets."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(values(stage, "ENV"))))


def context() -> list[str]:
    """Return the files that a build gets: those of git, but for what .dockerignore leaves out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    return [name for name in listed.stdout.decode().splitlines() if not ignored(name)]


def ignored(name: str) -> bool:
    """Return whether .dockerignore leaves a file out: the last rule that fits it decides."""
    out = False
    rules = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        starts = [""] if not rule.removeprefix("!").startswith("**/") else ["", "*/"]
        fits = any(fnmatch(name, f"{s}{pattern}{end}") for s in starts for end in ("", "/*"))
        if rule and not rule.startswith("#") and fits:
            out = not rule.startswith("!")
    return out


def copy(stage: Sequence[Instruction], folder: Path) -> None:
    """Copy into a folder what the stage copies from the repository."""
    given = context()
    for rest in values(stage, "COPY"):
        if rest.startswith("--from"):
            continue
        *sources, target = rest.split()
        assert target in ("./", *sources), f"COPY {rest}: expected the names to stay"
        for source in sources:
            names = [name for name in given if name == source or name.startswith(f"{source}/")]
            assert names, f"COPY {source}: no such file gets into the build"
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)


def compose() -> dict[str, Any]:
    """Return the compose file, with its anchors put in."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
