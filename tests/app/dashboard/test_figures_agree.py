"""Every figure on the dashboard is what scikit-learn computes from the stored answers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from app.core.report import evaluation
from app.core.report.confusion import COUNTS, confusion_chart
from app.core.report.elements import Chart, Facts, Note, Part, Row, Table
from app.core.report.text import SplitEvaluation, split_evaluations
from app.dashboard.models import OpenedModel, model_names, open_model
from app.dashboard.sections import confidence, performance
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from tests.app.dashboard.samples import write_model
from tests.samples import ROOT
from training.evaluation.predictions import FURTHER_FILE, Predictions, load_predictions

MODELS = ROOT / "models"
BINS = 15


@pytest.fixture(scope="module", params=["made in the test", *model_names(MODELS)])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was made here, and every model of the repository."""
    if request.param in model_names(MODELS):
        return MODELS / request.param
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "small")
    return folder / "small"


#: Names of the predictions that the figures of other heads are about.
FURTHER = {BALANCED_HEAD: "balanced", FERPLUS_HEAD: "ferplus/plain"}

Split = tuple[OpenedModel, SplitEvaluation, Predictions]


@pytest.fixture(scope="module")
def splits(directory: Path) -> list[Split]:
    """What is shown of every split, and the answers that it is about."""
    model, stored = open_model(directory), with_all_domains(load_predictions(directory))
    found = [
        (model, m, stored[m.split])
        for m in split_evaluations(model.report, EXPRESSION_HEAD)
        if m.duplicates and m.head == EXPRESSION_HEAD
    ]
    assert {m.split for _, m, _ in found} == set(stored)
    return found


def with_all_domains(stored: dict[str, Predictions]) -> dict[str, Predictions]:
    """Add what is not stored: the answers of a split's domains one after the other."""
    together = dict(stored)
    for name in stored:
        split, _, kind = name.partition("/")
        domain, _, further = split.partition(", ")
        if further and kind != "without_duplicates":
            key = "/".join(filter(None, (f"{domain}, all domains", kind)))
            parts = [
                together.get(key, stored["/".join(filter(None, (domain, kind)))]),
                stored[name],
            ]
            together[key] = Predictions(
                np.concatenate([part.labels for part in parts]),
                np.concatenate([part.probabilities for part in parts]),
            )
    return together


@pytest.fixture(scope="module")
def both_heads(directory: Path, splits: list[Split]) -> list[Split]:
    """The same, and what is shown of the other heads."""
    if not (directory / FURTHER_FILE).is_file():
        return splits
    further = with_all_domains(load_predictions(directory, FURTHER_FILE))
    model = splits[0][0]
    second = [
        (model, one, further[f"{one.split}/{FURTHER[one.head]}"])
        for one in split_evaluations(model.report)
        if one.head != EXPRESSION_HEAD
    ]
    assert second or {s.head for s in splits[0][0].report.selective} == {EXPRESSION_HEAD}
    return [*splits, *second]


def flat(parts: Sequence[Part]) -> Iterator[object]:
    for part in parts:
        yield from part.parts if isinstance(part, Row) else (part,)


def facts(parts: Sequence[Part]) -> dict[str, str]:
    return {f.label: f.value for p in flat(parts) if isinstance(p, Facts) for f in p.facts}


def table(parts: Sequence[Part], title: str) -> Table:
    return next(p for p in flat(parts) if isinstance(p, Table) and p.title == title)


def shares(stored: Predictions) -> np.ndarray:
    """Return probabilities whose rows sum to 1 in double precision, as scikit-learn asks."""
    wide = stored.probabilities.astype(np.float64)
    return wide / wide.sum(axis=1, keepdims=True)


def test_headline_figures(both_heads: list[Split]) -> None:
    for model, shown, stored in both_heads:
        truth, answers = stored.labels, stored.probabilities.argmax(axis=1)
        classes = range(stored.probabilities.shape[1])
        accuracy = metrics.accuracy_score(truth, answers)
        macro_f1 = metrics.f1_score(
            truth, answers, average="macro", labels=np.unique(truth), zero_division=0
        )
        balanced = metrics.recall_score(
            truth, answers, average="macro", labels=np.unique(truth), zero_division=0
        )
        top2 = metrics.top_k_accuracy_score(truth, stored.probabilities, k=2, labels=classes)
        loss = metrics.log_loss(truth, shares(stored), labels=classes)
        parts = performance.overview(model.report, shown)
        figures = facts(parts)
        assert figures["Accuracy"] == f"{accuracy:.1%}"
        assert figures["Macro-F1"] == f"{macro_f1:.1%}"
        assert figures["Balanced accuracy"] == f"{balanced:.1%}"
        assert figures["Top-2 accuracy"] == f"{top2:.1%}"
        assert figures["Log loss"] == f"{loss:.3f}"
        every = table(parts, "Every head and split")
        column = [row[every.columns.index(shown.name)] for row in every.rows]
        assert column[:2] == [f"{len(truth):,}", f"{accuracy:.1%}"]
        assert column[3:6] == [f"{macro_f1:.1%}", f"{balanced:.1%}", f"{top2:.1%}"]


