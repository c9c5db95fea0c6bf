"""What two models have learnt from, and how: the reasons for what they differ in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.common.text import counted
from app.dashboard.elements import Table
from app.dashboard.text import short_count, trainings
from fer.evaluation.report import Report

#: Settings of the augmentation that change where a face stands, and those that make its picture
#: poorer, with the value that turns each off.
_MOVES: Mapping[str, object] = {"rotate_degrees": 0, "shift": 0, "flip": False}
_DEGRADES = ("erase", "blur", "shrink", "light", "noise", "jpeg")

_NETWORKS = {
    "residual": "residual blocks with batch normalisation",
    "transfer": "a backbone trained on other images",
    "cnn-batchnorm": "plain convolutions with batch normalisation",
}


def differences(first: Report, second: Report) -> Table:
    """Return a table of what was different about two trainings; without what was not."""
    rows = [(name, get(first), get(second)) for name, get in _ROWS]
    return Table(
        "What was different",
        ("About", first.name, second.name),
        tuple(row for row in rows if row[1] != row[2]),
        "Read from both reports. What each of it brings was not measured one by one.",
        text_columns=(first.name, second.name),
    )


def _classes(report: Report) -> str:
    counts = next(iter(report.data.class_counts.values()), {})
    return f"{len(counts)}: {', '.join(counts)}"


def _images(report: Report) -> str:
    side, channels = map(report.configuration.get, ("input_size", "channels"))
    if side is None:
        return "not told"
    return f"{side} × {side} px, {'grey' if channels == 1 else 'colour'}"


def _network(report: Report) -> str:
    network = str(report.configuration.get("network"))
    kind = _NETWORKS.get(network, "plain convolutions")
    return f"{kind}, {short_count(report.parameters)} parameters"


def _learnt_from(report: Report) -> str:
    weight = report.teacher_weight
    sources = ["labels"] if weight < 1 else []
    sources += [f"what {' and '.join(report.teachers)} say"] if report.teachers else []
    sources += ["people's votes (FER+)"] if report.configuration.get("vote_weight") else []
    return ", ".join(sources)


def _epochs(report: Report) -> str:
    chain = trainings(report)
    epochs = sum(len(one.history) for one in chain)
    least = "at least " if any(not one.history for one in chain) else ""
    return f"{least}{counted(epochs, 'epoch')} in {counted(len(chain), 'training')}"


def _changes(report: Report) -> str:
    settings = report.configuration.get("augmentation")
    if not isinstance(settings, Mapping):
        return "not told"
    moved = any(settings.get(name, off) != off for name, off in _MOVES.items())
    degraded = [name for name in _DEGRADES if settings.get(f"{name}_probability")]
    kinds = ["moved and mirrored"] if moved else []
    kinds += ["made poor"] if len(degraded) > 2 else []
    return ", ".join(kinds) or "none"


def _averaged(report: Report) -> str:
    parts = ["over time"] if report.configuration.get("ema_momentum") else []
    parts += [f"with {', '.join(report.averaged_with)}"] if report.averaged_with else []
    return ", ".join(parts) or "no"


_ROWS: tuple[tuple[str, Callable[[Report], str]], ...] = (
    ("Data", lambda r: r.data.name),
    ("Classes", _classes),
    ("Images", _images),
    ("Network", _network),
    ("Learnt from", _learnt_from),
    ("Epochs", _epochs),
    ("Changed images", _changes),
    ("Weights averaged", _averaged),
)
