"""Upgrade model directories of older versions to the current one; no metric changes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from fer.errors import ModelError
from fer.evaluation.measurements import TRUTHS, VOTE_RULES
from fer.evaluation.report import FileCard, Report
from fer.labels import FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.records import RecordFile, file_sha256
from training.data.npz_files import UNREADABLE
from training.evaluation.predictions import FURTHER_FILE

Kind = TypeVar("Kind", bound=RecordFile)

#: Former name of the FER+ head. Older network files still use it for the output.
_OLD_FERPLUS_HEAD = "votes"

_AS_THEY_ARE = "as they are"

#: Last version of reports whose fields had other names; later ones only lack fields.
_LAST_OTHER_NAMES = 3


def upgrade(directory: Path) -> list[str]:
    """Rewrite the records of a model directory in the current versions; keep the network.

    Args:
        directory: model directory with ``spec.json`` and ``report.json``.

    Returns:
        Names of the files that were written; none if all are up to date.

    Raises:
        ModelError: a file is missing, or its version cannot be upgraded.
    """
    spec, report = _read(directory, ModelSpec.filename), _read(directory, Report.filename)
    _check(directory, ModelSpec, spec)
    _check(directory, Report, report)
    # Everything that can fail is done before the first file is changed.
    arrays: dict[str, NDArray] = {}
    new_spec, new_report = None, None
    try:
        if spec["version"] < ModelSpec.current_version:
            new_spec = _validated(ModelSpec, _spec(spec), directory)
        if report["version"] < Report.current_version:
            new_report = _validated(Report, _report(report), directory)
            if report["version"] <= _LAST_OTHER_NAMES:
                arrays = _renamed_arrays(directory / FURTHER_FILE, report)
    except (KeyError, IndexError, AttributeError, *UNREADABLE) as error:
        raise ModelError(
            f"the records or predictions in {directory} are damaged, or not of the version that "
            f"they name ({type(error).__name__}: {error}). Train the model again."
        ) from error
    return _write(directory, new_spec, arrays, new_report)


def _write(
    directory: Path, spec: ModelSpec | None, arrays: dict[str, NDArray], report: Report | None
) -> list[str]:
    written = []
    if spec:
        spec.save(directory)
        written.append(ModelSpec.filename)
    if arrays and report:
        file = directory / FURTHER_FILE
        np.savez_compressed(file, allow_pickle=False, **arrays)
        card = FileCard(sha256=file_sha256(file), bytes=file.stat().st_size)
        report = report.model_copy(update={"files": report.files | {FURTHER_FILE: card}})
        written.append(FURTHER_FILE)
    if report:
        report.save(directory)
        written.append(Report.filename)
    return written


def _validated(kind: type[Kind], record: dict[str, Any], directory: Path) -> Kind:
    try:
        return kind.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(
            f"{directory / kind.filename} is no valid record of its version: "
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}. Train the model again."
        ) from error


def _read(directory: Path, name: str) -> dict[str, Any]:
    try:
        return dict(json.loads((directory / name).read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelError(f"{directory / name} is missing; nothing can be written anew.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{directory / name} is damaged: {error}.") from error


def _check(directory: Path, kind: type[ModelSpec] | type[Report], record: dict[str, Any]) -> None:
    version = record.get("version")
    if version not in range(kind.oldest_version, kind.current_version + 1):
        raise ModelError(
            f"{directory / kind.filename} has version {version}; only version "
            f"{kind.oldest_version} and later can be written anew. Train the model again."
        )


def _head(name: str) -> str:
    return FERPLUS_HEAD if name == _OLD_FERPLUS_HEAD else name


def _spec(old: dict[str, Any]) -> dict[str, Any]:
    heads = old["heads"] if old["version"] > 1 else [_spec_head(head) for head in old["heads"]]
    return old | {"version": ModelSpec.current_version, "heads": heads}


def _spec_head(old: dict[str, Any]) -> dict[str, Any]:
    head = dict(old)
    threshold, degraded = head.pop("threshold", 0.0), head.pop("flawed_threshold", 0.0)
    # In older versions, both thresholds were 1 if nothing was measured.
    measured = (threshold, degraded) != (1, 1)
    return head | {
        "name": _head(old["name"]),
        "output": old["name"],
        "abstention": {"threshold": threshold, "degraded_threshold": degraded}
        if measured
        else None,
        "activation_map": head.pop("evidence", ""),
    }


def _report(old: dict[str, Any]) -> dict[str, Any]:
    new = dict(old)
    if old["version"] > _LAST_OTHER_NAMES:
        return new | {"version": Report.current_version}
    options = _options(old["command"])
    weight = float(old["configuration"].get("teacher_weight", 0.0))
    teachers = options.get("--teacher", []) if weight else []
    spread = new.pop("spread", None)
    return new | {
        "version": Report.current_version,
        "initial_model": next(iter(options.get("--init", [])), None),
        "averaged_with": options.get("--average", []),
        "teachers": teachers,
        "teacher_weight": weight if teachers else 0.0,
        "preset": old["configuration"]["name"],
        "layers": [_layer(layer) for layer in old["layers"]],
        "tta": new.pop("views"),
        "selective": [_selective(one) for one in old["selective"]],
        "seed_variance": _seed_variance(spread) if spread else None,
        "ferplus_agreement": [
            one | {"head": _head(one["head"]), "rule": _key(VOTE_RULES, one["rule"])}
            for one in new.pop("crowd")
        ],
    }


def _layer(old: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the layer table whose detail was a text such as ``3×3, 64 filters``."""
    new = dict(old)
    for part in filter(None, new.pop("detail").split(", ")):
        if match := re.fullmatch(r"(\d+) (?:filters|units)", part):
            new["width"] = int(match[1])
        elif match := re.fullmatch(r"stride (\d+)", part):
            new["stride"] = int(match[1])
        elif match := re.fullmatch(r"rate (.+)", part):
            new["rate"] = float(match[1])
        elif re.fullmatch(r"\d+(×\d+)*", part):
            new["kernel"] = [int(side) for side in part.split("×")]
        else:
            new["activation"] = part
    return new


