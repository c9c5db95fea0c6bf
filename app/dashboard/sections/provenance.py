"""How a model came to be → the sections of its report. No streamlit in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.dashboard.charts import training as charts
from app.dashboard.charts.network_svg import describe_network, network_svg
from app.dashboard.elements import (
    Chart,
    Command,
    Drawing,
    Fact,
    Facts,
    Note,
    Part,
    Row,
    Section,
    Table,
)
from app.dashboard.text import (
    duration,
    ordered_splits,
    part_note,
    percent,
    shape,
    short_hash,
    size,
    time_meaning,
    written,
)
from fer.evaluation.report import Report


def training(report: Report) -> Section:
    """Return the curves of the training and what it learnt from."""
    parts: list[Part | Row] = []
    if report.history:
        parts += [_training_facts(report), _curves(report)]
    counts = report.data.class_counts
    parts.append(
        Row(
            tuple(
                Chart(
                    f"classes_{split}",
                    f"Faces of {split}: {sum(counts[split].values()):,}",
                    charts.class_counts_chart(counts[split]),
                    f"Faces of {split}: "
                    + ", ".join(f"{name} {n:,}" for name, n in counts[split].items())
                    + ".",
                    "How many faces of each expression there are, before cleaning.",
                )
                for split in ordered_splits(report)
            )
        )
    )
    return Section("Training", tuple(parts))


def network(report: Report) -> Section:
    """Return the network as a drawing and layer by layer."""
    if not report.layers:
        return Section("Network", (Note("The report has no layers."),))
    drawing = Drawing(
        "The network",
        network_svg(report.layers),
        describe_network(report.layers),
        "From top to bottom. The wider a slab, the finer the picture; the fuller its colour, the "
        "more channels. A line around a group is a shortcut: what comes in is added to what "
        "comes out.",
    )
    table = Table(
        f"{len(report.layers)} layers, {report.parameters:,} parameters",
        ("Layer", "Kind", "Detail", "Output", "Parameters", "Reads"),
        tuple(
            (
                layer.name,
                layer.kind,
                layer.detail,
                shape(layer.shape),
                f"{layer.parameters:,}",
                ", ".join(layer.inputs),
            )
            for layer in report.layers
        ),
        "Output: height × width × channels.",
        text_columns=("Kind", "Detail", "Reads"),
        long=True,
    )
    return Section("Network", (Row((drawing, table), (2, 3)),))


def record(report: Report) -> Section:
    """Return what it takes to do it again."""
    return Section(
        "Record",
        (
            Command(
                "Its last training, which needs the models named in it"
                if report.is_last_part
                else "What reproduces it",
                report.command,
            ),
            Row((_settings(report), _origin(report))),
            _files(report),
        ),
    )


def flatten(configuration: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested settings as rows, ``augmentation.flip`` for one inside another."""
    rows: list[tuple[str, str]] = []
    for key, value in configuration.items():
        if isinstance(value, Mapping):
            rows += flatten(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", _text(value)))
    return rows


def _text(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)


def _training_facts(report: Report) -> Facts:
    best = max(range(len(report.history)), key=lambda i: report.history[i].validation_accuracy)
    accuracy = report.history[best].validation_accuracy
    return Facts(
        (
            Fact(
                "Epochs",
                str(len(report.history)),
                "How often it saw the whole train split.",
                part_note(report),
            ),
            Fact(
                "Training time",
                duration(report.training_seconds),
                time_meaning(report),
                part_note(report),
            ),
            Fact(
                "Best epoch",
                str(best + 1),
                f"The epoch of the highest validation accuracy, {percent(accuracy)}.",
            ),
            Fact("Last accuracy", percent(report.history[-1].validation_accuracy), _last(report)),
        )
    )


LAST = "Validation accuracy after the last epoch, measured during the training."

_AVERAGED = (
    " What came of it is the mean of these weights and those of other trainings, so its own "
    "accuracy, in the overview, is another."
)


def _last(report: Report) -> str:
    return LAST + _AVERAGED if report.is_average else LAST


_CURVES = (
    "The train figures are on distorted pictures and while the weights still moved, the "
    "validation figures on plain ones with averaged weights: validation may well look better."
)

_TAUGHT = (
    "It learnt from the answers of other networks more than from labels, so the train figures say "
    "how well it agrees with those networks."
)


def _meaning_of_curves(report: Report) -> str:
    weight = report.configuration.get("teacher_weight")
    # No more than half leaves the label the most probable answer of every target.
    taught = isinstance(weight, (int, float)) and weight > 0.5
    return f"{_CURVES} {_TAUGHT}" if taught else _CURVES


def _curves(report: Report) -> Row:
    history, meaning = report.history, _meaning_of_curves(report)
    last = history[-1]
    return Row(
        (
            Chart(
                "loss",
                "Loss",
                charts.loss_chart(history),
                f"Loss over {len(history)} epochs; at the end train {last.loss:.3f}, validation "
                f"{last.validation_loss:.3f}.",
                f"What the training makes small. {meaning}",
                width=344,
            ),
            Chart(
                "accuracy",
                "Accuracy",
                charts.accuracy_chart(history),
                f"Accuracy over {len(history)} epochs; at the end train {percent(last.accuracy)}, "
                f"validation {percent(last.validation_accuracy)}.",
                meaning,
                width=344,
            ),
            Chart(
                "learning_rate",
                "Learning rate",
                charts.learning_rate_chart(history),
                f"Learning rate over {len(history)} epochs, at most "
                f"{max(e.learning_rate for e in history):.2g}.",
                "How large the steps are that the weights take.",
                width=344,
            ),
        )
    )


def _settings(report: Report) -> Table:
    return Table(
        "Configuration",
        ("Setting", "Value"),
        (("seed", str(report.seed)), *flatten(report.configuration)),
        "Every setting of the preset that it was trained with.",
    )


def _origin(report: Report) -> Table:
    dropped = tuple((f"left out: {why}", f"{n:,}") for why, n in report.data.dropped.items())
    return Table(
        "Origin",
        ("What", "Value"),
        (
            ("written", written(report)),
            ("machine", report.machine),
            ("data set", report.data.name),
            ("SHA-256 of the data", short_hash(report.data.sha256)),
            *dropped,
            ("Keras against LiteRT", f"{report.parity:.1e}"),
            *report.versions.items(),
        ),
        "Left out: train faces that were not used, by reason. Keras against LiteRT: the largest "
        "difference between the probabilities of the network that was trained and the file that "
        "runs.",
        text_columns=("Value",),
    )


def _files(report: Report) -> Table:
    return Table(
        "Files",
        ("File", "Size", "SHA-256"),
        tuple((name, size(f.bytes), short_hash(f.sha256)) for name, f in report.files.items()),
        "The files that were measured. The whole SHA-256 stands in the JSON report.",
        text_columns=("SHA-256",),
    )
