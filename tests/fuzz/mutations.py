"""Changes to bytes and to plain values, each a function of a random generator alone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Rng = np.random.Generator

#: Texts that others have stumbled over.
NASTY_TEXTS = (
    "", " ", "\0", "a\0b", "\n", "\r\n", "'", '"', ",", ";", "=1+1", "@SUM(A1)", "-1", "+1", "\t=1",
    "../../etc/passwd", "..\\..\\a", "/etc/passwd", "C:\\a", "con", "nul.txt", ".", "..", "~", "%s",
    "{0}", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "$x$", "\u202egnp.exe",
    "\ud800", "e\u0301", "日本語", "😀" * 50, "x" * 10_000, "9" * 5000, "1e999", "nan", "-0", "²",
    "٣", "None", "true", "null",
)  # fmt: skip

NASTY_NUMBERS = (
    0, -1, 1, 2, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32, 2**53, 2**63, 2**64, -(2**63),
    10**30, 0.0, -0.0, 0.5, 1e-320, 1e9, 1e38, 1e308, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip

NASTY_VALUES = (*NASTY_TEXTS, *NASTY_NUMBERS, None, True, False, [], {}, [[]], [None], {"": {}})

#: Bytes of numbers at the ends of their ranges.
_EDGES = [
    number.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for number in (0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1)
    for order in ("little", "big")
]


def one(rng: Rng, options: Sequence[Any]) -> Any:
    """Return one of the options."""
    return options[int(rng.integers(len(options)))]


def some_bytes(rng: Rng, most: int = 4096) -> bytes:
    """Return random bytes, mostly few."""
    return rng.bytes(int(rng.integers(0, 2 ** int(rng.integers(1, most.bit_length())))))


def changed(rng: Rng, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Return bytes with one to eight changes; half of them near the beginning, where headers are.

    Args:
        rng: decides.
        data: is changed.
        others: pieces of them may be put in.
    """
    if rng.random() < 0.02:
        return some_bytes(rng)
    out = bytearray(data)
    for _ in range(min(8, int(rng.geometric(0.4)))):
        end = len(out) if rng.random() < 0.5 else min(len(out), 512)
        at = int(rng.integers(end + 1))
        one(rng, _CHANGES)(rng, out, at, others)
    return bytes(out)


def _flip(rng: Rng, out: bytearray, at: int, others: Sequence[bytes]) -> None:
    if at < len(out):
        out[at] ^= 1 << int(rng.integers(8))


def _edge(rng: Rng, out: bytearray, at: int, others: Sequence[bytes]) -> None:
    edge = one(rng, _EDGES)
    out[at : at + len(edge)] = edge


def _noise(rng: Rng, out: bytearray, at: int, others: Sequence[bytes]) -> None:
    noise = some_bytes(rng, 64)
    out[at : at + len(noise)] = noise


def _remove(rng: Rng, out: bytearray, at: int, others: Sequence[bytes]) -> None:
    del out[at : at + 1 + int(rng.integers(64))]


def _repeat(rng: Rng, out: bytearray, at: int, others: Sequence[bytes]) -> None:
    out[at:at] = out[at : at + 1 + int(rng.integers(64))]


def _cut(rng: Rng, out: bytearray, at: int, others: Sequence[bytes]) -> None:
    del out[max(at, int(rng.integers(len(out) + 1))) :]


def _splice(rng: Rng, out: bytearray, at: int, others: Sequence[bytes]) -> None:
    other = one(rng, others)
    begin = int(rng.integers(len(other) + 1))
    out[at:at] = other[begin : begin + int(rng.integers(256))]


Change = Callable[[Rng, bytearray, int, Sequence[bytes]], None]
_CHANGES: tuple[Change, ...] = (
    *(4 * (_flip, _edge)), *(2 * (_noise, _remove, _repeat, _splice)), _cut,
)  # fmt: skip


def changed_value(rng: Rng, value: Any, changes: int = 3) -> Any:
    """Return plain data (mappings, lists, texts, numbers) with one to so many changes."""
    holder = [copy.deepcopy(value)]
    for _ in range(1 + int(rng.integers(changes))):
        _change_one(rng, holder)
    return holder[0]


def _change_one(rng: Rng, holder: list[Any]) -> None:
    """Go down at random and change what is there."""
    inside: Any = holder
    key: Any = 0
    while isinstance(inside[key], dict | list) and inside[key] and rng.random() < 0.9:
        inside = inside[key]
        key = one(rng, [*inside] if isinstance(inside, dict) else range(len(inside)))
    match int(rng.integers(6)):
        case 0 if inside is not holder:
            del inside[key]
        case 1 if isinstance(inside, list) and inside is not holder:
            inside.insert(key, copy.deepcopy(one(rng, inside)))
        case 2 if isinstance(inside, dict):
            inside[one(rng, NASTY_TEXTS)] = inside.pop(key)
        case 3 if isinstance(inside[key], int | float) and not isinstance(inside[key], bool):
            inside[key] = inside[key] * one(rng, (-1, 0, 2, 0.5, 1e6))
        case 4 if isinstance(inside, dict) or inside is not holder:
            keys = [*inside] if isinstance(inside, dict) else range(len(inside))
            inside[key] = copy.deepcopy(inside[one(rng, keys)])
        case _:
            inside[key] = copy.deepcopy(one(rng, NASTY_VALUES))
