"""An SVG drawing of a network's blocks: convolutions, residual blocks and outputs. No Streamlit.

The blocks rely only on the kinds, shapes and connections of layers, not on their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from app.core.report.charts import ACCENT
from app.core.report.text import layer_settings, shape, short_count
from fer.evaluation.report import Layer

#: Kinds of layers that are merged into the layer before them.
_FOLLOWERS = {
    *("Activation", "BatchNormalization", "Dropout", "ELU", "GaussianNoise"),
    *("GroupNormalization", "LayerNormalization", "LeakyReLU", "Normalization", "PReLU"),
    *("ReLU", "Rescaling", "Softmax", "SpatialDropout2D", "ZeroPadding2D"),
}

# Lengths and positions in SVG units.
_WIDTH = 400
_MIDDLE = 82  # horizontal centre of the slabs
_WIDEST = 92  # width of a slab at the input's resolution
_TEXT = 152  # left end of the names
_ROW = 25  # height of a row
_SLAB = 16  # height of a slab
_PAD = 7
_GAP = 11  # between blocks
_ARC = 20  # horizontal position of the shortcut line

_FONT = "'Source Sans 3', 'Source Sans Pro', system-ui, Helvetica, Arial, sans-serif"

#: Names of layers for readers who do not know Keras.
_NAMES = {
    "Add": "sum",
    "AveragePooling2D": "Average pool",
    "Conv2D": "Conv",
    "DepthwiseConv2D": "Depthwise conv",
    "GlobalAveragePooling2D": "Average of each channel",
    "InputLayer": "Picture",
    "MaxPooling2D": "Max pool",
    "SeparableConv2D": "Separable conv",
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
    def name(self) -> str:
        """Its name for readers who do not know Keras."""
        layer = self.main_layer
        return layer.name if layer.kind == "Dense" else _NAMES.get(layer.kind, layer.kind)

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


def network_svg(layers: Sequence[Layer]) -> str:
    """Draw a network from top to bottom; "" if it has no layers.

    Each unit is a slab, whose width grows with the resolution and whose opacity grows with the
    number of channels. A line around a group is the shortcut of a residual block.
    """
    blocks = blocks_of(layers)
    if not blocks:
        return ""
    scale = _Scale(blocks)
    parts: list[str] = []
    y = 4.0
    line_start = y + (_ROW - _SLAB) / 2  # lower end of the previous element
    for block in blocks:
        if block.output:
            parts.append(_output(block, y, line_start, scale))
            y += _ROW + 3
        else:
            drawing, line_start = _block(block, y, line_start, scale)
            parts.append(drawing)
            y += _height(block) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y:.0f}" '
        f'font-family="{_FONT}" font-size="13" fill="currentColor">{"".join(parts)}</svg>'
    )


def describe_network(layers: Sequence[Layer]) -> str:
    """Return the alternative text of the drawing."""
    blocks = blocks_of(layers)
    if not blocks:
        return "No layers."
    residual = sum(1 for block in blocks if block.join)
    convolutions = sum(1 for layer in layers if "Conv" in layer.kind)
    outputs = ", ".join(
        f"{b.path[0].main_layer.name} ({shape(b.shape)})" for b in blocks if b.output
    )
    return (
        f"Network from a picture of {shape(blocks[0].shape)}: {convolutions} convolutions, "
        f"{residual} of its {len(blocks)} blocks with a shortcut; outputs: {outputs or 'none'}."
    )


class _Scale:
    """Width and opacity of slabs, relative to the largest side and number of channels."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        shapes = [unit.shape for block in blocks for unit in block.path]
        self._side = max((s[0] for s in shapes if len(s) == 3), default=1)
        self._channels = max((s[-1] for s in shapes if s), default=1)

    def width(self, unit: Unit) -> float:
        side = unit.shape[0] if len(unit.shape) == 3 else 1
        return max(9.0, _WIDEST * side / self._side)

    def opacity(self, unit: Unit) -> float:
        channels = unit.shape[-1] if unit.shape else 1
        return 0.3 + 0.7 * (channels / self._channels) ** 0.5


def _height(block: Block) -> float:
    if block.join:
        return _ROW * len(block.path) + 2 * _PAD + 14
    return _ROW


