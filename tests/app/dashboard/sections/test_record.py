"""The layers of a network and the settings of its training, as tables."""

from app.core.report.elements import Row, Table
from app.dashboard.sections.record import flatten, network
from tests.app.dashboard.samples import report


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
    assert [column for column in table.columns if table.is_text(column)] == [
        "Layer",
        "What it does",
    ]


def test_settings_are_rows_of_dotted_names() -> None:
    settings = {"widths": [8, 16], "augmentation": {"flip": True, "light": None}, "network": "cnn"}
    assert flatten(settings) == [
        ("widths", "8, 16"),
        ("augmentation.flip", "yes"),
        ("augmentation.light", "–"),
        ("network", "cnn"),
    ]
