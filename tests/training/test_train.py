"""A whole training in small: data → fit → files → the same answers from Keras and from LiteRT."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer.errors import OutputError
from fer.evaluation.report import EarlierTraining, Report
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from tests.app.dashboard.samples import write_model
from tests.samples import ROOT, SHIPPED_MODEL
from tests.training.samples import NETWORK, Ran, bars
from training.commands import train as train_command
from training.model_writer import put_in_place, trainings_of


def test_the_command_writes_a_model_that_the_app_can_run(
    archive: Path, tiny: Path, tmp_path: Path, ran: Ran
) -> None:
    """The second domain's votes are all zero, as where nobody voted."""
    with np.load(archive) as fields:
        chosen = np.sort(np.random.default_rng(1).permutation(144)[:100])
        press = {name: fields[name][chosen] for name in ("image", "label", "usage")}
    press["image"] = np.roll(press["image"], 3, axis=2)
    np.savez(tmp_path / "press.npz", **press)
    learnt, held_out = (
        int((press["usage"] == usage).sum()) for usage in ("Training", "PublicTest")
    )
    data = ["--data", f"posed={archive}", f"press={tmp_path / 'press.npz'}"]
    out = tmp_path / "models" / "two"
    command = ["train", *data, "--preset", "compact", *NETWORK, "--epochs", "1", "--limit", "120"]
    command += ["--teacher", tiny, "--average", tiny, "--precision", "float32"]
    command += ["--seed", "3", "--out", out, "--work-dir", tmp_path / "work"]
    printed, progress = ran(*command)
    assert f"FER_MODEL={out} streamlit run" in printed
    assert f"training on 120 faces; left out: {learnt - 24} beyond --limit\n" in progress
    assert f"measuring {32 + held_out} validation faces" in progress
    assert "has a model in it" in ran(*command, status=1)[1]
    assert [entry.name for entry in out.parent.iterdir()] == ["two"]
    report, spec = Report.load(out), ModelSpec.load(out)
    assert (len(report.history), report.seed) == (1, 3)
    assert sum(report.data.class_counts["train"].values()) == 96 + learnt
    assert report.data.dropped["beyond --limit"] == learnt - 24
    assert "--teacher models/tiny --average models/tiny --network residual" in report.command
    assert "--data posed=small.npz press=press.npz" in report.command
    assert str(tmp_path) not in report.command
    assert "split-seed" not in report.command, "it is the usual one"
    assert (report.teachers, report.averaged_with, report.teacher_weight) == (
        ("tiny",), ("tiny",), 1
    )  # fmt: skip
    assert sum(layer.parameters for layer in report.layers) == report.parameters
    assert ExpressionClassifier(out)(bars(5, 4).images).shape == (5, 7)
    counts = {name: figures.count for name, figures in report.evaluations.items()}
    assert counts == {
        "validation": 32,
        "validation, press": held_out,
        "validation, all domains": 32 + held_out,
    }, "the test split is measured by evaluate alone"
    assert report.data.class_counts["test"]
    assert report.balanced_evaluations.keys() == counts.keys()
    assert report.before_temperature.count == report.tta.evaluation.count == 32
    assert all(variant.evaluation.count == 32 for variant in report.robustness)
    assert report.ferplus_agreement
    measured = {(s.split, s.head, s.degraded): s for s in report.selective}
    for name, count in counts.items():
        for degraded, times in ((False, 1), (True, 3)):
            assert measured[name, "balanced", degraded].count == times * count
    assert ("validation, press", "ferplus", False) not in measured, "nobody voted"
    # Everything follows from the predictions that are stored, the parts of each domain too.
    report.model_copy(update={"selective": (), "evaluations": {}}).save(out)
    before = (out / "spec.json").read_bytes()
    ran("recompute", out)
    assert (Report.load(out), (out / "spec.json").read_bytes()) == (report, before)
    ran("recompute", out, *data)
    assert Report.load(out).evaluations == report.evaluations
    assert spec.default_head in spec.head_names


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "NEW"], "none.npz does not exist"),
        (["--out", "FULL"], "something else than a model in it, such as thesis.odt"),
        (["--out", "NEW", "--init", "NEW"], "is what shall be read"),
        (["--out", "NEW", "--teacher", "NEW/a"], "is what shall be read"),
        (["--out", "NEW", "--preset", "adapt", "--replay", "NEW"], "is what shall be read"),
        (["--out", "NEW", "--work-dir", "NEW"], "is what shall be read"),
        (["--out", "NEW", "--work-dir", "FULL/thesis.odt"], "is a file, or in one"),
        (["--out", "NEW", "--epochs", "0"], "--epochs expects 1 or more, got 0"),
        (["--out", "NEW", "--share", "0.5"], "--share is for --average, and between 0 and 1"),
        (["--out", "NEW", "--average", "a", "--share", "1"], "and between 0 and 1"),
        (["--out", "NEW", "--replay", "x"], "--replay is for --preset adapt"),
        (["--out", "NEW", "--preset", "adapt"], "name its directory with --init"),
        (
            ["--out", "NEW", "--preset", "adapt", "--init", "MODEL", "--limit", "9"],
            "--limit is not",
        ),
    ],
)
def test_what_will_not_do_is_told_before_anything_is_read(
    options: list[str], message: str, tmp_path: Path, ran: Ran
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.odt").write_text("mine")
    names = {"FULL": str(tmp_path / "full"), "NEW": str(tmp_path / "new")}
    for short, path in (names | {"MODEL": str(SHIPPED_MODEL)}).items():
        options = [option.replace(short, path) for option in options]
    work = [] if "--work-dir" in options else ["--work-dir", str(tmp_path / "work")]
    said = ran("train", "--data", tmp_path / "none.npz", *work, *options, status=1)[1]
    assert message in said
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "thesis.odt"]


