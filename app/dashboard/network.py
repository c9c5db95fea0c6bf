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

    Its inputs are the indices of the units whose output it takes.
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


@dataclass(frozen=True)
class Block:
    """A chain of units, with a shortcut around them if there is one.

    Attributes:
        path: the units of the chain, in order.
        join: the unit that merges chain and shortcut; None without a shortcut.
        shortcut: units on the shortcut; empty for an identity shortcut.
    """

    path: tuple[Unit, ...]
    join: Unit | None = None
    shortcut: tuple[Unit, ...] = ()
    output: bool = False

    @property
    def height(self) -> float:
        """Height of its drawing."""
        return _ROW * len(self.path) + 2 * _PAD + 14 if self.join else _ROW


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
    read = ([unit_of[name] for name in group[0].inputs if name in unit_of] for group in groups)
    return [Unit(tuple(g), tuple(dict.fromkeys(i))) for g, i in zip(groups, read, strict=True)]


def blocks_of(layers: Sequence[Layer]) -> list[Block]:
    """Group a network into blocks, in the order of the data flow.

    Nested blocks become part of the outermost one.
    """
    units = units_of(layers)
    above: list[set[int]] = []  # of each unit: itself, and all that it is computed from
    for index, unit in enumerate(units):
        above.append({index}.union(*(above[i] for i in unit.inputs)))
    consumed = {i for unit in units for i in unit.inputs}
    blocks: dict[int, Block] = {}
    assigned: set[int] = set()
    for index in reversed(range(len(units))):
        unit = units[index]
        if index in assigned:
            continue
        if len(unit.inputs) < 2:
            blocks[index] = Block((unit,), output=index not in consumed and len(units) > 1)
            continue
        ends = [above[i] for i in unit.inputs]
        fork = set.intersection(*ends)
        path = max((end - fork for end in ends), key=len)
        members = set.union(*ends) - fork
        chain, shortcut = (tuple(units[i] for i in sorted(s)) for s in (path, members - path))
        blocks[index] = Block(chain, unit, shortcut)
        assigned |= members
    return [blocks[index] for index in sorted(blocks)]


def describe_network(layers: Sequence[Layer]) -> str:
    """Return the alternative text of the drawing."""
    blocks = blocks_of(layers)
    if not blocks:
        return "No layers."
    first = blocks[0].join or blocks[0].path[-1]
    residual = sum(1 for block in blocks if block.join)
    convolutions = sum(1 for layer in layers if "Conv" in layer.kind)
    ends = (block.path[0] for block in blocks if block.output)
    outputs = ", ".join(f"{unit.main_layer.name} ({shape(unit.shape)})" for unit in ends)
    return (
        f"Network from a picture of {shape(first.shape)}: {convolutions} convolutions, "
        f"{residual} of its {len(blocks)} blocks with a shortcut; outputs: {outputs or 'none'}."
    )


def network_svg(layers: Sequence[Layer]) -> str:
    """Draw a network from top to bottom; "" if it has no layers.

    Each unit is a slab, whose width grows with the resolution and whose opacity grows with the
    number of channels. A line around a group is the shortcut of a residual block.
    """
    blocks = blocks_of(layers)
    if not blocks:
        return ""
    drawing = _Drawing(blocks)
    for block in blocks:
        drawing.add(block)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {drawing.y:.0f}" '
        f'font-family="{_FONT}" font-size="13" fill="currentColor">{"".join(drawing.parts)}</svg>'
    )


