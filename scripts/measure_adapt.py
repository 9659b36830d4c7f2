"""Print the table of "What it is worth" in docs/home.md, from cells of experiment=adapt under ``--outputs``.

One line a home and change, synthesizer, model and metric; means over households and seeds.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

from smartgen.core.records import Record, read_records

METRICS = (
    ("detection", "auroc", "detector", "AUROC"),
    ("detection", "false_positive_rate", "detector", "normal flagged"),
    ("prediction", "hr@10", "predictor", "HR@10"),
)
REGIMES = ("source", "synthetic", "mixed", "adapted", "oracle")
HEAD = ("home", "synthesizer", "model", "metric", "n", *REGIMES, "beside the stale model")
Row = tuple[str, str, str, str]  # home and change, synthesizer, model, metric
Values = dict[str, dict[tuple[object, object], float]]  # regime -> household and seed -> value


def collected(records: Iterable[Record]) -> dict[Row, Values]:
    """Every value once: source and oracle are the same in each regime's cell."""
    rows: dict[Row, Values] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        if not record.ok or record.axes["task"] != "adapt":
            continue
        axes = record.axes
        unit = (record.config["dataset"].get("household"), axes["seed"])
        for task, metric, kind, name in METRICS:
            row = (f"{axes['dataset']} {axes['transition']}", axes["synthesizer"], axes[kind], name)
            for regime in ("source", axes["regime"], "oracle"):
                value = record.metrics.get(f"benefit/{task}/{regime}/{metric}")
                if value is not None:
                    rows[row][regime][unit] = value
    return rows


def line(row: Row, values: Values) -> list[str]:
    """Means over households and seeds; and how many of them `adapted`, else `synthetic`, leaves better."""
    means = [f"{fmean(values[name].values()):.3f}" if values.get(name) else "" for name in REGIMES]
    mine = next((name for name in ("adapted", "synthetic") if values.get(name)), "")
    sign = -1 if row[-1] == "normal flagged" else 1
    gains = [sign * (value - values["source"][unit]) for unit, value in values.get(mine, {}).items()]
    better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    return [*row, str(len(values["source"])), *means, f"{mine}: {better} better, {worse} worse"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    rows = collected(read_records(parser.parse_args().outputs))
    print("| " + " | ".join(HEAD) + " |")
    print("| --- | --- | --- | --- |" + " --: |" * (1 + len(REGIMES)) + " --- |")
    for row in sorted(rows):
        print("| " + " | ".join(line(row, rows[row])) + " |")


if __name__ == "__main__":
    main()