def _options(command: str) -> dict[str, list[str]]:
    """Return the values of a command's options, reduced to the last parts of their paths."""
    values: dict[str, list[str]] = {}
    option = ""
    for word in shlex.split(command):
        if word.startswith("--"):
            option = word
            values[option] = []
        elif option:
            values[option].append(Path(word).name)
    return values


def _selective(old: dict[str, Any]) -> dict[str, Any]:
    new = dict(old)
    pictures = new.pop("pictures")
    new.pop("versions", None)
    corruptions = [] if pictures == _AS_THEY_ARE else pictures.split(": ", 1)[1].split(", ")
    return new | {
        "head": _head(old["head"]),
        "corruptions": corruptions,
        "truth": _key(TRUTHS, old["truth"]),
    }


def _seed_variance(old: dict[str, Any]) -> dict[str, Any]:
    new = dict(old)
    return new | {"initial_model": new.pop("begins_with", "") or None}


def _key(sentences: dict[str, str], sentence: str) -> str:
    """Return the key of a sentence; older versions stored the sentence itself.

    Raises:
        ModelError: the sentence is unknown.
    """
    for key, known in sentences.items():
        if known == sentence:
            return key
    raise ModelError(f"expected one of {list(sentences.values())}, got {sentence!r}.")


def _renamed_arrays(file: Path, report: dict[str, Any]) -> dict[str, NDArray]:
    """Return the arrays of the further predictions by their current names; empty without a file."""
    if not file.is_file():
        return {}
    with np.load(file) as archive:
        return {_array_name(n, report["evaluations"]): archive[n] for n in archive.files}


def _array_name(old: str, splits: Iterable[str]) -> str:
    """Return the current name of an array: ``<split>/<name>_labels`` or ``…_probabilities``."""
    name, kind = old.rsplit("_", 1)
    split = "validation"
    for one in splits:
        if name.endswith(f": {one}"):
            name, split = name.removesuffix(f": {one}"), one
    if name == "without repeats":
        name = "without_duplicates"
    elif name == "ten views":
        name = "tta"
    elif name.startswith("disturbed: "):
        name = f"corrupted/{name.removeprefix('disturbed: ')}"
    elif name.startswith("crowd: "):
        _, head, rule = name.split(": ", 2)
        name = f"agreement/{_head(head)}/{_key(VOTE_RULES, rule)}"
    elif match := re.fullmatch(rf"(\w+): (?:({_AS_THEY_ARE})|made poor: .*)", name):
        name = f"{_head(match[1])}/{'plain' if match[2] else 'degraded'}"
    else:
        raise ModelError(f"expected the predictions of an older version, got an array {old!r}.")
    return f"{split}/{name}_{kind}"
