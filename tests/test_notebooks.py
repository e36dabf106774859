"""Every notebook runs from top to bottom, is stored without outputs, and defines no functions."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
AFRESH = "%reset -f\nimport matplotlib\nmatplotlib.rcdefaults()\n%matplotlib inline"


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.fixture(scope="module")
def cells_run():
    """Cells with outputs by notebook, run in one process as all import the same; names are taken away in between."""
    notebooks = {path: nbformat.read(path, as_version=4) for path in NOTEBOOKS}
    together = nbformat.v4.new_notebook()
    for notebook in notebooks.values():
        together.cells += [nbformat.v4.new_code_cell(AFRESH), *notebook.cells]
    with pytest.MonkeyPatch.context() as changed:
        changed.delenv("MPLBACKEND", raising=False)
        folder = {"metadata": {"path": str(NOTEBOOKS[0].parent)}}
        NotebookClient(together, timeout=300, allow_errors=True, resources=folder).execute()
    return {path: notebook.cells for path, notebook in notebooks.items()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, cells_run):
    outputs = [(cell, output) for cell in cells_run[path] for output in cell.get("outputs", [])]
    assert [output.evalue for _, output in outputs if output.output_type == "error"] == []
    assert all(cell.execution_count for cell in cells_run[path] if cell.cell_type == "code")
    pictures = [(cell, output) for cell, output in outputs if "image/png" in output.get("data", {})]
    assert pictures, "a story without a picture"
    for cell, output in pictures:  # the words are the chart's own, or the cell's for one drawn by hand
        words = output.metadata.get("image/png", {}).get("alt") or cell.metadata.get("mystnb", {}).get("image", {})
        assert words, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_clean(path):
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    assert not any(line.lstrip().startswith(("def ", "class ")) for cell in cells for line in cell["source"])
