"""The generator of number blocks, on made-up numbers in each shape it takes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smartgen.tables.declare import Place, load_table

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_experiments.py"
HEAD = """\
schema: 1
name: t
title: A title
source: no paper
datasets: {SP: sp}
transitions: {ST: seasonal}
metrics:
  F1 Score: {key: f1, unit: share}
  HR@10: {key: hr, unit: share}
methods:
  B: {cells: null}
"""


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_experiments", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(script: ModuleType, folder: Path, published: dict[str, Any], released: dict[str, Any]) -> int:
    paths = [folder / "published.json", folder / "released.json"]
    for path, content in zip(paths, (published, released), strict=True):
        path.write_text(json.dumps({"t": content}))
    arguments = ["--published", str(paths[0]), "--released", str(paths[1]), str(folder / "t.yaml")]
    return int(script.main(arguments))


@pytest.mark.parametrize(
    "published",
    [
        {"SP": {"ST": {"HR@10": {"A": 0.1, "B": 0.2}, "F1 Score": {"B": 0.3}, "MRR": {"B": 1}}}},
        {"AD": {"F1 Score": {"B": 0.3}}, "BP": {"HR@10": {"B": 0.2}}},
        {"SP": {"ST": {"F1 Score": 0.3, "HR@10": 0.2}}},
    ],
    ids=["plain", "by task", "without methods"],
)
def test_each_shape_lands_in_the_declarations_own(
    script: ModuleType, tmp_path: Path, published: dict[str, Any]
) -> None:
    (tmp_path / "t.yaml").write_text(HEAD)
    assert run(script, tmp_path, published, {}) == 0
    table = load_table(tmp_path / "t.yaml")
    assert table.published == {Place("SP", "ST", "F1 Score", "B"): 0.3, Place("SP", "ST", "HR@10", "B"): 0.2}
    first = (tmp_path / "t.yaml").read_text()
    assert first.startswith(HEAD)
    assert run(script, tmp_path, published, {}) == 0
    assert (tmp_path / "t.yaml").read_text() == first


def test_an_unknown_table_is_refused(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(HEAD.replace("name: t", "name: u"))
    assert run(script, tmp_path, {}, {}) == 2


def test_a_study_of_the_release_is_read_row_by_row(script: ModuleType, tmp_path: Path) -> None:
    head = HEAD.replace("name: t", "name: fig8").replace("B: {", "Llama-3.3-70B: {")
    (tmp_path / "fig8.yaml").write_text(head)
    row = {"dataset": "sp", "LLM type": "Llama_70B", "task1": "detection", "F1 score": 0.3, "HR@10": 0.2}
    for name, content in {"published": {}, "released": {"parameter_study": {"diffllmEP": [row]}}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    given = [str(tmp_path / f"{name}.json") for name in ("published", "released")]
    assert script.main(["--published", given[0], "--released", given[1], str(tmp_path / "fig8.yaml")]) == 0
    table = load_table(tmp_path / "fig8.yaml")
    assert table.published == {}
    wanted = {"F1 Score": 0.3, "HR@10": 0.2}
    assert table.released == {
        Place("SP", "ST", name, "Llama-3.3-70B"): value for name, value in wanted.items()
    }
