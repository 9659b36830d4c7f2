"""The notebook runs, and what it prints is what the site shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs/notebooks/stages.ipynb"


def printed(notebook: Any) -> list[str]:
    """The text of each cell of code, numbers apart: networks differ in the third decimal by the processor."""
    return [
        re.sub(r"\d+(\.\d+)?", "0", "".join(output.get("text", "") for output in cell.outputs))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.slow
def test_the_notebook_prints_what_the_site_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[2]))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    kept = nbformat.read(NOTEBOOK, as_version=4)
    assert all(cell.outputs for cell in kept.cells if cell.cell_type == "code")
    anew = nbformat.read(NOTEBOOK, as_version=4)
    folder = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(anew, timeout=120, kernel_name="python3", resources=folder).execute()
    assert printed(anew) == printed(kept)
