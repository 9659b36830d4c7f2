"""Run a baseline of Table 3 as the authors did: one random state for all of its cells, seeded once.

    python scripts/check_shared_state.py lstm hmm --datasets fr sp
    python scripts/check_shared_state.py fpmc caser --datasets fr sp --dropout apart

`experiment=table3` seeds each cell, so that a cell is the same whatever ran before it. Here the cells follow
each other in the authors' order and nothing is seeded in between; behind each stands the release's result.
First weights and the order of batches come from the processor's random state. On CUDA dropout has a state of
its own and leaves that one alone: `--dropout apart` does so here, and only the draws of dropout differ from
the authors'.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor, nn

from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.registry import load
from smartgen.data.homes import Home, load_home
from smartgen.data.release import release_root
from smartgen.predictors import REGISTRY
from smartgen.protocols.released_prediction import predict_windows, symbols
from smartgen.training.trainer import seed_everything

SEED = 42
# The release's folder of a system, and the order of the old contexts in its script.
ORDERS = {
    "lstm": ("LSTM", ("schedule", "occupancy", "seasonal")),
    "carnn": ("CARnn", ("schedule", "occupancy", "seasonal")),
    "caser": ("Caser", ("schedule", "occupancy", "seasonal")),
    "fpmc": ("FMC", ("schedule", "occupancy", "seasonal")),
    "siar": ("SITAR", ("seasonal", "schedule", "occupancy")),
    "hmm": ("HMM", ("seasonal", "schedule", "occupancy")),
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("systems", nargs="+", choices=ORDERS, metavar="SYSTEM", help=", ".join(ORDERS))
    parser.add_argument("--datasets", nargs="+", default=["fr", "sp", "us"], help="in this order (all three)")
    parser.add_argument(
        "--draws", type=int, default=1, help="of torch between two cells: a test loader's (1)"
    )
    parser.add_argument(
        "--dropout", choices=("shared", "apart"), default="shared", help="from which random state (shared)"
    )
    parser.add_argument("--dropout-seed", type=int, default=SEED, help="where it is apart (42)")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        for system in options.systems:
            apart = options.dropout == "apart"
            with dropout_apart(options.dropout_seed) if apart else nullcontext():
                for line in run(system, options.datasets, options.draws):
                    print(line, flush=True)
    except SmartgenError as error:
        print(f"check_shared_state: {error}", file=sys.stderr)
        return 2
    return 0


def run(system: str, datasets: Sequence[str], draws: int) -> Iterator[str]:
    """One line a cell: ours, the release's, and whether they agree to four decimals."""
    folder, order = ORDERS[system]
    seed_everything(SEED)
    for dataset in datasets:
        for transition in order:
            cell = compose_cell(
                f"system={system}", f"dataset={dataset}", f"transition={transition}", "protocol=released"
            )
            home = load_home(cell.dataset, cell.transition, cell.paths.release, SEED)
            ours = measure(system, home, cell)
            for _ in range(draws):
                torch.empty((), dtype=torch.int64).random_()
            theirs = recorded(release_root(cell.paths.release), folder, dataset, cell.transition.source)
            same = all(abs(a - b) < 5e-5 for a, b in zip(ours, theirs, strict=True))
            told = "  ".join(f"{a:.4f} ({b:.4f})" for a, b in zip(ours, theirs, strict=True))
            yield f"{system:6} {dataset} {transition:10} HR@10, NDCG@10: {told}  {'equal' if same else ''}"


@contextmanager
def dropout_apart(seed: int) -> Iterator[None]:
    """Dropout draws from a generator of its own, and takes nothing from the random state of all else."""
    own = torch.Generator().manual_seed(seed)

    def forward(layer: nn.Dropout, x: Tensor) -> Tensor:
        if not layer.training:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - layer.p, generator=own)
        return x * kept / (1 - layer.p)

    with mock.patch.object(nn.Dropout, "forward", forward):
        yield


def measure(system: str, home: Home, cell: object) -> tuple[float, float]:
    """HR@10 and NDCG@10 of a fresh predictor on the random state as it is."""
    known = {"symbols": symbols(home.windows)} if system == "hmm" else {}
    of = load(REGISTRY, system, "system")
    predictor = of(home.vocabulary, cell.predictor, None, cell.trainer, None, **known)  # type: ignore[attr-defined]
    metrics, _ = predict_windows(predictor, home.windows)
    return metrics["hr@10"], metrics["ndcg@10"]


def recorded(root: Path, folder: str, dataset: str, context: str) -> tuple[float, float]:
    """The release's row."""
    results = sorted((root / "behavior_prediciton_baseline" / folder / "fixeddata/results").glob("*.csv"))
    for path in results:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if (row["dataset"], row["environment"]) == (dataset, context):
                    return float(row["HR@10"]), float(row.get("NDCG@10") or row["NDCG"])
    raise SmartgenError(f"{root}: no result of {folder} for {dataset} {context}")


if __name__ == "__main__":
    sys.exit(main())