class _Drawing:
    """The elements that have been drawn, and the height at which the next block begins."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        shapes = [unit.shape for block in blocks for unit in block.path]
        self._side = max((s[0] for s in shapes if len(s) == 3), default=1)
        self._channels = max((s[-1] for s in shapes if s), default=1)
        self.parts: list[str] = []
        self.y = 4.0
        self._line_start = self.y + (_ROW - _SLAB) / 2  # lower end of the previous element

    def add(self, block: Block) -> None:
        """Draw a block below the others, and the line to it."""
        top = self.y
        if block.output:  # right of the line: outputs are parallel, not a chain
            middle, x = top + _ROW / 2, _MIDDLE + 28
            self._line(_MIDDLE, self._line_start, _MIDDLE, middle)
            self._line(_MIDDLE, middle, x - 5, middle)
            self._slab(block.path[0], top, x)
            self.y += _ROW + 3
            return
        if block.join:
            self._rect(4, top, _WIDTH - 8, block.height, 'rx="9" fill-opacity="0.05"')
            top += _PAD
        for unit in block.path:
            self._line(_MIDDLE, self._line_start, _MIDDLE, top + (_ROW - _SLAB) / 2)
            self._slab(unit, top, _MIDDLE)
            self._line_start = top + (_ROW + _SLAB) / 2
            top += _ROW
        if block.join:
            self._line(_MIDDLE, self._line_start, _MIDDLE, top + 6)
            self._shortcut(block)
            self._line_start = self.y + block.height - _PAD
        self.y += block.height + _GAP

    def _shortcut(self, block: Block) -> None:
        fork, join = round(self.y + 2, 1), round(self.y + block.height - _PAD - 4, 1)
        self.parts += [
            f'<path d="M{_MIDDLE} {fork} H{_ARC + 10} Q{_ARC} {fork} {_ARC} {fork + 10:.1f} '
            f'V{join - 10:.1f} Q{_ARC} {join} {_ARC + 10} {join} H{_MIDDLE - 8}" '
            f'fill="none" stroke="{ACCENT}" stroke-width="1.6"/>',
            f'<circle cx="{_MIDDLE}" cy="{join}" r="7.5" fill="{ACCENT}"/>'
            f'<path d="M{_MIDDLE - 4} {join} h8 M{_MIDDLE} {join - 4:.1f} v8" stroke="#fff" '
            'stroke-width="1.6"/>',
        ]
        if block.shortcut:
            middle, unit = (fork + join) / 2, block.shortcut[0]
            text = escape((*layer_settings(unit.main_layer), _name(unit))[0][:5])
            self._rect(_ARC - 14, middle - 9, 28, 18, f'rx="4" fill="{ACCENT}"')
            self.parts.append(
                f'<text x="{_ARC}" y="{middle + 4:.1f}" text-anchor="middle" font-size="10.5" '
                f'fill="#fff">{text}</text>'
            )

    def _slab(self, unit: Unit, y: float, x: float) -> None:
        side = unit.shape[0] if len(unit.shape) == 3 else 1
        channels = unit.shape[-1] if unit.shape else 1
        width, middle = max(9.0, _WIDEST * side / self._side), y + _ROW / 2
        opacity = 0.3 + 0.7 * (channels / self._channels) ** 0.5
        # The settings that the unit's shape does not show follow the name.
        name = " ".join(filter(None, (_name(unit), ", ".join(layer_settings(unit.main_layer)))))
        parameters = short_count(sum(layer.parameters for layer in unit.layers))
        hover = f"{' → '.join(layer.name for layer in unit.layers)}: {parameters} parameters"
        self.parts.append(f"<g><title>{escape(hover)}</title>")
        look = f'rx="3" fill="{ACCENT}" fill-opacity="{opacity:.2f}"'
        self._rect(x - width / 2, middle - _SLAB / 2, width, _SLAB, look)
        self.parts.append(
            f'<text x="{_TEXT}" y="{middle + 4.5:.1f}">{escape(name)}</text>'
            f'<text x="{_WIDTH - 14}" y="{middle + 4.5:.1f}" text-anchor="end" fill-opacity="0.7">'
            f"{shape(unit.shape)}</text></g>"
        )

    def _rect(self, x: float, y: float, width: float, height: float, attributes: str) -> None:
        size = f'width="{width:.1f}" height="{height:.1f}"'
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} {attributes}/>')

    def _line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.parts.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{ACCENT}" '
            'stroke-width="1.6"/>'
        )


def _name(unit: Unit) -> str:
    """Return a unit's name for readers who do not know Keras."""
    layer = unit.main_layer
    return layer.name if layer.kind == "Dense" else _NAMES.get(layer.kind, layer.kind)
