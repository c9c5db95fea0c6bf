"""Which runs of fragments are left out: those of a page that is shown no more."""

from types import SimpleNamespace

import pytest
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner

from app.session import left_pages
from app.session.left_pages import forget_left_pages


def runner_class() -> type[ScriptRunner]:
    """Return a class of script runners of its own, whose runs are noted, not started."""

    class Runner(ScriptRunner):
        def __init__(self) -> None:
            self.runs: list[RerunData] = []

        def _run_script(self, rerun_data: RerunData) -> None:
            self.runs.append(rerun_data)

    return Runner


@pytest.mark.parametrize(
    ("shown", "asked", "runs"),
    [
        ("", RerunData(), True),
        ("about", RerunData(), True),
        ("about", RerunData(page_script_hash="live"), True),  # back to the other page
        ("", RerunData(page_script_hash="live", fragment_id_queue=["a"]), True),
        ("live", RerunData(page_script_hash="live", fragment_id_queue=["a"]), True),
        ("about", RerunData(fragment_id_queue=["a"]), True),
        ("about", RerunData(page_script_hash="live", fragment_id_queue=["a"]), False),
        ("about", RerunData(page_script_hash="live", fragment_id_queue=["a", "b"]), False),
    ],
)
def test_only_fragments_of_the_page_that_is_shown_run(
    shown: str, asked: RerunData, runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = SimpleNamespace(page_script_hash=shown)
    monkeypatch.setattr(left_pages, "get_script_run_ctx", lambda **_: context)
    kind = runner_class()
    forget_left_pages(kind)
    forget_left_pages(kind)  # each run of a page asks for it
    runner = kind()
    runner._run_script(asked)
    assert runner.runs == ([asked] if runs else [])  # type: ignore[attr-defined]


def test_without_a_page_all_run() -> None:
    kind = runner_class()
    forget_left_pages(kind)
    runner = kind()
    asked = RerunData(page_script_hash="live", fragment_id_queue=["a"])
    runner._run_script(asked)
    assert runner.runs == [asked]  # type: ignore[attr-defined]


def test_a_version_that_runs_scripts_in_another_way_is_left_alone() -> None:
    other = type("Other", (), {})
    forget_left_pages(other)
    assert not hasattr(other, "_run_script")
