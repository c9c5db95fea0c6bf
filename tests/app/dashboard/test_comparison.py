"""What was different about two trainings."""

from typing import Any

import pytest

from app.dashboard.comparison import differences
from fer.evaluation.report import EarlierTraining, Report
from tests.app.dashboard.samples import report

PLAIN: dict[str, Any] = {
    "network": "cnn-basic",
    "input_size": 48,
    "channels": 1,
    "augmentation": {"rotate_degrees": 0, "shift": 0, "flip": False},
}


def rows(**changes: Any) -> dict[str, tuple[str, str]]:
    first = report("first", configuration=PLAIN)
    second = report("second", **({"configuration": PLAIN} | changes))
    return {name: (a, b) for name, a, b in differences(first, second).rows}


def configured(**changes: Any) -> dict[str, Any]:
    return {"configuration": PLAIN | changes}


def test_what_is_equal_is_not_told_and_what_is_not_known_is() -> None:
    assert rows() == {}
    assert rows(configuration={})["Images"][1] == "not told"


@pytest.mark.parametrize(
    ("changes", "about", "before", "after"),
    [
        (configured(input_size=150, channels=3), "Images", "48 × 48 px, grey",
         "150 × 150 px, colour"),
        (configured(network="residual"), "Network", "plain convolutions",
         "residual blocks with batch normalisation"),
        (configured(vote_weight=0.4), "Learnt from", "labels", "labels, people's votes (FER+)"),
        ({"teachers": ("a", "b"), "teacher_weight": 1.0}, "Learnt from", "labels",
         "what a and b say"),
        ({"averaged_with": ("late",)}, "Weights averaged", "no", "with late"),
        (configured(augmentation={"flip": True}), "Changed images", "none", "moved and mirrored"),
        (configured(augmentation={f"{kind}_probability": 0.1 for kind in ("light", "blur",
         "jpeg")}), "Changed images", "none", "made poor"),
    ],
)  # fmt: skip
def test_what_is_different_is_told(
    changes: dict[str, Any], about: str, before: str, after: str
) -> None:
    found = rows(**changes)
    assert found.keys() == {about}
    assert found[about][0].startswith(before)
    assert found[about][1].startswith(after)


def test_all_trainings_of_a_chain_count() -> None:
    own: Report = report("second")
    earlier = EarlierTraining(name="start", command="", history=own.history)
    epochs = len(own.history)
    told = rows(earlier_trainings=(earlier,), initial_model="start")["Epochs"]
    assert told == (f"{epochs} epochs in 1 training", f"{2 * epochs} epochs in 2 trainings")
    unknown = EarlierTraining(name="start", command="")
    told = rows(earlier_trainings=(unknown,), initial_model="start")["Epochs"]
    assert told[1] == f"at least {epochs} epochs in 2 trainings"
