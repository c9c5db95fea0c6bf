"""The notebook runs from its first cell to its last, on faces that it draws."""

import nbformat
import pytest
from nbclient import NotebookClient

from tests.samples import ROOT


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")  # of the kernel's packages
def test_the_notebook_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FER2013", raising=False)
    notebook = nbformat.read(ROOT / "notebooks" / "train_fer2013.ipynb", as_version=4)
    client = NotebookClient(
        notebook, timeout=1200, resources={"metadata": {"path": str(ROOT / "notebooks")}}
    )
    client.execute()
    printed = [o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", [])]
    assert any(text.startswith("accuracy") for text in printed)