def test_figures_of_each_class(both_heads: list[Split]) -> None:
    for _, shown, stored in both_heads:
        names = [c.label for c in shown.evaluation.classes]
        expected = metrics.precision_recall_fscore_support(
            stored.labels,
            stored.probabilities.argmax(axis=1),
            labels=range(len(names)),
            zero_division=0,
        )
        chart, rows = evaluation.per_class(shown).parts
        assert isinstance(chart, Chart)
        assert isinstance(rows, Table)
        assert rows.rows == tuple(
            (name, f"{p:.1%}", f"{r:.1%}", f"{f:.1%}", f"{support:,}")
            for name, p, r, f, support in zip(names, *expected, strict=True)
        )
        marks = {trace.name: list(trace.x) for trace in chart.figure.data if trace.name}
        for name, values in zip(("precision", "recall", "F1"), expected, strict=False):
            assert marks[name] == pytest.approx(list(values))


def test_confusion_counts(both_heads: list[Split]) -> None:
    for _, shown, stored in both_heads:
        answers = stored.probabilities.argmax(axis=1)
        classes = range(stored.probabilities.shape[1])
        expected = metrics.confusion_matrix(stored.labels, answers, labels=classes)
        drawn = confusion_chart(shown.evaluation, COUNTS).data[0]
        assert (np.array(drawn.z) == expected).all()
        rows = evaluation.confusion_counts(shown).rows
        assert [row[1:] for row in rows] == [tuple(f"{n:,}" for n in row) for row in expected]


def test_calibration(both_heads: list[Split]) -> None:
    for model, shown, stored in both_heads:
        highest = stored.probabilities.max(axis=1)
        right = stored.probabilities.argmax(axis=1) == stored.labels
        edges = np.linspace(0, 1, BINS + 1)
        places = np.clip(np.digitize(highest, edges, right=True) - 1, 0, BINS - 1)
        filled = [i for i in range(BINS) if (places == i).any()]
        counts = [int((places == i).sum()) for i in filled]
        means = [float(highest[places == i].mean()) for i in filled]
        hits = [float(right[places == i].mean()) for i in filled]
        error = sum(
            n * abs(h - m) for n, h, m in zip(counts, hits, means, strict=True)
        ) / len(right)  # fmt: skip
        parts = confidence.confidence(model.report, shown, model.temperature(shown.head))
        figures = facts(parts)
        assert figures.get("Error after", figures.get("Calibration error")) == f"{error:.1%}"
        rows = table(parts, "Answers by confidence").rows
        assert [row[1] for row in rows] == [f"{n:,}" for n in counts]
        chart = next(p for p in flat(parts) if isinstance(p, Chart) and p.key == "reliability")
        line = next(t for t in chart.figure.data if t.name in ("after", "answers"))
        assert list(line.x) == pytest.approx(means, rel=1e-5)
        assert list(line.y) == pytest.approx(hits, rel=1e-5)


@pytest.mark.parametrize("name", model_names(MODELS))
def test_a_threshold_brings_what_the_report_says(name: str) -> None:
    model = open_model(MODELS / name)
    stored = load_predictions(MODELS / name)
    made = [s for s in model.report.selective if s.head == EXPRESSION_HEAD]
    plain = next(s for s in made if s.split in stored and not s.degraded)
    answers = stored[plain.split]
    second, first = np.sort(answers.probabilities, axis=1)[:, -2:].T
    floors = np.array([plain.floors.get(label, 0) for label in plain.labels], np.float32)
    answered = (first >= plain.threshold) & (first - second >= np.float32(plain.margin))
    answered &= first >= floors[answers.probabilities.argmax(axis=1)]
    answered_as = answers.probabilities.argmax(axis=1)[answered]
    right = answered_as == answers.labels[answered]
    assert plain.coverage == pytest.approx(answered.mean())
    assert plain.accuracy == pytest.approx(right.mean())
    assert plain.accuracy >= plain.target
    names = range(len(plain.labels))
    counts = metrics.confusion_matrix(answers.labels[answered], answered_as, labels=names)
    assert [list(row) for row in plain.confusion] == counts.tolist()
    assert sum(b.count for b in plain.calibration) == len(answers.labels)


