"""Model directories of older versions: written anew, with every figure as it was."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer.errors import ModelError
from fer.evaluation.measurements import TRUTHS, VOTE_RULES
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD
from fer.model.spec import ModelSpec
from fer.records import file_sha256
from tests.samples import SHIPPED_MODEL
from training.__main__ import main
from training.evaluation.predictions import FURTHER_FILE
from training.export.upgrade import upgrade

#: Names of arrays: today's, and those of version 3.
OLD_ARRAYS = {
    "validation/without_duplicates": "without repeats: validation",
    "validation/tta": "ten views",
    "validation/corrupted/24 px": "disturbed: 24 px",
    "validation/agreement/ferplus/majority": f"crowd: votes: {VOTE_RULES['majority']}",
    "validation/ferplus/plain": "votes: as they are: validation",
    "validation/expression/degraded": "expression: made poor: very dark, 18 px: validation",
    "test/expression/degraded": "expression: made poor: very dark, 18 px: test",
}


def older_spec(new: dict[str, Any]) -> dict[str, Any]:
    heads = []
    for head in new["heads"]:
        kept = {name: head[name] for name in ("labels", "meaning", "temperature")}
        chosen = head["abstention"] or {"threshold": 1.0, "degraded_threshold": 1.0}
        heads.append(
            kept
            | {
                "name": head["output"],
                "threshold": chosen["threshold"],
                "flawed_threshold": chosen["degraded_threshold"],
                "evidence": head["activation_map"],
            }
        )
    return new | {"version": 1, "heads": heads}


def older_head(name: str) -> str:
    return "votes" if name == "ferplus" else name


def older_selective(new: dict[str, Any]) -> dict[str, Any]:
    old, corruptions = dict(new), new["corruptions"]
    for name in ("corruptions", "margin", "predicted", "correct"):
        del old[name]
    return old | {
        "head": older_head(new["head"]),
        "pictures": f"made poor: {', '.join(corruptions)}" if corruptions else "as they are",
        "versions": len(corruptions) or 1,
        "truth": TRUTHS[new["truth"]],
    }


def older_layer(new: dict[str, Any]) -> dict[str, Any]:
    old = dict(new)
    kernel, width = old.pop("kernel"), old.pop("width")
    stride, rate, activation = old.pop("stride"), old.pop("rate"), old.pop("activation")
    parts = [
        "×".join(map(str, kernel)),
        f"{width} {'filters' if kernel else 'units'}" if width else "",
        f"stride {stride}" if stride > 1 else "",
        f"rate {rate:g}" if rate is not None else "",
        activation,
    ]
    return old | {"detail": ", ".join(filter(None, parts))}


def older_report(new: dict[str, Any]) -> dict[str, Any]:
    old = dict(new)
    for name in (
        "preset",
        "initial_model",
        "averaged_with",
        "teachers",
        "teacher_weight",
        "balanced_evaluations",
    ):
        del old[name]
    variance, agreements = dict(old.pop("seed_variance")), old.pop("ferplus_agreement")
    begins_with = variance.pop("initial_model")
    return old | {
        "version": 3,
        "layers": [older_layer(layer) for layer in new["layers"]],
        "views": old.pop("tta"),
        "spread": variance | {"begins_with": begins_with},
        "selective": [older_selective(one) for one in new["selective"]],
        "crowd": [
            one | {"head": older_head(one["head"]), "rule": VOTE_RULES[one["rule"]]}
            for one in agreements
        ],
    }


def with_two_heads(directory: Path) -> None:
    """Write the shipped model's records and predictions as if it had no balanced head."""
    spec, report = records(SHIPPED_MODEL)
    heads = tuple(head for head in spec.heads if head.name != BALANCED_HEAD)
    spec.model_copy(update={"heads": heads}).save(directory)
    kept = {
        "selective": tuple(one for one in report.selective if one.head != BALANCED_HEAD),
        "ferplus_agreement": tuple(
            one for one in report.ferplus_agreement if one.head != BALANCED_HEAD
        ),
        "balanced_evaluations": {},
    }
    report.model_copy(update=kept).save(directory)
    shutil.copy(SHIPPED_MODEL / "predictions.npz", directory)
    with np.load(SHIPPED_MODEL / FURTHER_FILE) as further:
        arrays = {name: further[name] for name in further.files if BALANCED_HEAD not in name}
    np.savez(directory / FURTHER_FILE, allow_pickle=False, **arrays)


@pytest.fixture
def today(tmp_path: Path) -> Path:
    """A model directory of this version."""
    with_two_heads(tmp_path / "today")
    return tmp_path / "today"


@pytest.fixture
def old(tmp_path: Path, today: Path) -> Path:
    """The same as much older versions would have written it."""
    directory = tmp_path / "compact"
    directory.mkdir()
    for name, older in (("spec.json", older_spec), ("report.json", older_report)):
        record = json.loads((today / name).read_text(encoding="utf-8"))
        (directory / name).write_text(json.dumps(older(record)), encoding="utf-8")
    return directory


