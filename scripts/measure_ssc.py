"""Print what SSC's selection costs by the number of sequences, and draw it.

    python scripts/measure_ssc.py --sizes 10000 100000 1000000 --picture cost.png

Sequences are simulated: habits with variations, all of one group. The encoder is SSC's (stage/ssc=sound) with
the width asked for, trained on the first thousand; each size runs in a process of its own, whose peak memory
is shown.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary

DEVICES, ACTIONS_A_DEVICE = 40, 6
HABITS, LONGEST = 300, 5


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 30_000, 100_000])
    parser.add_argument("--ways", nargs="+", choices=("similarity", "sound"), default=["similarity", "sound"])
    parser.add_argument("--threshold", type=float, default=0.99)
    parser.add_argument("--width", type=int, default=64, help="of the encoder")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    rows = []
    for way in options.ways:
        for size in options.sizes:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                row = pool.apply(measure, (way, size, options.threshold, options.width))
            rows.append(row)
            print(json.dumps(row), flush=True)
    if options.picture is not None:
        draw(rows, options.picture)
    return 0


def measure(way: str, size: int, threshold: float, width: int) -> dict[str, Any]:
    """One selection: processor seconds, peak memory of the whole process, and what stayed."""
    import torch

    from smartgen.settings import EncodedSscSettings, SimilaritySscSettings, TrainerSettings
    from smartgen.stages.ssc.compress import compress
    from smartgen.stages.ssc.vectors import train_encoder

    torch.set_num_threads(1)
    sequences, vocabulary = simulated(size)
    settings: Any = SimilaritySscSettings("similarity", threshold, group="all")
    weights: Any = {}
    if way == "sound":
        settings = EncodedSscSettings(
            "sound", threshold, group="all", d_model=width, epochs=15, batch_size=64
        )
        settings.dropout, settings.positions, settings.pooling = False, True, "mean"
        trainer = TrainerSettings(accelerator="cpu")
        weights = train_encoder(sequences[:1000], vocabulary, settings, trainer, seed=0)
    start = time.process_time()
    kept = compress(sequences, vocabulary, settings, 0, lambda: weights).sequences
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"way": way, "sequences": size, "kept": len(kept), "seconds": round(spent, 2)}
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
