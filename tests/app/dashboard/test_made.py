"""How models were made: trainings, data, settings and layers, and what differs between two."""

import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

from app.core.report.elements import Chart, Command, Facts, Note, Row, Table
from app.core.report.evaluation import adaptation, circumstances, summary
from app.core.report.text import training_time, trainings
from app.dashboard.comparison import differences
from app.dashboard.made import class_counts, flatten, network, one_training, training
from app.dashboard.models import OpenedModel
from app.dashboard.network import blocks_of, describe_network, network_svg, units_of
from fer.evaluation.metrics import Evaluation, evaluate
from fer.evaluation.report import EarlierTraining, Given, Layer, Report
from tests.app.dashboard.samples import layers, report
from tests.app.own_data.samples import adaptation as taught

FIRST = EarlierTraining(name="first", command="train first", training_seconds=60.0)
SECOND = EarlierTraining(
    name="second", command="train second", training_seconds=120.0, history=report().history[:2]
)


@pytest.mark.parametrize(
    ("teacher_weight", "averaged_with", "agrees"),
    [(0.0, (), False), (0.5, ("b",), False), (0.51, (), True)],
)
def test_agreement_with_teachers_and_a_part_of_a_mean_are_not_called_accuracy(
    teacher_weight: float, averaged_with: tuple[str, ...], agrees: bool
) -> None:
    parts = training(report(teacher_weight=teacher_weight, averaged_with=averaged_with))
    curves = next(part for part in parts if isinstance(part, Row))
    charts = [chart for chart in curves.parts if isinstance(chart, Chart)]
    assert [chart.title for chart in charts] == [
        "Loss, FER2013 head", "Accuracy, FER2013 head", "Learning rate"
    ]  # fmt: skip
    (said,) = (part.text for part in parts if isinstance(part, Note))
    assert ("agrees with them" in said) == agrees
    (facts,) = (part for part in parts if isinstance(part, Facts))
    meaning = {fact.label: fact.meaning for fact in facts.facts}
    assert ("is the mean of these weights" in meaning["Last accuracy"]) == bool(averaged_with)


def test_a_chain_of_trainings_is_told_from_a_single_one() -> None:
    before = {"initial_model": "second", "earlier_trainings": (FIRST, SECOND)}
    made = report(training_seconds=30.0, **before)
    assert [one.name for one in trainings(made)] == ["first", "second", made.name]
    assert training_time(made) == ("3 min 30 s", "3 trainings")
    note = one_training(made, 2)[0]
    assert isinstance(note, Note)
    assert note.text.startswith("Training 3 of 3.")
    assert "3 min 30 s altogether" in note.text
    assert training_time(report())[1] == ""
    assert not isinstance(one_training(report(), 0)[0], Note)
    # The curves of the first were not kept.
    said = [part.text for part in one_training(made, 0) if isinstance(part, Note)]
    assert "The curves of first were not kept. It took 1 min 00 s." in said
    assert not any(isinstance(part, Row) for part in one_training(made, 0))
    assert any(isinstance(part, Row) for part in one_training(made, 1))
    made = report(initial_model="a", training_seconds=30.0)
    assert [one.name for one in trainings(made)] == ["a", made.name]
    assert training_time(made) == ("30 s", "after a")


def test_trainings_of_one_name_and_content_are_told_apart() -> None:
    made = report("small")
    own = trainings(made)[-1]
    made = report("small", earlier_trainings=(SECOND, own, own), initial_model="small")
    parts = training(made)
    rows = (part for part in parts if isinstance(part, Row))
    keys = [part.key for row in rows for part in row.parts if isinstance(part, Chart)]
    assert len(keys) == len(set(keys)) == 4 * 3 + len(made.data.class_counts)
    said = [part.text.partition(" of ")[0] for part in parts if isinstance(part, Note)]
    numbers = [text for text in said if text.startswith("Training ")]
    assert numbers == ["Training 4", "Training 3", "Training 2", "Training 1"]
    assert [part.text for part in parts if isinstance(part, Command)] == [
        own.command, own.command, SECOND.command
    ]  # fmt: skip


def test_what_was_left_out_stands_beside_the_count() -> None:
    made = report()
    counts = {"train": {"happy": 28_000, "sad": 709}, "validation": {"happy": 1, "sad": 1}}
    dropped = {"blank": 12, "not a face": 2, "also held out": 340}
    data = made.data.model_copy(update={"class_counts": counts, "dropped": dropped})
    train, validation = class_counts(made.model_copy(update={"data": data})).parts
    assert isinstance(train, Chart)
    assert isinstance(validation, Chart)
    assert train.title == "Faces of train: 28,709"
    assert train.caption.startswith("It learnt from 28,355 of them. Left out: 12 without a picture")
    assert validation.caption == ""