def _block(block: Block, y: float, line_start: float, scale: _Scale) -> tuple[str, float]:
    """Draw a block and the line to it; return the SVG and where the next line starts."""
    height = _height(block)
    parts = []
    if block.join:
        parts.append(_rect(4, y, _WIDTH - 8, height, 'rx="9" fill-opacity="0.05"'))
    top = y + (_PAD if block.join else 0)
    for unit in block.path:
        line_end = top + (_ROW - _SLAB) / 2
        parts += [_line(_MIDDLE, line_start, _MIDDLE, line_end), _slab(unit, top, scale)]
        line_start = top + (_ROW + _SLAB) / 2
        top += _ROW
    if block.join:
        parts += [_line(_MIDDLE, line_start, _MIDDLE, top + 6), _shortcut(block, y, height)]
        line_start = y + height - _PAD
    return "".join(parts), line_start


def _shortcut(block: Block, top: float, height: float) -> str:
    """Draw the shortcut around a block, the unit on it, and the join of both branches."""
    fork, join = round(top + 2, 1), round(top + height - _PAD - 4, 1)
    curve = (
        f'<path d="M{_MIDDLE} {fork} H{_ARC + 10} Q{_ARC} {fork} {_ARC} {fork + 10:.1f} '
        f'V{join - 10:.1f} Q{_ARC} {join} {_ARC + 10} {join} H{_MIDDLE - 8}" '
        f'fill="none" stroke="{ACCENT}" stroke-width="1.6"/>'
    )
    plus = (
        f'<circle cx="{_MIDDLE}" cy="{join}" r="7.5" fill="{ACCENT}"/>'
        f'<path d="M{_MIDDLE - 4} {join} h8 M{_MIDDLE} {join - 4:.1f} v8" stroke="#fff" '
        'stroke-width="1.6"/>'
    )
    if not block.shortcut:
        return curve + plus
    middle = (fork + join) / 2
    text = escape((*layer_settings(block.shortcut[0].main_layer), block.shortcut[0].name)[0][:5])
    label = (
        _rect(_ARC - 14, middle - 9, 28, 18, f'rx="4" fill="{ACCENT}"')
        + f'<text x="{_ARC}" y="{middle + 4:.1f}" text-anchor="middle" font-size="10.5" '
        f'fill="#fff">{text}</text>'
    )
    return curve + plus + label


def _slab(unit: Unit, y: float, scale: _Scale, x: float = _MIDDLE) -> str:
    width, middle = scale.width(unit), y + _ROW / 2
    opacity = f'fill-opacity="{scale.opacity(unit):.2f}"'
    # The settings that the unit's shape does not show follow the name.
    name = escape(" ".join(filter(None, (unit.name, ", ".join(layer_settings(unit.main_layer))))))
    hover = escape(
        f"{' → '.join(layer.name for layer in unit.layers)}: "
        f"{short_count(unit.parameters)} parameters"
    )
    return (
        f"<g><title>{hover}</title>"
        + _rect(
            x - width / 2, middle - _SLAB / 2, width, _SLAB, f'rx="3" fill="{ACCENT}" {opacity}'
        )
        + f'<text x="{_TEXT}" y="{middle + 4.5:.1f}">{name}</text>'
        f'<text x="{_WIDTH - 14}" y="{middle + 4.5:.1f}" text-anchor="end" fill-opacity="0.7">'
        f"{shape(unit.shape)}</text></g>"
    )


def _output(block: Block, y: float, line_start: float, scale: _Scale) -> str:
    """Draw an output to the right of the line, because outputs are parallel, not a chain."""
    middle, x = y + _ROW / 2, _MIDDLE + 28
    return (
        _line(_MIDDLE, line_start, _MIDDLE, middle)
        + _line(_MIDDLE, middle, x - 5, middle)
        + _slab(block.path[0], y, scale, x)
    )


def _rect(x: float, y: float, width: float, height: float, attributes: str) -> str:
    size = f'width="{width:.1f}" height="{height:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} {attributes}/>'


def _line(x0: float, y0: float, x1: float, y1: float) -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{ACCENT}" '
        'stroke-width="1.6"/>'
    )