@pytest.mark.parametrize(
    "name", [name for name in model_names(MODELS) if not open_model(MODELS / name).report_alone]
)
def test_the_thresholds_shown_are_those_of_the_spec(name: str) -> None:
    model = open_model(MODELS / name)
    spec = ModelSpec.load(MODELS / name)
    shown = split_evaluations(model.report)[0]
    parts = confidence.confidence(model.report, shown, None, model.heads)
    rows = {row[0]: list(row[1:]) for row in table(parts, "When it answers").rows}
    answered = list(dict.fromkeys(s.head for s in model.report.selective))
    assert set(answered) == set(spec.head_names)
    says = [spec.head(head).abstention for head in answered]
    thresholds = [value for one in says for value in (one.threshold, one.degraded_threshold)]
    assert rows["Lowest confidence"] == [
        f"{value:.1%}" if value else "none" for value in thresholds
    ]
    least = {
        label: [
            values[spec.head(head).labels.index(label)] if label in spec.head(head).labels else None
            for head in answered
            for values in spec.head(head).thresholds
        ]
        for head in answered
        for label in spec.head(head).labels
    }
    for label, values in least.items():
        expected = [
            "–" if v is None else "none is enough" if v == 1 else f"{v:.1%}" for v in values
        ]
        assert rows[f"Lowest for {label}"] == expected


def test_seeds_and_tta_are_shown_where_they_were_measured(tmp_path: Path) -> None:
    write_model(tmp_path, "small")
    report = open_model(tmp_path / "small").report
    shown = split_evaluations(report)[0]
    parts = performance.overview(report, shown)
    rows = table(parts, "3 seeds, 2 epochs each, starting from start, FER2013 head").rows
    assert [row[1] for row in rows] == ["60.0%", "62.0%", "61.0%", "2.0 points"]
    assert f"{report.tta.evaluation.accuracy:.1%}" in facts(parts)["Accuracy, ten views"]
    without = report.model_copy(update={"seed_variance": None})
    titles = [p.title for p in flat(performance.overview(without, shown)) if isinstance(p, Table)]
    assert not [title for title in titles if "seeds" in title]
    quick = report.model_copy(update={"tta": None, "robustness": ()})
    for shown_parts in (
        performance.overview(quick, shown),
        confidence.robustness(quick, {"expression": "a head"}),
    ):
        notes = [part.text for part in flat(shown_parts) if isinstance(part, Note)]
        assert [text for text in notes if "not measured (--quick)" in text]


@pytest.mark.parametrize("name", model_names(MODELS))
def test_every_other_figure_of_a_report(name: str) -> None:
    report = open_model(MODELS / name).report
    stored = with_all_domains(load_predictions(MODELS / name, FURTHER_FILE))
    again = report.without_duplicates
    figures = {f"{split}/without_duplicates": e.accuracy for split, e in again.items()}
    figures |= {f"validation/corrupted/{v.name}": v.evaluation.accuracy for v in report.robustness}
    figures |= {
        f"validation/agreement/{a.head}/{a.rule}": a.accuracy for a in report.ferplus_agreement
    }
    figures |= {f"{split}/balanced": e.accuracy for split, e in report.balanced_evaluations.items()}
    figures["validation/tta"] = report.tta.evaluation.accuracy
    # At the end of a curve all are answered. To plain pictures, they are those of the split itself.
    figures |= {
        f"{s.split}/{s.head}/{'degraded' if s.degraded else 'plain'}": s.curve[-1].accuracy
        for s in report.selective
        if s.head != EXPRESSION_HEAD or s.degraded
    }
    assert figures.keys() == stored.keys()
    assert len(figures) > 1
    for key, made in stored.items():
        answers = made.probabilities.argmax(axis=1)
        assert figures[key] == pytest.approx(metrics.accuracy_score(made.labels, answers))
    for split, measured_again in report.without_duplicates.items():
        made = stored[f"{split}/without_duplicates"]
        answers = made.probabilities.argmax(axis=1)
        macro_f1 = metrics.f1_score(made.labels, answers, average="macro", zero_division=0)
        assert measured_again.macro_f1 == pytest.approx(macro_f1)
        assert measured_again.log_loss == pytest.approx(metrics.log_loss(made.labels, shares(made)))
