"""The fit loop on Keras's JAX backend, on one device and on two, in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer.errors import DataError
from tests.samples import ROOT
from training.fit.optimizer import distribute

TRAIN_TWICE = """
import json, sys
from pathlib import Path
from tests.training.samples import TINY, bars
from training.fit.optimizer import distribute
from training.fit.loop import fit

def trained(name):
    done = fit(TINY.override({"epochs": 1}), bars(64, 1), bars(32, 2), seed=5,
               work_dir=Path(sys.argv[1]) / name, verbose=0)
    [devices] = {len(variable.value.devices()) for variable in done.model.variables}
    return {"devices": devices, "loss": done.history[0].loss,
            "validation_loss": done.history[0].validation_loss}

print(json.dumps([trained("one"), distribute(), trained("two")]))
"""

#: Two devices on one processor; optimising what they run takes longer than running it.
XLA_FLAGS = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"


@pytest.mark.full
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs requirements-jax.txt")
def test_two_devices_learn_what_one_learns(tmp_path: Path) -> None:
    backend = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": XLA_FLAGS}
    done = subprocess.run(
        [sys.executable, "-c", TRAIN_TWICE, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | backend,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    one, devices, two = json.loads(done.stdout.splitlines()[-1])
    assert (one["devices"], devices, two["devices"]) == (1, 2, 2)
    assert two["loss"] == pytest.approx(one["loss"], rel=0.02)
    assert two["validation_loss"] == pytest.approx(one["validation_loss"], rel=0.05)


def test_tensorflow_is_told_what_it_would_need() -> None:
    with pytest.raises(DataError, match="KERAS_BACKEND=jax"):
        distribute()
