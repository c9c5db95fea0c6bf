"""A process in another environment that answers questions about pictures."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self


class Worker:
    """Runs a script with another environment's Python. Use it in a ``with`` block.

    The script prints a line of JSON when it is ready, and one for each line on its standard input.

    Args:
        python: Python of that environment.
        script: what it runs.
        arguments: of the script.
        expected: what the environment must have, as a sentence for the error.

    Raises:
        OSError: there is no such Python.
    """

    def __init__(self, python: Path, script: Path, *arguments: str, expected: str) -> None:
        self._failure = (
            f"{' '.join([str(python), script.name, *arguments])} gave no answer. {expected}"
        )
        self._folder = TemporaryDirectory()
        try:
            self._process = subprocess.Popen(
                [str(python.absolute()), str(script), *arguments],
                cwd=self._folder.name,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        except OSError:
            self._folder.cleanup()
            raise

    @property
    def folder(self) -> Path:
        """A folder for pictures, which goes with the process."""
        return Path(self._folder.name)

    def __enter__(self) -> Self:
        """Wait until the script is ready.

        Raises:
            RuntimeError: it does not run in that environment.
        """
        try:
            self._answer()
        except RuntimeError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def ask(self, request: Any) -> Any:
        """Return the answer to a request; both are what JSON can hold.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise RuntimeError(self._failure) from error
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self._failure)
        return json.loads(line)

    def _close(self) -> None:
        self._process.communicate()  # closes its standard input, which ends the process
        self._folder.cleanup()
