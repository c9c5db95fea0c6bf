"""Grouping of the layer table into a few blocks: convolutions, residual blocks and outputs.

It relies only on the kinds, shapes and connections of layers, not on their names. Does not use
Streamlit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fer.evaluation.report import Layer

#: Kinds of layers that are merged into the layer before them.
_FOLLOWERS = {
    "Activation",
    "BatchNormalization",
    "Dropout",
    "ELU",
    "GaussianNoise",
    "GroupNormalization",
    "LayerNormalization",
    "LeakyReLU",
    "Normalization",
    "PReLU",
    "ReLU",
    "Rescaling",
    "Softmax",
    "SpatialDropout2D",
    "ZeroPadding2D",
}


@dataclass(frozen=True)
class Unit:
    """A layer and its followers, such as a convolution with normalisation and activation.

    Attributes:
        layers: rows of the layer table; the first one gives the unit its name.
        inputs: indices of the units whose output it takes.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[int, ...]

    @property
    def main_layer(self) -> Layer:
        """The layer that gives the unit its name."""
        return self.layers[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what comes out."""
        return self.layers[-1].shape

    @property
    def parameters(self) -> int:
        """Weights of all its layers."""
        return sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True)
class Block:
    """A chain of units, with a shortcut around them if there is one.

    Attributes:
        path: the units of the chain, in order.
        join: the unit that merges chain and shortcut; None without a shortcut.
        shortcut: units on the shortcut; empty for an identity shortcut.
        output: whether it is an output of the network.
    """

    path: tuple[Unit, ...]
    join: Unit | None = None
    shortcut: tuple[Unit, ...] = ()
    output: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what comes out."""
        return (self.join or self.path[-1]).shape

    @property
    def parameters(self) -> int:
        """Weights of all its layers."""
        units = self.path + self.shortcut + ((self.join,) if self.join else ())
        return sum(unit.parameters for unit in units)


def units_of(layers: Sequence[Layer]) -> list[Unit]:
    """Merge every layer with its followers, keeping the order."""
    consumers = Counter(name for layer in layers for name in layer.inputs)
    groups: list[list[Layer]] = []
    unit_of: dict[str, int] = {}
    for layer in layers:
        previous = layer.inputs[0] if len(layer.inputs) == 1 else None
        if layer.kind in _FOLLOWERS and previous in unit_of and consumers[previous] == 1:
            groups[unit_of[previous]].append(layer)
            unit_of[layer.name] = unit_of[previous]
        else:
            unit_of[layer.name] = len(groups)
            groups.append([layer])
    return [
        Unit(
            tuple(group), tuple(dict.fromkeys(unit_of[i] for i in group[0].inputs if i in unit_of))
        )
        for group in groups
    ]


def blocks_of(layers: Sequence[Layer]) -> list[Block]:
    """Group a network into blocks, in the order of the data flow.

    Nested blocks become part of the outermost one.
    """
    units = units_of(layers)
    consumed = {i for unit in units for i in unit.inputs}
    blocks: dict[int, Block] = {}
    assigned: set[int] = set()
    for index in reversed(range(len(units))):
        if index in assigned:
            continue
        unit = units[index]
        if len(unit.inputs) < 2:
            blocks[index] = Block((unit,), output=index not in consumed and len(units) > 1)
            continue
        branches = _branches(units, index)
        members = [i for branch in branches for i in branch]
        path = branches[0]
        blocks[index] = Block(
            tuple(units[i] for i in path),
            unit,
            tuple(units[i] for i in sorted(set(members) - set(path))),
        )
        assigned.update(members)
    return [blocks[index] for index in sorted(blocks)]


def _branches(units: Sequence[Unit], join: int) -> list[list[int]]:
    """Return the units of each branch that ends in `join`, from its fork on, longest first."""
    reachable = [_ancestors(units, i) | {i} for i in units[join].inputs]
    shared = set.intersection(*reachable)
    branches = [sorted(branch - shared) for branch in reachable]
    return sorted(branches, key=len, reverse=True)


def _ancestors(units: Sequence[Unit], index: int) -> set[int]:
    ancestors: set[int] = set()
    pending = list(units[index].inputs)
    while pending:
        current = pending.pop()
        if current not in ancestors:
            ancestors.add(current)
            pending.extend(units[current].inputs)
    return ancestors
