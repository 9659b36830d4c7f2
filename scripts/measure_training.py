"""Print what training SSC's or TOF's autoencoder costs, by the way its arithmetic is done.

    python scripts/measure_training.py ssc fr/seasonal --ways merged padded --epochs 1
    python scripts/measure_training.py tof fr/seasonal --ways merged padded merged-bf16

SSC trains on the pieces of the old log, TOF's first stage on the recorded set before TOF. `padded` computes
pads as the authors' code does, in plain single precision: the yardstick. One thread and one process each.
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

WAYS = ("merged", "padded", "merged-bf16", "padded-bf16")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stage", choices=("ssc", "tof"))
    parser.add_argument("cells", nargs="+", type=home_and_change, metavar="HOME/CHANGE", help=HELP)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS[:2])
    parser.add_argument("--epochs", type=int, help="instead of the stage's own; the cost is linear in it")
    parser.add_argument("--seed", type=int, default=2024)
    options = parser.parse_args()
    try:
        for cell in options.cells:
            for way in options.ways:
                apart(measure, options.stage, cell, way, options.epochs, options.seed)
    except SmartgenError as error:
        print(f"measure_training: {error}", file=sys.stderr)
        return 2
    return 0


def measure(stage: str, cell: str, way: str, epochs: int | None, seed: int) -> dict[str, Any]:
    """One training: processor seconds, peak memory of the whole process, mean loss at the end in nats."""
    import torch

    from smartgen.core.types import MAX_BEHAVIORS
    from smartgen.data.padding import flat_tokens, longest
    from smartgen.settings import AutoencoderSettings
    from smartgen.training.autoencoder import train_autoencoder
    from smartgen.training.reconstruction import sequence_losses
    from smartgen.training.trainer import seed_everything

    prepared = prepare(stage, cell)
    torch.set_num_threads(1)
    found, pad = prepared.pipeline, prepared.home.vocabulary.pad
    sequences = found.pieces if stage == "ssc" else found.written
    tokens = flat_tokens(sequences, pad, longest(sequences) if stage == "ssc" else MAX_BEHAVIORS)
    settings: Any = getattr(prepared.cell.stage, stage)
    assert isinstance(settings, AutoencoderSettings)
    settings = replace(settings, padded=way.startswith("padded"), epochs=epochs or settings.epochs)
    precision = "bf16-mixed" if way.endswith("bf16") else "32-true"
    trainer = replace(prepared.cell.trainer, precision=precision, progress=False)
    seed_everything(seed)
    start = time.process_time()
    network, _ = train_autoencoder(tokens, pad, settings, trainer)
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"stage": stage, "cell": cell, "way": way, "sequences": len(sequences), "epochs": settings.epochs}
    loss = float(sequence_losses(network, tokens[:1000]).mean())
    return told | {"seconds": round(spent, 1), "peak_mb": round(peak), "loss": round(loss, 4)}


def prepare(stage: str, cell: str) -> Any:
    """The cell as its table's experiment has it, with the authors' own settings of the stage."""
    from smartgen.cell import Prepared
    from smartgen.config import compose_cell

    named = {"ssc": ["experiment=table9"], "tof": ["experiment=table5", "stage/tof=released"]}[stage]
    return Prepared(compose_cell(*named, *overrides(cell)))


if __name__ == "__main__":
    sys.exit(main())
