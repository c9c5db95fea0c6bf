"""The dashboard with the models that ship: every fold of every tab, every pair."""

from itertools import combinations
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.core.models.head_text import head_name
from app.core.report.text import split_evaluations, trainings
from app.core.text import escape_markdown
from app.dashboard.models import open_model
from app.dashboard.other_data import record_faces
from app.dashboard.registry import SECTIONS
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from tests.app.samples import plain_words as words
from tests.samples import ROOT, SHIPPED_MODEL

MODELS = sorted(file.parent.name for file in SHIPPED_MODEL.parent.glob("*/report.json"))
TABS = list(dict.fromkeys(entry.tab for entry in SECTIONS))


@pytest.fixture(scope="module")
def page() -> AppTest:
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    return page.switch_page("app/pages/dashboard.py").run()


def choose(page: AppTest, label: str, value: str | None) -> None:
    next(box for box in page.selectbox if box.label == label).set_value(value)
    page.run()


def open_everything(page: AppTest) -> None:
    """Open all folds of each tab, one tab after the other, and assert that none fails."""
    for entry in SECTIONS:
        page.session_state[f"dashboard_fold_{entry.title}"] = True
    for tab in TABS:
        page.session_state["dashboard_tab"] = tab
        page.run()
        assert not page.exception, (tab, page.exception)
        assert not page.error, (tab, page.error)
        (opened,) = (one for one in page.tabs if one.children)
        assert opened.get("plotly_chart"), tab


@pytest.mark.parametrize("name", MODELS)
def test_every_fold_of_every_tab_opens(page: AppTest, name: str) -> None:
    choose(page, "Compare with", None)
    choose(page, "Model", name)
    open_everything(page)
    chain = trainings(Report.load(SHIPPED_MODEL.parent / name))
    assert words(page).count("Before that: ") == len(chain) - 1


def pairs() -> list[Any]:
    """Return all pairs; those without the model that runs take long and are seldom looked at."""
    return [
        pytest.param(*pair, marks=() if SHIPPED_MODEL.name in pair else pytest.mark.full)
        for pair in combinations(MODELS, 2)
    ]


@pytest.mark.parametrize(("one", "other"), pairs())
def test_every_fold_of_every_pair_opens(page: AppTest, one: str, other: str) -> None:
    choose(page, "Compare with", None)
    choose(page, "Model", one)
    choose(page, "Compare with", other)
    open_everything(page)


def test_every_choice_of_faces_and_head_opens(page: AppTest) -> None:
    choose(page, "Compare with", None)
    choose(page, "Model", SHIPPED_MODEL.name)
    made = open_model(SHIPPED_MODEL)
    measured = {(one.faces, one.head) for one in split_evaluations(made.report)}
    measured |= {(record_faces(record), record.head) for record in made.other_data}
    faces = dict.fromkeys(name for name, _ in measured)
    box = next(box for box in page.selectbox if box.label == "Measured on")
    assert len(box.options) == len(faces)
    for name in faces:
        for head in (BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD):
            page.session_state["dashboard_split"] = name
            page.session_state["head"] = head
            page.session_state["dashboard_tab"] = TABS[0]
            page.run()
            assert not page.exception, (name, head)
            assert page.metric, (name, head)
            other_head = f"was not measured by its {escape_markdown(head_name(head))} head"
            said = "\n".join(caption.value for caption in page.caption)
            assert (other_head in said) == ((name, head) not in measured), (name, head)
