"""The notebook of the tutorial runs from its first cell to its last, and is stored without outputs."""

from __future__ import annotations

import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[3] / "docs/tutorial/trace-in-python.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_stored_without_outputs(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not [cell for cell in code if cell.outputs or cell.execution_count]


def test_the_notebook_runs_and_ends_with_the_picture(notebook, monkeypatch, tmp_path):
    kernel = tmp_path / "kernels/python3"  # this Python's own kernel, whatever the machine has
    kernel.mkdir(parents=True)
    command = f'["{Path(sys.executable).as_posix()}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
    spec = f'{{"argv": {command}, "display_name": "Python 3", "language": "python"}}'
    (kernel / "kernel.json").write_text(spec, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
    run = nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    assert "image/svg+xml" in run.cells[-1].outputs[0].data