def test_before_and_after_are_those_of_the_record() -> None:
    record = taught()
    old, new = Given(answered=0.5, right=0.75), Given(answered=0.6, right=0.8)
    given = {"given_before": old, "given_after": new}
    cost = record.replay_changes[0].model_copy(update=given)
    record = record.model_copy(update={"replay_changes": (cost,)})
    facts, first, table, last = adaptation(record)
    assert isinstance(facts, Facts)
    assert [fact.value for fact in facts.facts] == [
        f"{one.accuracy:.1%}" for one in (record.own_changes[0].before, record.own_changes[0].after)
    ]
    assert isinstance(first, Note)
    assert isinstance(table, Table)
    assert isinstance(last, Note)
    own, cost = record.own_changes[0], record.replay_changes[0]
    assert [row[0] for row in table.rows] == ["your-data.zip, test", "fer2013.npz, validation"]
    for row, change in zip(table.rows, (own, cost), strict=True):
        assert row[3:5] == (f"{change.before.accuracy:.1%}", f"{change.after.accuracy:.1%}")
        assert all(row[3] in first.text and row[4] in first.text for row in table.rows)
        assert row[5].startswith("+" if change.gained > 0 else "−")
    assert [row[8:] for row in table.rows] == [("–", "–"), ("50.0% → 60.0%", "75.0% → 80.0%")]


@pytest.mark.parametrize(
    ("before", "after", "count", "says"),
    [
        (6, 6, 6, "6 faces cannot tell whether it got better"),
        (0, 6, 6, ""),  # all six differ: by chance, that happens in 3 of 100 cases
        (1, 6, 6, "6 faces cannot tell whether it got better"),
        (6, 1, 6, "6 faces cannot tell whether it got better"),
        (28, 34, 40, "That may be chance"),
        (34, 28, 40, "That may be chance"),
        (100, 190, 200, ""),
        (190, 100, 200, ""),
    ],
)
def test_few_faces_cannot_tell_whether_it_got_better(
    before: int, after: int, count: int, says: str
) -> None:
    def right_about(right: int) -> Evaluation:
        answers = np.eye(2)[[0] * right + [1] * (count - right)] * 0.8 + 0.1
        return evaluate(np.zeros(count, int), answers, ("happy", "sad"))

    change = (
        taught()
        .own_changes[0]
        .model_copy(update={"before": right_about(before), "after": right_about(after)})
    )
    said = summary(taught(own_changes=(change,)))
    assert (says or "points). On ") in said
    assert ("chance" in said) == bool(says)


def test_what_was_learnt_replayed_and_left_out() -> None:
    said = circumstances(taught())
    assert "learnt from 29 faces of your-data.zip in 2 min 05 s" in said
    assert "560 faces of fer2013.npz, which compact had learnt from" in said
    assert "Left out, since it does not know these expressions: 3 contempt." in said
    alone = taught(replay=None, replay_changes=(), calibration="kept")
    assert "What it forgot is not known" in summary(alone)
    assert "those of the initial model" in circumstances(alone)
    assert "replayed" not in circumstances(alone)


def test_a_layer_names_what_it_reads_unless_that_is_the_one_above() -> None:
    (row,) = network(report())
    assert isinstance(row, Row)
    table = row.parts[1]
    assert isinstance(table, Table)
    said = {cells[0]: cells[1].replace("\u200b", "") for cells in table.rows}
    assert said["image"] == "InputLayer"
    assert said["conv"] == "Conv2D 3×3, stride 2"
    assert said["add"] == "Add of b and relu"
    assert said["way"] == "Conv2D 1×1, stride 2 of add"
    texts = [column for column in table.columns if table.is_text(column)]
    assert texts == ["Layer", "What it does"]


PLAIN: dict[str, Any] = {
    "network": "cnn-basic",
    "input_size": 48,
    "channels": 1,
    "augmentation": {"rotate_degrees": 0, "shift": 0, "flip": False},
}


def opened(made: Report) -> OpenedModel:
    return OpenedModel(made.name, made, None, ())


def rows(**changes: Any) -> dict[str, tuple[str, str]]:
    first = opened(report("first", configuration=PLAIN))
    second = opened(report("second", **({"configuration": PLAIN} | changes)))
    return {name: (a, b) for name, a, b in differences(first, second).rows}