def records(directory: Path) -> tuple[ModelSpec, Report]:
    return ModelSpec.load(directory), Report.load(directory)


@pytest.mark.parametrize(("spec", "report"), [(2, 4), (2, 5), (3, 4)])
def test_what_only_lacks_new_fields_is_taken_as_it_is(today: Path, spec: int, report: int) -> None:
    before = records(today)
    for name, version in (("spec.json", spec), ("report.json", report)):
        record = json.loads((today / name).read_text(encoding="utf-8"))
        (today / name).write_text(json.dumps(record | {"version": version}), encoding="utf-8")
    stored = (today / FURTHER_FILE).read_bytes()
    assert upgrade(today)
    assert records(today) == before
    assert (today / FURTHER_FILE).read_bytes() == stored


def test_every_figure_is_what_it_was(old: Path, today: Path) -> None:
    assert upgrade(old) == ["spec.json", "report.json"]
    # What older versions lacked can be filled in from the stored predictions.
    for name in ("predictions.npz", FURTHER_FILE):
        shutil.copy(today / name, old)
    assert main(["recompute", str(old)]) == 0
    assert records(old) == records(today)


def test_what_is_of_today_is_left_alone(old: Path) -> None:
    upgrade(old)
    before = (old / "report.json").read_bytes()
    assert upgrade(old) == []
    assert (old / "report.json").read_bytes() == before


def test_a_head_that_was_not_measured_stays_so(old: Path) -> None:
    spec = json.loads((old / "spec.json").read_text())
    spec["heads"][1] |= {"threshold": 1.0, "flawed_threshold": 1.0}
    (old / "spec.json").write_text(json.dumps(spec))
    upgrade(old)
    first, second = ModelSpec.load(old).heads
    assert first.abstention is not None
    assert second.abstention is None


def test_what_a_training_was_told_is_read_off_its_command(old: Path) -> None:
    report = json.loads((old / "report.json").read_text())
    report |= {"command": "python -m training train --preset small --seed 1", "spread": None}
    report["configuration"] |= {"teacher_weight": 0.0}
    (old / "report.json").write_text(json.dumps(report))
    upgrade(old)
    new = Report.load(old)
    assert (new.initial_model, new.averaged_with, new.teachers) == (None, (), ())
    assert (new.teacher_weight, new.seed_variance) == (0.0, None)


def test_stored_predictions_get_their_names_of_today(old: Path) -> None:
    report = json.loads((old / "report.json").read_text())
    report["evaluations"]["test"] = report["evaluations"]["validation"]
    (old / "report.json").write_text(json.dumps(report))
    arrays = {f"{name}_labels": np.arange(i) for i, name in enumerate(OLD_ARRAYS.values())}
    np.savez(old / FURTHER_FILE, **arrays)
    assert upgrade(old) == ["spec.json", FURTHER_FILE, "report.json"]
    with np.load(old / FURTHER_FILE) as stored:
        assert {n: len(stored[f"{n}_labels"]) for n in OLD_ARRAYS} == {
            name: i for i, name in enumerate(OLD_ARRAYS)
        }
    assert Report.load(old).files[FURTHER_FILE].sha256 == file_sha256(old / FURTHER_FILE)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("spec.json", None, "is missing"),
        ("report.json", "{", "is damaged"),
        ("report.json", '{"version": 2}', "version 2; only version 3"),
        ("spec.json", '{"version": 99}', "version 99"),
        ("spec.json", '{"version": 1, "heads": []}', "no valid record"),
    ],
)
def test_what_cannot_be_written_anew_is_named_and_nothing_is_touched(
    old: Path, file: str, text: str | None, message: str
) -> None:
    if text is None:
        (old / file).unlink()
    else:
        (old / file).write_text(text)
    before = {f.name: f.read_bytes() for f in old.iterdir()}
    with pytest.raises(ModelError, match=message):
        upgrade(old)
    assert {f.name: f.read_bytes() for f in old.iterdir()} == before


@pytest.mark.parametrize("name", ["spec.json", "report.json"])
@pytest.mark.parametrize("text", ["5", "[" * 100_000, '{"version": 2}', '{"version": 1}'])
def test_what_is_no_record_at_all_is_told(old: Path, name: str, text: str) -> None:
    (old / name).write_text(text)
    with pytest.raises(ModelError):
        upgrade(old)


def test_the_command_says_what_it_wrote(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    new = shutil.copytree(old, tmp_path / "new")
    upgrade(new)
    assert main(["upgrade", str(old), str(new)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "spec.json, report.json" in first
    assert second.endswith("nothing to do")
    assert main(["upgrade", str(tmp_path / "none")]) == 1
    assert "is missing" in capsys.readouterr().err
