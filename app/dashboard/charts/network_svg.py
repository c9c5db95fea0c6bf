"""A network's blocks → an SVG drawing in the colour of the text around it. No streamlit in here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.dashboard.charts.network_blocks import Block, Unit, blocks_of
from app.dashboard.charts.style import ACCENT
from app.dashboard.text import layer_settings, many, shape
from fer.evaluation.report import Layer

_WIDTH = 400
_MIDDLE = 82  # of the slabs
_WIDEST = 92  # slab: the resolution of the input
_TEXT = 152
_ROW = 25
_SLAB = 16
_PAD = 7
_GAP = 11
_ARC = 20

_FONT = "'Source Sans 3', 'Source Sans Pro', system-ui, Helvetica, Arial, sans-serif"

#: Short names for people who do not know Keras.
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


def network_svg(layers: Sequence[Layer]) -> str:
    """Draw a network from top to bottom; "" if it has no layers.

    A slab is a unit: as wide as its picture, the fuller the more channels. A line around a group
    is the shortcut of a residual block.
    """
    blocks = blocks_of(layers)
    if not blocks:
        return ""
    scale = _Scale(blocks)
    parts: list[str] = []
    y = 4.0
    left = y + (_ROW - _SLAB) / 2  # where the last thing ends that the line comes from
    for block in blocks:
        if block.output:
            parts.append(_output(block, y, left, scale))
            y += _ROW + 3
        else:
            drawn, left = _block(block, y, left, scale)
            parts.append(drawn)
            y += _height(block) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y:.0f}" '
        f'font-family="{_FONT}" font-size="13" fill="currentColor">{"".join(parts)}</svg>'
    )


def describe_network(layers: Sequence[Layer]) -> str:
    """Return the drawing in words."""
    blocks = blocks_of(layers)
    if not blocks:
        return "No layers."
    residual = sum(1 for block in blocks if block.join)
    convolutions = sum(1 for layer in layers if "Conv" in layer.kind)
    outputs = ", ".join(f"{b.path[0].head.name} ({shape(b.shape)})" for b in blocks if b.output)
    return (
        f"Network from a picture of {shape(blocks[0].shape)}: {convolutions} convolutions, "
        f"{residual} of its {len(blocks)} blocks with a shortcut; outputs: {outputs or 'none'}."
    )


class _Scale:
    """How wide and how dark a slab is."""

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


def _block(block: Block, y: float, left: float, scale: _Scale) -> tuple[str, float]:
    """Draw a block and the line to it; return also where the line goes on."""
    height = _height(block)
    parts = []
    if block.join:
        parts.append(_rect(4, y, _WIDTH - 8, height, 'rx="9" fill-opacity="0.05"'))
    top = y + (_PAD if block.join else 0)
    for unit in block.path:
        parts += [_line(_MIDDLE, left, _MIDDLE, top + (_ROW - _SLAB) / 2), _slab(unit, top, scale)]
        left = top + (_ROW + _SLAB) / 2
        top += _ROW
    if block.join:
        parts += [_line(_MIDDLE, left, _MIDDLE, top + 6), _shortcut(block, y, height)]
        left = y + height - _PAD
    return "".join(parts), left


def _shortcut(block: Block, top: float, height: float) -> str:
    """Draw the way around a block, what lies on it, and where both meet."""
    part, meet = round(top + 2, 1), round(top + height - _PAD - 4, 1)
    curve = (
        f'<path d="M{_MIDDLE} {part} H{_ARC + 10} Q{_ARC} {part} {_ARC} {part + 10:.1f} '
        f'V{meet - 10:.1f} Q{_ARC} {meet} {_ARC + 10} {meet} H{_MIDDLE - 8}" '
        f'fill="none" stroke="{ACCENT}" stroke-width="1.6"/>'
    )
    plus = (
        f'<circle cx="{_MIDDLE}" cy="{meet}" r="7.5" fill="{ACCENT}"/>'
        f'<path d="M{_MIDDLE - 4} {meet} h8 M{_MIDDLE} {meet - 4:.1f} v8" stroke="#fff" '
        'stroke-width="1.6"/>'
    )
    if not block.shortcut:
        return curve + plus
    middle = (part + meet) / 2
    text = escape((*layer_settings(block.shortcut[0].head), _name(block.shortcut[0]))[0][:5])
    label = (
        _rect(_ARC - 14, middle - 9, 28, 18, f'rx="4" fill="{ACCENT}"')
        + f'<text x="{_ARC}" y="{middle + 4:.1f}" text-anchor="middle" font-size="10.5" '
        f'fill="#fff">{text}</text>'
    )
    return curve + plus + label


def _slab(unit: Unit, y: float, scale: _Scale, x: float = _MIDDLE) -> str:
    width, middle = scale.width(unit), y + _ROW / 2
    opacity = f'fill-opacity="{scale.opacity(unit):.2f}"'
    detail = _detail(unit)
    name = escape(_name(unit) + (f" {detail}" if detail else ""))
    hover = escape(
        f"{' → '.join(layer.name for layer in unit.layers)}: {many(unit.parameters)} parameters"
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


def _output(block: Block, y: float, left: float, scale: _Scale) -> str:
    """Draw an output beside the line, because outputs stand side by side, not in a row."""
    middle, x = y + _ROW / 2, _MIDDLE + 28
    return (
        _line(_MIDDLE, left, _MIDDLE, middle)
        + _line(_MIDDLE, middle, x - 5, middle)
        + _slab(block.path[0], y, scale, x)
    )


def _rect(x: float, y: float, width: float, height: float, looks: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {looks}/>'


def _line(x0: float, y0: float, x1: float, y1: float) -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{ACCENT}" '
        'stroke-width="1.6"/>'
    )


def _name(unit: Unit) -> str:
    if unit.head.kind == "Dense":
        return unit.head.name
    return _NAMES.get(unit.head.kind, unit.head.kind)


def _detail(unit: Unit) -> str:
    """Return what the shape beside it does not say already."""
    return ", ".join(layer_settings(unit.head))
