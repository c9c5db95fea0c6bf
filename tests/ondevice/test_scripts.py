"""Tests of the scripts that need nothing of Python, in Node's own runner: ``*.test.js``."""

import subprocess
from pathlib import Path

import pytest

from tests.ondevice.node import Node, node

HERE = Path(__file__).parent
FILES = sorted(str(file.relative_to(HERE)) for file in HERE.rglob("*.test.*js"))


@pytest.mark.parametrize("name", FILES)
def test_scripts_do_as_their_tests_say(js: Node, name: str) -> None:
    command = [node() or "node", "--test", "--test-reporter=spec", name]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
