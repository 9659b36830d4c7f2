"""Print what SSC's selection costs, on real logs or by the number of simulated sequences, and draw it.

    python scripts/measure_ssc.py --cells us/seasonal --ways similarity no_dropout released
    python scripts/measure_ssc.py --sizes 10000 100000 1000000 --ways similarity --picture cost.png

A cell is compressed as `experiment=table9` has it; its encoder comes from the cache of the outputs, or is
trained first. Simulated sequences are habits with variations, all of one group, for an encoder of the width
asked for, trained on the first thousand. Each line comes from a process of its own, with its peak memory;
seconds are the processor's for encoding and selection, without training.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from cells import HELP, apart, home_and_change, overrides

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary

DEVICES, ACTIONS_A_DEVICE = 40, 6
HABITS, LONGEST = 300, 5
WAYS = ("similarity", "no_dropout", "released", "sound")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--cells", nargs="+", type=home_and_change, metavar="HOME/CHANGE", help=HELP)
    what.add_argument("--sizes", nargs="+", type=int, metavar="N", help="simulated sequences")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS[:2])
    parser.add_argument("--threshold", type=float, default=0.99, help="for simulated sequences")
    parser.add_argument("--width", type=int, default=64, help="of the encoder for simulated sequences")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    rows = []
    try:
        for way in options.ways:
            for cell in options.cells or ():
                train_first(way, cell)
                rows.append(apart(measure_cell, way, cell))
            for size in options.sizes or ():
                rows.append(apart(measure_simulated, way, size, options.threshold, options.width))
    except SmartgenError as error:
        print(f"measure_ssc: {error}", file=sys.stderr)
        return 2
    if options.picture is not None:
        draw([row for row in rows if row is not None], options.picture)
    return 0


def train_first(way: str, cell: str) -> None:
    """Put the encoder into the cache from another process than the one that is measured."""
    if way != "similarity":
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(encoder, way, cell).result()


def encoder(way: str, cell: str) -> None:
    """Train it, if it is not cached."""
    prepare(way, cell).pipeline._encoder()


def prepare(way: str, cell: str) -> Any:
    """The cell, with one thread."""
    import torch

    from smartgen.cell import Prepared
    from smartgen.config import compose_cell

    torch.set_num_threads(1)
    return Prepared(compose_cell("experiment=table9", f"stage/ssc={way}", *overrides(cell)))


def measure_cell(way: str, cell: str) -> dict[str, Any]:
    """The old log of a home, compressed as Table 9 has it."""
    found = prepare(way, cell)
    settings: Any = found.cell.stage.ssc
    weights = {} if way == "similarity" else found.pipeline._encoder()
    pieces, vocabulary = found.pipeline.pieces, found.home.vocabulary
    return {"cell": cell} | select(way, pieces, vocabulary, settings, weights, found.cell.seed)


def measure_simulated(way: str, size: int, threshold: float, width: int) -> dict[str, Any]:
    """Simulated sequences, compared in one group."""
    import torch

    from smartgen.settings import EncodedSscSettings, SimilaritySscSettings, TrainerSettings
    from smartgen.stages.ssc.vectors import train_encoder

    torch.set_num_threads(1)
    sequences, vocabulary = simulated(size)
    if way == "similarity":
        similar = SimilaritySscSettings("similarity", threshold, group="all")
        return select(way, sequences, vocabulary, similar, {}, 0)
    settings = EncodedSscSettings(way, threshold, group="all", d_model=width, epochs=15, batch_size=64)
    settings.dropout = way == "released"
    if way == "sound":
        settings.positions, settings.pooling = True, "mean"
    trainer = TrainerSettings(accelerator="cpu")
    weights = train_encoder(sequences[:1000], vocabulary, settings, trainer, seed=0)
    return select(way, sequences, vocabulary, settings, weights, 0)


def select(
    way: str, sequences: Sequences, vocabulary: Vocabulary, settings: Any, weights: Any, seed: int
) -> dict[str, Any]:
    """One selection: processor seconds, peak memory of the whole process, and what stayed."""
    from smartgen.stages.ssc.compress import compress

    start = time.process_time()
    kept = compress(sequences, vocabulary, settings, seed, lambda: weights).sequences
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"way": way, "sequences": len(sequences), "kept": len(kept), "seconds": round(spent, 2)}
    return found | {"peak_mb": round(peak), "distinct": len(set(sequences.contents()))}


def simulated(size: int) -> tuple[Sequences, Vocabulary]:
    """Sequences of two to five behaviors: a habit each, some at another hour or of another kind."""
    rng = np.random.default_rng(0)
    actions = tuple(f"D{d:02}:{a}" for d in range(DEVICES) for a in range(ACTIONS_A_DEVICE))
    vocabulary = Vocabulary(tuple(f"D{d:02}" for d in range(DEVICES)), actions)
    habits = rng.integers(0, [7, 8, len(actions)], (HABITS, LONGEST, 3))
    lengths = rng.integers(2, LONGEST + 1, size)
    drawn = habits[rng.integers(0, HABITS, size)]
    varied = rng.random((size, LONGEST, 3)) < [0, 0.15, 0.08]
    drawn = np.where(varied, rng.integers(0, [7, 8, len(actions)], drawn.shape), drawn)
    inside = np.arange(LONGEST) < lengths[:, None]
    day, hour, action = np.moveaxis(drawn[inside], -1, 0)
    values = np.stack([day, hour, action // ACTIONS_A_DEVICE, action], axis=1)
    return Sequences(values, np.concatenate([[0], np.cumsum(lengths)])), vocabulary


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(9, 4), layout="constrained")
    left, right = canvas.subplots(1, 2)
    for way in dict.fromkeys(row["way"] for row in rows):
        some = [row for row in rows if row["way"] == way]
        sizes = [row["sequences"] for row in some]
        left.loglog(sizes, [row["seconds"] for row in some], marker="o", label=way)
        work = [row["sequences"] * row["kept"] for row in some]
        right.loglog(work, [row["seconds"] for row in some], marker="o", label=way)
    left.set(xlabel="sequences", ylabel="processor seconds")
    right.set(xlabel="sequences x kept", ylabel="processor seconds")
    left.legend(frameon=False)
    canvas.savefig(path, dpi=160)


if __name__ == "__main__":
    sys.exit(main())
