"""Streamlit with a script in the place of the training, which ends when a file is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from streamlit.web.cli import main

from app.own_data import fine_tuning
from app.own_data import fine_tuning_view as view

#: Environment variables with the model directory that comes out, and the file that is waited for.
MODEL_VARIABLE, SIGN_VARIABLE = "TAUGHT_MODEL", "TAUGHT_SIGN"

_TRAINING = """
import pathlib, shutil, sys, time
model, sign, data, out = sys.argv[1:]
print("the images take", pathlib.Path(data).stat().st_size, "bytes")
print('{"stage": "all layers", "done": 7, "total": 16, "seconds_left": 70}')
while not pathlib.Path(sign).exists():
    time.sleep(0.05)
shutil.copytree(model, out)
"""


def _command(data: Path, out: Path, work_dir: Path) -> list[str]:
    made = [os.environ[MODEL_VARIABLE], os.environ[SIGN_VARIABLE]]
    return [sys.executable, "-c", _TRAINING, *made, str(data), str(out)]


if __name__ == "__main__":
    fine_tuning._NEEDS = ("json",)  # whether or not TensorFlow is installed
    view.run_command = lambda initial, replay: _command
    main(prog_name="streamlit")
