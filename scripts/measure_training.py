"""Print what training SSC's or TOF's autoencoder costs, by the way its arithmetic is done.

    python scripts/measure_training.py ssc fr/seasonal --ways merged padded --epochs 1
    python scripts/measure_training.py stage1 fr/seasonal --ways merged padded merged-bf16
    python scripts/measure_training.py tof fr/seasonal --ways merged influence

`ssc` trains on the pieces of the old log, `stage1` on the recorded set before TOF; `tof` is both of its
stages, with one training an outlier, or with `influence` one in all. `padded` computes pads as the authors'
code does, in plain single precision: the yardstick. One thread and one process each.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace
from typing import Any

from cells import HELP, apart, home_and_change, overrides

from smartgen.core.errors import SmartgenError

STAGES = ("ssc", "stage1", "tof")
WAYS = ("merged", "padded", "influence", "merged-bf16", "padded-bf16")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("cells", nargs="+", type=home_and_change, metavar="HOME/CHANGE", help=HELP)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS[:2])
    parser.add_argument("--epochs", type=int, help="instead of the stage's own; the cost is linear in it")
    parser.add_argument("--seed", type=int, default=2024)
    options = parser.parse_args()
    if "influence" in options.ways and options.stage != "tof":
        parser.error(f"influence is a way of tof, not of {options.stage}")
    try:
        for cell in options.cells:
            for way in options.ways:
                apart(measure, options.stage, cell, way, options.epochs, options.seed)
    except SmartgenError as error:
        print(f"measure_training: {error}", file=sys.stderr)
        return 2
    return 0


def measure(stage: str, cell: str, way: str, epochs: int | None, seed: int) -> dict[str, Any]:
    """One training, or one filter: processor seconds and the peak memory of the whole process."""
    import torch

    prepared = prepare(stage, cell, way)
    torch.set_num_threads(1)
    found = prepared.pipeline
    sequences = found.pieces if stage == "ssc" else found.written
    settings: Any = getattr(prepared.cell.stage, "ssc" if stage == "ssc" else "tof")
    settings = replace(settings, padded=way.startswith("padded"), epochs=epochs or settings.epochs)
    precision = "bf16-mixed" if way.endswith("bf16") else "32-true"
    trainer = replace(prepared.cell.trainer, precision=precision, progress=False)
    run = filtered if stage == "tof" else trained
    start = time.process_time()
    outcome = run(stage, sequences, prepared.home.vocabulary, settings, trainer, seed)
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"stage": stage, "cell": cell, "way": way, "sequences": len(sequences), "epochs": settings.epochs}
    return told | {"seconds": round(spent, 1), "peak_mb": round(peak)} | outcome


def trained(
    stage: str, sequences: Any, vocabulary: Any, settings: Any, trainer: Any, seed: int
) -> dict[str, Any]:
    """The autoencoder's mean loss over the first thousand sequences after training, nats a token."""
    from smartgen.core.types import MAX_BEHAVIORS
    from smartgen.data.padding import flat_tokens, longest
    from smartgen.training.autoencoder import train_autoencoder
    from smartgen.training.reconstruction import sequence_losses
    from smartgen.training.trainer import seed_everything

    seed_everything(seed)
    # TOF cuts long sequences as the release does, SSC none.
    length = longest(sequences) if stage == "ssc" else MAX_BEHAVIORS
    tokens = flat_tokens(sequences, vocabulary.pad, length)
    network, _ = train_autoencoder(tokens, vocabulary.pad, settings, trainer)
    return {"loss": round(float(sequence_losses(network, tokens[:1000]).mean()), 4)}


def filtered(
    stage: str, sequences: Any, vocabulary: Any, settings: Any, trainer: Any, seed: int
) -> dict[str, Any]:
    """How many sequences TOF takes for outliers, and how many it keeps."""
    from smartgen.stages.tof.filter import filter_outliers

    found = filter_outliers(sequences, vocabulary, settings, trainer, seed)
    return {"outliers": len(found.outliers), "kept": len(found.index)}


def prepare(stage: str, cell: str, way: str) -> Any:
    """The cell as its table's experiment has it, with the authors' settings, or influence's."""
    from smartgen.cell import Prepared
    from smartgen.config import compose_cell

    kind = "influence" if way == "influence" else "released"
    named = ["experiment=table9"] if stage == "ssc" else ["experiment=table5", f"stage/tof={kind}"]
    return Prepared(compose_cell(*named, *overrides(cell)))


if __name__ == "__main__":
    sys.exit(main())
