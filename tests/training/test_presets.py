import dataclasses
import shlex
from pathlib import Path

import pytest

from fer.errors import DataError
from tests.samples import ROOT
from training.__main__ import parser
from training.presets import schema
from training.presets.catalogue import CATALOGUE, PRESETS, Entry
from training.presets.schema import Preset, overridable_fields


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.preset.name)
def test_the_command_of_a_preset_is_one_that_is_understood(entry: Entry) -> None:
    program, options = shlex.split(entry.command)[:3], shlex.split(entry.command)[3:]
    assert program == ["python", "-m", "training"]
    understood = parser().parse_args(options)
    assert (understood.command, understood.preset) == ("train", entry.preset.name)
    assert bool(understood.teacher) == bool(entry.preset.teacher_weight)
    assert not (ROOT / understood.out).exists()  # it does not name a model that ships
    # What it begins with or learns from ships, or another command makes it.
    made = {parser().parse_args(shlex.split(one.command)[3:]).out for one in CATALOGUE}
    needed = {*filter(None, [understood.init]), *understood.teacher, *understood.average}
    assert all(one in made - {understood.out} or (ROOT / one).is_dir() for one in needed)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"epochs": "2"}, 2),
        ({"learning_rate": "3e-4"}, 3e-4),
        ({"widths": "8,16"}, (8, 16)),
        ({"classes": "happy,sad"}, ("happy", "sad")),
        ({"optimizer": "adam"}, "adam"),
        ({"patience": 3}, 3),
        ({"shift": "1.5"}, 1.5),
        ({"flip": "false"}, False),
        ({"erase_size": "3,4"}, (3, 4)),
    ],
)
def test_any_field_can_be_overridden_with_text(text: dict, value: object) -> None:
    """One of the augmentation by its own name."""
    (name,), preset = text, PRESETS["compact"]
    changed = preset.override(text)
    inner = name if hasattr(preset.augmentation, name) else ""
    assert getattr(changed.augmentation if inner else changed, name) == value
    same = {"augmentation": preset.augmentation} if inner else {name: getattr(preset, name)}
    assert dataclasses.replace(changed, **same) == preset, "and no other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"epochs": "many"}, "--epochs expects int, got 'many'"),
        ({"optimizer": "lion"}, "sgd | adam"),
        ({"flip": "perhaps"}, "--flip expects bool"),
        ({"shoes": "2"}, "no field shoes"),
        ({"epochs": "0"}, "--epochs expects 1 or more, got 0"),
        ({"batch_size": "-1"}, "--batch-size expects 1 or more, got -1"),
        ({"dropout": "nan"}, "--dropout expects 0 to 0.99999, got nan"),
        ({"dropout": "1"}, "--dropout expects 0 to 0.99999, got 1"),
        ({"teacher_weight": "1.1"}, "--teacher-weight expects 0 to 1, got 1.1"),
        ({"vote_weight": "-1"}, "--vote-weight expects 0 or more, got -1"),
        ({"input_size": "7"}, "--input-size expects 8 to 1024, got 7"),
    ],
)
def test_what_does_not_fit_a_field_says_what_would(text: dict, message: str) -> None:
    with pytest.raises(DataError) as caught:
        PRESETS["compact"].override(text)
    assert message in str(caught.value)


def test_the_command_line_offers_every_field() -> None:
    offered = overridable_fields()
    assert {"epochs", "learning_rate", "widths", "rotate_degrees", "patience"} <= offered.keys()
    assert not {"name", "augmentation"} & offered.keys()


@pytest.mark.parametrize(
    ("flags", "backend", "precision"),
    [
        (None, "tensorflow", "float32"),
        ("flags : fpu avx2 fma", "tensorflow", "float32"),
        ("flags : avx512_bf16 avx2", "tensorflow", "mixed_bfloat16"),
        ("flags : avx2", "jax", "mixed_bfloat16"),
    ],
    ids=["no Linux", "no bfloat16", "bfloat16", "an accelerator"],
)
def test_bfloat16_is_used_where_it_is_not_emulated(
    flags: str | None,
    backend: str,
    precision: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(flags)
    monkeypatch.setattr(schema, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert Preset("one").precision == precision
