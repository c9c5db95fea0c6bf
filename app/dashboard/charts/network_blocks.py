"""The layer table → the few blocks that a person thinks of: convolutions, residual blocks, outputs.

Works on kinds, shapes and connections alone, not on names. No streamlit in here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fer.evaluation.report import Layer

#: Layers that belong to the one before them.
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
    """A layer with the layers that belong to it, such as convolution, normalisation, activation.

    Attributes:
        layers: the rows of the layer table, the one that names the unit first.
        inputs: indices of the units it reads.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[int, ...]

    @property
    def head(self) -> Layer:
        """The layer that names the unit."""
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
    """Units in a row, and the way around them if there is one.

    Attributes:
        path: the units, in order.
        join: the unit in which the ways meet; None if there is only one way.
        shortcut: units on the way around; empty if it leads through none.
        output: whether nothing follows.
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
    """Join every layer with those that merely follow it; the order stays."""
    readers = Counter(name for layer in layers for name in layer.inputs)
    groups: list[list[Layer]] = []
    unit_of: dict[str, int] = {}
    for layer in layers:
        before = layer.inputs[0] if len(layer.inputs) == 1 else None
        if layer.kind in _FOLLOWERS and before in unit_of and readers[before] == 1:
            groups[unit_of[before]].append(layer)
            unit_of[layer.name] = unit_of[before]
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
    """Group a network into blocks, in the order of the data; an outer one takes the inner ones."""
    units = units_of(layers)
    read = {i for unit in units for i in unit.inputs}
    found: dict[int, Block] = {}
    taken: set[int] = set()
    for index in reversed(range(len(units))):
        if index in taken:
            continue
        unit = units[index]
        if len(unit.inputs) < 2:
            found[index] = Block((unit,), output=index not in read and len(units) > 1)
            continue
        ways = _ways(units, index)
        members = [i for way in ways for i in way]
        path = ways[0]
        found[index] = Block(
            tuple(units[i] for i in path),
            unit,
            tuple(units[i] for i in sorted(set(members) - set(path))),
        )
        taken.update(members)
    return [found[index] for index in sorted(found)]


def _ways(units: Sequence[Unit], join: int) -> list[list[int]]:
    """Return the units of each way from where the ways part to `join`, the longest way first."""
    reached = [_ancestors(units, i) | {i} for i in units[join].inputs]
    shared = set.intersection(*reached)
    ways = [sorted(way - shared) for way in reached]
    return sorted(ways, key=len, reverse=True)


def _ancestors(units: Sequence[Unit], index: int) -> set[int]:
    found: set[int] = set()
    waiting = list(units[index].inputs)
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(units[current].inputs)
    return found
