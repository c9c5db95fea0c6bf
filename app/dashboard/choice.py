"""Selection of models and evaluations, and loading of models with warnings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.core.models.head_picker import choose_measured
from app.core.models.head_text import NAMES
from app.core.models.model_choice import chosen_model
from app.core.paths import models_dir, without_folder
from app.core.report.text import SPLITS_EXPLAINED, split_evaluations
from app.core.text import escape_markdown
from app.dashboard.models import OpenedModel, model_names, open_model
from app.dashboard.sections.other_data import FURTHER, record_faces, record_title, record_ways
from app.dashboard.sections.performance import DUPLICATES
from fer.errors import ModelError
from fer.evaluation.other_data import OtherData
from fer.evaluation.report import EarlierTraining
from fer.labels import EXPRESSION_HEAD


def choose_models(names: Sequence[str]) -> list[str]:
    """Let the visitor choose one or two models; that which answers on the pages is the default."""
    running = chosen_model().name
    here = chosen_model().resolve() == (models_dir() / running).resolve()

    def title(name: str) -> str:
        return f"{name} (running)" if here and name == running else name

    first = st.selectbox(
        "Model",
        names,
        format_func=title,
        index=names.index(running) if running in names else 0,
        key=f"dashboard_model_{running}",  # whoever chooses another model sees that one first
        width=220,
        persist_state="session",
    )
    others = [name for name in names if name != first]
    if not others:
        return [first]
    second = st.selectbox(
        "Compare with",
        others,
        index=None,
        placeholder="no other",
        format_func=title,
        key="dashboard_other",
        width=220,
        persist_state="session",
    )
    return [first, second] if second else [first]


def open_with_warnings(name: str) -> OpenedModel | None:
    """Load a model and show what is wrong with it; return None if its report is unreadable."""
    folder = models_dir()
    if name not in model_names(folder):  # a browser may say anything
        st.error("**There is no such model** among those here.", icon=":material/error:")
        return None
    try:
        model = open_model(folder / name)
    except ModelError as error:
        st.error(
            f"**The report of {escape_markdown(name)} cannot be shown.** "
            + escape_markdown(without_folder(str(error), folder.parent)),
            icon=":material/error:",
        )
        return None
    if model.report_alone:
        st.caption(
            f":material/description: Of {escape_markdown(name)}, the report is kept here, without "
            "the network: it is for comparing, and answers on no page. *Record* has the command "
            "that trains it again."
        )
    if model.problems:
        st.warning(
            f"**The figures may not be those of {escape_markdown(name)} as it is now.** "
            + " ".join(map(escape_markdown, model.problems))
            + " Train or export it again, or bring the measured files back.",
            icon=":material/warning:",
        )
    return model


def choose_faces(models: Sequence[OpenedModel]) -> str | None:
    """Let the visitor choose what models were measured on; None if they were not measured.

    The splits of their data sets come first, then held-out faces and other data.
    """
    splits = [m.faces for model in models for m in split_evaluations(model.report)]
    further = [record_faces(record) for model in models for record in model.other_data]
    names = list(dict.fromkeys((*splits, *further)))
    if not names:
        return None
    return st.selectbox(
        "Measured on",
        names,
        key="dashboard_split",
        help=escape_markdown(f"{SPLITS_EXPLAINED} {DUPLICATES} {FURTHER}"),
        persist_state="session",
    )


def choose_head(models: Sequence[OpenedModel]) -> str:
    """Let the visitor choose the head whose figures are shown, if several were measured.

    The head that answers on the pages is the default, and who chooses another one here gets its
    answers there.
    """
    heads = {m.head for model in models for m in split_evaluations(model.report)}
    usual = next((model.spec.default_head for model in models if model.spec), EXPRESSION_HEAD)
    return choose_measured([head for head in NAMES if head in heads] or [usual], usual)


def choose_training(chain: Sequence[EarlierTraining], *, key: str) -> EarlierTraining:
    """Let the visitor choose between the trainings that led to a model, if there were several.

    Args:
        chain: the trainings, first to last; the last is the default.
        key: prefix of the widget key, unique on the page.
    """
    if len(chain) < 2:
        return chain[-1]
    numbers = range(1, len(chain) + 1)
    chosen = st.segmented_control(
        "Training",
        list(numbers),
        format_func=lambda number: f"{number} {escape_markdown(chain[number - 1].name)}",
        default=len(chain),
        required=True,
        key=f"{key}_training",
        wrap=True,
        persist_state="session",
    )
    return chain[chosen - 1]


def choose_record(records: Sequence[OtherData], head: str, *, key: str) -> tuple[OtherData, str]:
    """Let the visitor choose a measurement on other data, and how its answers are counted.

    Args:
        records: the measurements.
        head: name of the head whose first measurement is the default.
        key: prefix of the widget keys, unique on the page.

    Returns:
        The measurement, and one of `record_ways`.
    """
    names = [record_title(record) for record in records]
    first = next((n for n, record in enumerate(records) if record.head == head), 0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Measurement",
            range(len(records)),
            index=first,
            format_func=names.__getitem__,
            key=f"{key}_record_{head}",  # whoever chooses another head sees its figures first
            width=420,
            persist_state="session",
        )
        offered = record_ways(records[number])
        way = offered[0]
        if len(offered) > 1:
            way = st.segmented_control(
                "Answers",
                offered,
                default=way,
                required=True,
                key=f"{key}_way",
                persist_state="session",
            )
    return records[number], way