def test_after_ctrl_c_it_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: Ran
) -> None:
    def interrupted(*_: object) -> int:
        (tmp_path / "work").mkdir()
        (tmp_path / "work" / "progress.json").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(train_command, "_run", interrupted)
    places = ["--out", tmp_path / "m", "--work-dir", tmp_path / "work"]
    _, said = ran("train", "--data", "none.npz", *places, status=130)
    assert "the same command with --resume goes on" in said
    assert said.endswith("stopped\n")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ([], "work holds the finished epochs of an earlier run. Go on with it with --resume"),
        (["--resume"], "none.npz does not exist"),
        (["--overwrite"], "none.npz does not exist"),
    ],
)
def test_an_earlier_run_is_only_replaced_when_told(
    option: list[str], message: str, tmp_path: Path, ran: Ran
) -> None:
    kept = tmp_path / "work" / "progress.json"
    kept.parent.mkdir()
    kept.write_text("nineteen epochs")
    command = ["train", "--data", tmp_path / "none.npz", "--out", tmp_path / "m"]
    said = ran(*command, "--work-dir", kept.parent, *option, status=1)[1]
    assert message in said
    assert kept.read_text() == "nineteen epochs"


@pytest.mark.full
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs requirements-jax.txt")
def test_the_whole_command_on_jax_writes_a_model(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "models" / "jax"
    command = ["train", "--preset", "small", "--data", archive, "--out", out, "--quick"]
    command += ["--work-dir", tmp_path / "work", "--epochs", "1", "--precision", "float32"]
    backend = {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        # Optimising what it runs takes longer than running it.
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    done = subprocess.run(
        [sys.executable, "-m", "training", *map(str, command), *NETWORK, "--widths", "8,8"],
        cwd=ROOT,
        env=os.environ | backend,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report, classifier = Report.load(out), ExpressionClassifier(out)
    assert report.versions["backend"] == "jax"
    assert report.describes(classifier.spec)
    assert report.parity < 1e-2
    assert classifier(bars(5, 4).images).shape == (5, 7)


def test_a_chain_of_trainings_is_kept(tmp_path: Path) -> None:
    first = EarlierTraining(name="first", command="python -m training train")
    report = write_model(tmp_path, "second", earlier_trainings=(first,))
    before, own = trainings_of(tmp_path / "second")
    assert before == first
    assert (own.name, own.command, own.history) == ("second", report.command, report.history)
    assert own.training_seconds == report.training_seconds
    (tmp_path / "bare").mkdir()
    (only,) = trainings_of(tmp_path / "bare")
    assert (only.name, only.history) == ("bare", ()), "without a report, it is known by name"


def test_a_new_model_is_not_lost_if_its_place_was_taken_meanwhile(tmp_path: Path) -> None:
    for name in ("new", "mine"):
        write_model(tmp_path, name)
    with pytest.raises(OutputError, match=r"has a model in it.* The new model is in .*mine-2\."):
        put_in_place(tmp_path / "new", tmp_path / "mine", overwrite=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "mine-2"]
