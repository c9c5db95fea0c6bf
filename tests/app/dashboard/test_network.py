"""The layer table grouped into blocks, and drawn."""

import xml.etree.ElementTree as ElementTree

from app.dashboard.network import blocks_of, describe_network, network_svg, units_of
from fer.evaluation.report import Layer
from tests.app.dashboard.samples import layers


def layer(name: str, *inputs: str, kind: str = "Conv2D", activation: str = "") -> Layer:
    return Layer(
        name=name, kind=kind, activation=activation, shape=(4, 4, 2), parameters=1, inputs=inputs
    )


def test_residual_blocks_are_found_with_and_without_a_layer_on_the_shortcut() -> None:
    found = blocks_of(layers())
    assert [[unit.main_layer.name for unit in block.path] for block in found] == [
        ["image"], ["conv"], ["a", "b"], ["c"], ["pool"], ["expression"], ["votes"]
    ]  # fmt: skip
    assert [layer.name for layer in found[1].path[0].layers] == ["conv", "norm", "relu"]
    assert [block.join.main_layer.name for block in found if block.join] == ["add", "sum"]
    assert [[u.main_layer.name for u in b.shortcut] for b in found if b.join] == [[], ["way"]]
    assert [b.path[0].main_layer.name for b in found if b.output] == ["expression", "votes"]
    assert (blocks_of(()), network_svg(()), describe_network(())) == ([], "", "No layers.")


def test_a_follower_with_two_readers_before_it_stands_alone() -> None:
    units = units_of((layer("x"), layer("n", "x", kind="ReLU"), layer("y", "x")))
    assert [unit.main_layer.name for unit in units] == ["x", "n", "y"]
    assert len(units_of((layer("x"), layer("n", "x", kind="ReLU")))) == 1


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


def test_an_outer_block_takes_the_inner_one() -> None:
    found = blocks_of(nested())
    assert [block.join.main_layer.name for block in found if block.join] == ["out"]
    assert [unit.main_layer.name for unit in found[1].path] == ["conv", "pool", "gate", "scaled"]


def test_the_drawing_is_valid_and_says_what_stands_where_in_words_too() -> None:
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


def test_names_cannot_break_the_drawing() -> None:
    odd = layer("<a&b", kind='"<script>', activation="'&")
    assert ElementTree.fromstring(network_svg((odd, layer("next", "<a&b")))) is not None
