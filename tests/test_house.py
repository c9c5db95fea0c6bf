"""Who imports whom, what stays out of the app's process, and what the packages export."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.samples import ROOT

FORBIDDEN = {
    "fer": {"app", "training", "streamlit", "tensorflow", "keras"},
    "training": {"app", "streamlit"},
    "app": {"training", "tensorflow", "keras"},
    "tools": {"tensorflow", "keras"},
}

#: Most lines of a file, and of a function's body.
FILE_LINES, FUNCTION_LINES = 450, 50


@cache
def nodes(file: Path) -> list[ast.AST]:
    """Return all that a file says, itself first."""
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def imported(file: Path) -> set[str]:
    names = {a.name for node in nodes(file) if isinstance(node, ast.Import) for a in node.names}
    names |= {n.module or "" for n in nodes(file) if isinstance(n, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    wrong = {str(f.relative_to(ROOT)): imported(f) & FORBIDDEN[package] for f in files}
    assert len(files) > 1
    assert not {file: names for file, names in wrong.items() if names}


#: The modules of the app that show something, or serve those: they alone know Streamlit.
VIEWS = {
    "app.core.components",
    "app.core.models.running_model",
    "app.core.session.clicks",
    "app.core.layout",
    "app.core.state",
    "app.core.uploaders",
    "app.core.session.tabs",
    "app.dashboard.page",
    "app.core.report.view",
    "app.core.server.streamlit_memory",
    "app.core.server.websocket_guard",
    "app.core.server.start",
    "app.core.server.gate",
    "app.live.device.component",
    "app.live.device.served",
    "app.live.device.view",
    "app.live.notices",
    "app.core.stream_charts.view",
    "app.live.session_view",
    "app.live.state",
    "app.live.view",
    "app.live.webrtc",
    "app.live.webrtc_patches",
    "app.core.server.notice",
    "app.core.server.metrics",
    "app.core.server.operator_view",
    "app.own_data.view",
    "app.pages.about",
    "app.pages.live",
    "app.pages.own_data",
    "app.pages.photos",
    "app.pages.video",
    "app.photos.inputs",
    "app.photos.photo_view",
    "app.photos.results_view",
    "app.own_data.fine_tuning_view",
    "app.video.inputs",
    "app.video.view",
}


def modules(package: str) -> dict[str, Path]:
    """Return every module of a package by its dotted name."""
    files = sorted((ROOT / package).rglob("*.py"))
    names = (".".join(f.relative_to(ROOT).with_suffix("").parts) for f in files)
    return {n.removesuffix(".__init__"): f for n, f in zip(names, files, strict=True)}


#: The page rooms of the app: side by side, none imports another; below all of them is `core`.
ROOMS = {"photos", "own_data", "video", "live", "dashboard"}


def test_page_rooms_know_what_is_below_them_but_not_each_other() -> None:
    upwards = set()
    for name, file in modules("app").items():
        floor = name.split(".")[1] if "." in name else ""
        allowed = {"core", floor} if floor in ROOMS else {"core"}
        text = file.read_text(encoding="utf-8")
        used = set(re.findall(r"^\s*(?:from|import) app\.(\w+)", text, re.MULTILINE))
        if floor != "pages":
            upwards |= {(name, other) for other in used - allowed}
    assert {file.name for file in (ROOT / "app").iterdir() if file.is_dir()} >= ROOMS
    assert not upwards


def test_only_views_import_streamlit() -> None:
    known = {"streamlit", "streamlit_webrtc"}
    assert {n for n, f in modules("app").items() if known & imported(f)} == VIEWS


def test_what_shows_nothing_does_not_load_streamlit_by_way_of_another() -> None:
    # Pages run when they are imported, so they are views even where they only call one.
    others = [n for n in modules("app") if n not in VIEWS and not n.startswith("app.pages.")]
    code = f"import {', '.join(others)}, sys; print('streamlit' in sys.modules)"
    assert _printed_by(code) == "False"


#: The modules that touch what other packages do not offer publicly: they alone.
PATCHES = {
    "app.core.server.streamlit_memory",
    "app.core.server.websocket_guard",
    "app.core.session.clicks",
    "app.core.session.tabs",
    "app.core.server.metrics",
    "app.live.device.served",
    "app.live.webrtc_patches",
    "training.keras_private",
}

#: Of these packages, only what can be imported from the package itself is public.
_FLAT = ("keras", "streamlit", "streamlit_webrtc")


def test_only_patches_touch_what_others_do_not_offer_publicly() -> None:
    files = {n: f for package in ("app", "fer", "training") for n, f in modules(package).items()}
    assert {name for name, file in files.items() if not_public(file)} == PATCHES


def not_public(file: Path) -> set[str]:
    """Return the private attributes of others' objects, and the private modules, that it uses."""
    found = set()
    for node in nodes(file):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(attr=name) if re.match("_[^_]", name):
                found.add(name)
            case ast.Import(names=names):
                found |= {name.name for name in names if _is_private(name.name)}
            case ast.ImportFrom(module=str(module)) if _is_private(module):
                found.add(module)
    return found


