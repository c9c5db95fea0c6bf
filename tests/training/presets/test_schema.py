import dataclasses
import shlex
from pathlib import Path

import pytest

from fer.errors import DataError
from tests.samples import ROOT
from training.__main__ import parser
from training.commands.arguments import data_for
from training.presets import schema
from training.presets.catalogue import CATALOGUE, PRESETS, Entry
from training.presets.schema import Preset, overridable_fields

REQUIRED = {
    "cnn-basic",
    "three-class-150",
    "cnn-dropout",
    "cnn-batchnorm",
    "cnn-csv",
    "small",
    "compact-start",
    "compact-middle",
    "compact-late",
    "compact-press",
    "compact",
    "teacher",
    "transfer",
    "adapt",
}


def test_every_promised_preset_is_there_under_its_own_name() -> None:
    assert PRESETS.keys() == REQUIRED
    assert all(preset.name == name for name, preset in PRESETS.items())


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


def test_no_override_changes_nothing() -> None:
    assert PRESETS["compact"].override({}) == PRESETS["compact"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ({"epochs": "2"}, 2),
        ({"learning_rate": "3e-4"}, 3e-4),
        ({"widths": "8,16"}, (8, 16)),
        ({"classes": "happy,sad"}, ("happy", "sad")),
        ({"optimizer": "adam"}, "adam"),
        ({"patience": 3}, 3),
    ],
)
def test_any_field_can_be_overridden_with_text(text: dict, value: object) -> None:
    (name,) = text
    assert getattr(PRESETS["compact"].override(text), name) == value


def test_a_field_of_the_augmentation_is_overridden_by_its_own_name() -> None:
    changed = PRESETS["compact"].override({"shift": "1.5", "flip": "false"}).augmentation
    original = PRESETS["compact"].augmentation
    assert changed == dataclasses.replace(original, shift=1.5, flip=False)


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


def test_a_missing_data_set_is_told_before_anything_is_trained(tmp_path: object) -> None:
    with pytest.raises(DataError):
        data_for(PRESETS["cnn-basic"], [str(tmp_path / "nothing")], 0)


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
