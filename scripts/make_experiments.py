"""Write the number blocks of declarations, so that no published number is typed by hand.

    python scripts/make_experiments.py --published paper.json --released release.json experiments/table2.yaml

Both inputs map a table's name to dataset > transition > metric > method. A table without methods
(metric > number) goes to the declaration's only method; one by task instead of homes goes to its only home
and change of context. A study of the release, under ``parameter_study``, is a list of rows; `STUDIES` says
which declaration has them and what its methods are called. All that stands above the line of hashes is kept;
metrics and methods that the declaration does not name are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from smartgen.core.errors import SmartgenError
from smartgen.core.records import write_text_atomic
from smartgen.tables.declare import load_table

LINE = "#" * 100
# By declaration: the release's study, what its rows vary, and the method's name by that value.
STUDIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "fig7": (("splitEP1", "split gap 1", "gap {:g} h"), ("splitEP2", "split gap 2", "duration {:g} h")),
    "fig8": (("diffllmEP", "LLM type", "{}"),),
    "threshold": (("thresholdEP", "threshold", "alpha {:g}"),),
}
METRICS = {"recall": "Recall", "precision": "Precision", "F1 score": "F1 Score"}
LLMS = {"Llama_70B": "Llama-3.3-70B", "Qwen2.5_72B": "Qwen2.5-72B", "gpt-4o": "GPT-4o"}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--published", type=Path, required=True, help="JSON with the paper's numbers")
    parser.add_argument(
        "--released", type=Path, required=True, help="JSON with the authors' released numbers"
    )
    parser.add_argument("declarations", type=Path, nargs="+", help="files whose number blocks are rewritten")
    options = parser.parse_args(argv)
    published, released = (json.loads(path.read_text()) for path in (options.published, options.released))
    try:
        for path in options.declarations:
            rewrite(path, published, released)
    except SmartgenError as error:
        print(f"make_experiments: {error}", file=sys.stderr)
        return 2
    return 0


def rewrite(path: Path, published: Mapping[str, Any], released: Mapping[str, Any]) -> None:
    """Replace what stands below the line of hashes, and check the outcome."""
    head = path.read_text(encoding="utf-8").split(LINE)[0].rstrip() + "\n"
    declared = yaml.safe_load(head)
    name, study = declared["name"], studied(declared, released)
    if name not in published and not study:
        raise SmartgenError(f"{path}: name: expected one of: {', '.join([*published, *STUDIES])}")
    blocks = {
        "published": arranged(published.get(name, {}), declared),
        "released": arranged(study or released.get(name, {}), declared),
    }
    numbers = yaml.safe_dump(
        blocks, sort_keys=False, width=10_000, default_flow_style=None
    )  # a line a metric
    write_text_atomic(path, f"{head}\n{LINE}\n{numbers}")
    load_table(path)


def studied(declared: Mapping[str, Any], released: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of the declaration's study by home, change, metric and method; empty without one."""
    homes = {ours: theirs for theirs, ours in declared["datasets"].items()}
    transition = next(iter(declared["transitions"]))
    found: dict[str, Any] = {}
    for study, varied, method in STUDIES.get(declared["name"], ()):
        for row in released.get("parameter_study", {}).get(study, []):
            value = method.format(LLMS.get(row[varied], row[varied]))
            for key, number in row.items():
                home = found.setdefault(homes[row["dataset"]], {}).setdefault(transition, {})
                home.setdefault(METRICS.get(key, key), {})[value] = number
    return found


def arranged(numbers: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers in the declaration's order and shape, without what it does not name."""
    if numbers and not set(numbers) & set(declared["datasets"]):
        merged = {metric: row for part in numbers.values() for metric, row in part.items()}
        numbers = {next(iter(declared["datasets"])): {next(iter(declared["transitions"])): merged}}
    found: dict[str, Any] = {}
    for dataset in declared["datasets"]:
        for transition in declared["transitions"]:
            for metric in declared["metrics"]:
                row = numbers.get(dataset, {}).get(transition, {}).get(metric, {})
                row = row if isinstance(row, Mapping) else {next(iter(declared["methods"])): row}
                kept = {method: row[method] for method in declared["methods"] if method in row}
                if kept:
                    found.setdefault(dataset, {}).setdefault(transition, {})[metric] = kept
    return found


if __name__ == "__main__":
    sys.exit(main())