def _is_private(module: str) -> bool:
    first, *rest = module.split(".")
    return bool(rest) and (first in _FLAT or any(part.startswith("_") for part in rest))


def patches() -> dict[str, str]:
    """Return the docstring of each function of `PATCHES`."""
    found = {}
    for name in sorted(PATCHES):
        module = nodes(ROOT / f"{name.replace('.', '/')}.py")[0]
        functions = [f for f in ast.iter_child_nodes(module) if isinstance(f, ast.FunctionDef)]
        found |= {f.name: " ".join((ast.get_docstring(f) or "").split()) for f in functions}
    return found


@pytest.mark.parametrize("patch", patches())
def test_a_patch_says_where_it_was_seen_what_it_is_for_and_when_it_can_go(patch: str) -> None:
    says = patches()[patch]
    assert "Without it, " in says
    assert "It can go when " in says
    seen = re.search(r"Seen in (.+?)\. ", says + " ")
    assert seen
    versions = dict(re.findall(r"([\w-]+) (\d+(?:\.\d+)+)", seen[1].lower()))
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line.split("#")[0]) for line in lines if line[:1] not in "#-"]
    known = {need.name: need.specifier for need in wanted if need.name in versions}
    assert known
    assert all(needs.contains(versions[name]) for name, needs in known.items())


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    files = {name: file for package in FORBIDDEN for name, file in modules(package).items()}
    graph = {name: imported_modules(file) & files.keys() - {name} for name, file in files.items()}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def imported_modules(file: Path) -> set[str]:
    """Return what a module imports when it is imported, by dotted name."""
    found: set[str] = set()
    for node in _run_on_import(nodes(file)[0]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all statements but those inside functions and under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        checking = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if not checking and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _run_on_import(child)


@pytest.mark.parametrize(
    "statement",
    [
        "from fer import *",
        "import fer.__main__",
        "import app.core.charts",
        "import tools.live_path",
        "import training.__main__",
    ],
)
def test_tensorflow_and_keras_stay_out_of_the_process(statement: str) -> None:
    code = f"{statement}; import sys; print({{'tensorflow', 'keras'}} & sys.modules.keys())"
    assert _printed_by(code) == "set()"


def _printed_by(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_no_merge_was_left_half_done() -> None:
    marks = re.compile(rb"^(<{7} |>{7} )", re.MULTILINE)
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in names.stdout.decode().split("\0") if name]
    assert files
    assert [f.name for f in files if f.is_file() and marks.search(f.read_bytes())] == []


def test_fer_exports_what_it_says() -> None:
    import fer

    assert list(fer.__all__) == sorted(fer.__all__)
    assert fer._EXPORTS.keys() == set(fer.__all__)
    assert all(getattr(fer, name).__module__.startswith("fer.") for name in fer.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fer.nothing  # noqa: B018


def test_files_and_functions_stay_small() -> None:
    long = []
    for package in FORBIDDEN:
        for file in (ROOT / package).rglob("*.py"):
            lines = file.read_text(encoding="utf-8").count("\n")
            long += [f"{file.name}: file"] if lines > FILE_LINES else []
            long += [
                f"{file.name}: {node.name}"
                for node in nodes(file)
                if isinstance(node, ast.FunctionDef) and _code_lines(node) > FUNCTION_LINES
            ]
    assert not long


def _code_lines(node: ast.FunctionDef) -> int:
    """Lines of a function without its signature and docstring."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1
