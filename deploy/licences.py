"""Write the licences of all that the app installs: ``uv run --frozen python deploy/licences.py``.

The packages are those of ``uv.lock`` that `uv sync` installs; their licences are what the installed
packages say of themselves. The table is written to docs/licences.md.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
TARGET = _ROOT / "docs" / "licences.md"

#: What packages say of themselves in words of their own, as identifiers of SPDX.
_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

#: Packages of other systems only, which cannot be asked here.
_ELSEWHERE = {"colorama": "BSD-3-Clause"}

#: Libraries in wheels whose terms ask more of who passes them on than the wheel's own licence.
_DEMANDING = {
    "libx264": "GPL-2.0-or-later",
    "libx265": "GPL-2.0-or-later",
    "libavcodec": "LGPL-2.1-or-later",
    "libheif": "LGPL-3.0-or-later",
    "libde265": "LGPL-3.0-or-later",
    "libgnutls": "LGPL-2.1-or-later",
    "libmp3lame": "LGPL-2.0-or-later",
}

_HEAD = """# Licences

What `uv sync` installs from `uv.lock`, and npm for browsers from `package-lock.json`, with what
each package says of itself. Written by `uv run --frozen python deploy/licences.py`;
`tests/test_licences.py` holds that none is missing.
FER Lens itself is [MIT](../LICENSE); for models and data see [the model card](../models/README.md).

Some wheels carry compiled libraries with terms of their own, named in the last column. To run the
app asks nothing of you. If you pass it on with them, as in a container's image, pass on those terms
too; the GPL and the LGPL ask for an offer of their source. This is not legal advice.

| package | version | licence | in its wheel (Linux) |
| --- | --- | --- | --- |
"""


def locked(lock: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the versions of all packages that the app needs, on any system, by name."""
    versions: dict[str, set[str]] = {}
    needs: dict[str, set[str]] = {}
    for package in lock["package"]:  # one that is there twice is for different Pythons
        name = package["name"]
        versions.setdefault(name, set()).update(filter(None, [package.get("version")]))
        needs.setdefault(name, set()).update(n["name"] for n in package.get("dependencies", ()))
    (own,) = (package for package in lock["package"] if package["name"] == "fer-lens")
    names = {one["name"] for one in own["dependencies"] + own["dev-dependencies"]["app"]}
    found: set[str] = set()
    while names:
        found |= names
        names = {need for name in names for need in needs[name]} - found
    return {name: tuple(sorted(versions[name])) for name in sorted(found)}


def licence(name: str) -> str:
    """Return the licence of an installed package; empty if it says none that is known.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    said = metadata.metadata(name)
    if said["License-Expression"]:
        return str(said["License-Expression"])
    ends = [c.split(" :: ")[-1] for c in said.get_all("Classifier", []) if c[:7] == "License"]
    for words in (str(said["License"] or "").strip(), *ends):
        if words in _SPDX or re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR) [A-Za-z0-9.+-]+)*", words):
            return _SPDX.get(words, words)
    return ""


def demanding(name: str) -> str:
    """Return the compiled libraries in a package's wheel whose terms ask more, with those."""
    try:
        files = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        return ""
    names = {re.split(r"[-.]", file.name)[0] for file in files if ".so" in file.name}
    return ", ".join(f"{lib}: {terms}" for lib, terms in _DEMANDING.items() if lib in names)


def table(packages: Mapping[str, tuple[str, ...]]) -> str:
    """Return the page.

    Args:
        packages: versions by name.

    Raises:
        ValueError: a licence is not known, or another version is installed.
    """
    rows = []
    for name, versions in packages.items():
        if name not in _ELSEWHERE and versions and metadata.version(name) not in versions:
            raise ValueError(
                f"{name}: expected {' or '.join(versions)} of uv.lock, found "
                f"{metadata.version(name)}; run this in the locked environment: "
                "uv run --frozen python deploy/licences.py"
            )
        if not licence(name):
            raise ValueError(f"{name}: says no licence that is known; look at it and add it here")
        rows.append(
            f"| {name} | {', '.join(versions) or 'here'} | {licence(name)} | {demanding(name)} |\n"
        )
    return _HEAD + "".join(rows)


def for_browsers(lock: Mapping[str, Any]) -> str:
    """Return rows of what npm fetches for browsers.

    Args:
        lock: ``package-lock.json``.
    """
    kept = {path: one for path, one in lock["packages"].items() if path and not one.get("dev")}
    return "".join(
        f"| {path.removeprefix('node_modules/')} | {one['version']} | {one['license']} |  |\n"
        for path, one in sorted(kept.items())
    )


def main() -> None:
    """Write the page."""
    lock = tomllib.loads((_ROOT / "uv.lock").read_text(encoding="utf-8"))
    npm = json.loads((_ROOT / "ondevice" / "package-lock.json").read_text(encoding="utf-8"))
    TARGET.write_text(table(locked(lock)) + for_browsers(npm), encoding="utf-8")
    print(f"{TARGET.relative_to(_ROOT)}: {len(locked(lock))} packages", file=sys.stderr)


if __name__ == "__main__":
    main()
