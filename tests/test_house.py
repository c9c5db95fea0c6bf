"""Who imports whom, what stays out of the app's process, and what the packages export."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FORBIDDEN = {
    "fer": {"app", "training", "streamlit", "tensorflow", "keras"},
    "training": {"app", "streamlit"},
    "app": {"training", "tensorflow", "keras"},
    "benchmarks": {"tensorflow", "keras"},
}


def imported(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    wrong = {str(f.relative_to(ROOT)): imported(f) & FORBIDDEN[package] for f in files}
    assert len(files) > 1
    assert not {file: names for file, names in wrong.items() if names}


@pytest.mark.parametrize(
    "statement",
    [
        "from fer import *",
        "import fer.__main__",
        "import app.charts",
        "import benchmarks.live_path",
    ],
)
def test_tensorflow_and_keras_stay_out_of_the_process(statement: str) -> None:
    code = f"{statement}; import sys; print({{'tensorflow', 'keras'}} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_fer_exports_what_it_says() -> None:
    import fer

    assert list(fer.__all__) == sorted(fer.__all__)
    assert fer._HOMES.keys() == set(fer.__all__)
    assert all(getattr(fer, name).__module__.startswith("fer.") for name in fer.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fer.nothing  # noqa: B018


def test_files_and_functions_stay_small() -> None:
    long = []
    for package in FORBIDDEN:
        for file in (ROOT / package).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            long += [f"{file.name}: file"] if len(text.splitlines()) > 300 else []
            long += [
                f"{file.name}: {node.name}"
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.FunctionDef) and _code_lines(node) > 40
            ]
    assert not long


def _code_lines(node: ast.FunctionDef) -> int:
    """Lines of a function without its signature and docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1