def configured(**changes: Any) -> dict[str, Any]:
    return {"configuration": PLAIN | changes}


def test_what_is_equal_is_not_told_and_a_chain_counts() -> None:
    assert rows() == {}
    assert rows(configuration={})["Images"][1] == "not told"
    own: Report = report("second")
    earlier = EarlierTraining(name="start", command="", history=own.history)
    epochs = len(own.history)
    told = rows(earlier_trainings=(earlier,), initial_model="start")["Epochs"]
    assert told == (f"{epochs} epochs in 1 training", f"{2 * epochs} epochs in 2 trainings")
    unknown = EarlierTraining(name="start", command="")
    told = rows(earlier_trainings=(unknown,), initial_model="start")["Epochs"]
    assert told[1] == f"at least {epochs} epochs in 2 trainings"


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
def test_differences_are_told(changes: dict[str, Any], about: str, before: str, after: str) -> None:
    found = rows(**changes)
    assert found.keys() == {about}
    assert found[about][0].startswith(before)
    assert found[about][1].startswith(after)


def test_two_of_three_ways_to_spoil_a_picture_are_none() -> None:
    two = dict.fromkeys(("light_probability", "blur_probability"), 0.1)
    assert not rows(**configured(augmentation=two))


def layer(name: str, *inputs: str, kind: str = "Conv2D", activation: str = "") -> Layer:
    return Layer(
        name=name, kind=kind, activation=activation, shape=(4, 4, 2), parameters=1, inputs=inputs
    )


def test_residual_and_outer_blocks_are_found() -> None:
    found = blocks_of(layers())
    assert [[unit.main_layer.name for unit in block.path] for block in found] == [
        ["image"], ["conv"], ["a", "b"], ["c"], ["pool"], ["expression"], ["votes"]
    ]  # fmt: skip
    assert [layer.name for layer in found[1].path[0].layers] == ["conv", "norm", "relu"]
    assert [block.join.main_layer.name for block in found if block.join] == ["add", "sum"]
    assert [[u.main_layer.name for u in b.shortcut] for b in found if b.join] == [[], ["way"]]
    assert [b.path[0].main_layer.name for b in found if b.output] == ["expression", "votes"]
    assert (blocks_of(()), network_svg(()), describe_network(())) == ([], "", "No layers.")
    units = units_of((layer("x"), layer("n", "x", kind="ReLU"), layer("y", "x")))
    assert [unit.main_layer.name for unit in units] == ["x", "n", "y"]
    assert len(units_of((layer("x"), layer("n", "x", kind="ReLU")))) == 1
    found = blocks_of(nested())
    assert [block.join.main_layer.name for block in found if block.join] == ["out"]
    assert [unit.main_layer.name for unit in found[1].path] == ["conv", "pool", "gate", "scaled"]


def test_no_layer_is_lost_or_drawn_twice() -> None:
    for table in (layers(), (layer("x"),), nested()):
        drawn = [
            each.name
            for block in blocks_of(table)
            for unit in (*block.path, *block.shortcut, *([block.join] if block.join else []))
            for each in unit.layers
        ]
        assert sorted(drawn) == sorted(each.name for each in table)


def nested() -> tuple[Layer, ...]:
    """Return a block with a gate inside, as squeeze and excitation has it."""
    return (
        layer("in", kind="InputLayer"),
        layer("conv", "in"),
        layer("pool", "conv", kind="GlobalAveragePooling2D"),
        layer("gate", "pool", kind="Dense"),
        layer("scaled", "conv", "gate", kind="Multiply"),
        layer("out", "scaled", "in", kind="Add"),
    )


def test_the_drawing_is_valid_and_says_what_stands_where() -> None:
    root = ElementTree.fromstring(network_svg(layers()))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Picture" in texts
    assert "Conv 3×3, stride 2" in texts
    assert "12 × 12 × 16" in texts
    assert "1×1" in texts
    assert {"expression", "votes"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 2
    assert describe_network(layers()) == (
        "Network from a picture of 48 × 48 × 1: 5 convolutions, 2 of its 7 blocks with a "
        "shortcut; outputs: expression (7), votes (8)."
    )
    odd = layer("<a&b", kind='"<script>', activation="'&")
    assert ElementTree.fromstring(network_svg((odd, layer("next", "<a&b")))) is not None


def test_settings_are_rows_of_dotted_names() -> None:
    settings = {"widths": [8, 16], "augmentation": {"flip": True, "light": None}}
    rows = [("widths", "8, 16"), ("augmentation.flip", "yes"), ("augmentation.light", "–")]
    assert flatten(settings) == rows
