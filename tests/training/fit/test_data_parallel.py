"""The fit loop on Keras's JAX backend, on one device and on two, in processes of their own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer.errors import DataError
from tests.conftest import ROOT
from training.fit.data_parallel import distribute

TRAIN_ONE_EPOCH = """
import json, sys
from pathlib import Path
from tests.training.samples import TINY, bars
from training.fit.data_parallel import distribute
from training.fit.loop import fit

devices = distribute() if sys.argv[1] == "two" else 1
done = fit(TINY.override({"epochs": 1}), bars(64, 1), bars(32, 2), seed=5,
           work_dir=Path(sys.argv[2]), verbose=0)
print(json.dumps({"devices": devices, "loss": done.history[0].loss,
                  "validation_loss": done.history[0].validation_loss}))
"""


def trained(devices: str, work_dir: Path) -> dict[str, float]:
    flags = "--xla_force_host_platform_device_count=2" if devices == "two" else ""
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    done = subprocess.run(
        [sys.executable, "-c", TRAIN_ONE_EPOCH, devices, str(work_dir)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs requirements-jax.txt")
def test_two_devices_learn_what_one_learns(tmp_path: Path) -> None:
    one, two = (trained(n, tmp_path / n) for n in ("one", "two"))
    assert (one["devices"], two["devices"]) == (1, 2)
    assert two["loss"] == pytest.approx(one["loss"], rel=0.02)
    assert two["validation_loss"] == pytest.approx(one["validation_loss"], rel=0.05)


def test_tensorflow_is_told_what_it_would_need() -> None:
    with pytest.raises(DataError, match="KERAS_BACKEND=jax"):
        distribute()
