"""Print what dropout does to SSC: cosines of equal sequences, and how many sequences stay, draw by draw.

    python scripts/measure_dropout.py fr daytime --thresholds 0.917 0.918 0.919 0.92 --seeds 2024 1

Needs SMARTGEN_RELEASE. A seed trains an encoder; a draw embeds the log once with it, dropout active.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
import torch

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.padding import longest
from smartgen.data.release import context_file, read_sequences, read_vocabulary, release_root
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import EncodedSscSettings, TrainerSettings
from smartgen.stages.ssc.compress import compress
from smartgen.stages.ssc.vectors import Vectors, Weights, encoded, train_encoder
from smartgen.training.trainer import seed_everything

MOST = 400  # pairs of equal sequences that are looked at


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("context")
    parser.add_argument("--thresholds", nargs="+", type=float, default=[0.915, 0.92])
    parser.add_argument("--seeds", nargs="+", type=int, default=[2024])
    parser.add_argument("--draws", nargs="+", type=int, default=[2024, 1, 2, 3, 4])
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        measure(options)
    except SmartgenError as error:
        print(f"measure_dropout: {error}", file=sys.stderr)
        return 2
    return 0


def measure(options: argparse.Namespace) -> None:
    root = release_root()
    vocabulary = read_vocabulary(root, options.dataset)
    pieces = read_sequences(context_file(root, options.dataset, options.context, "split_trn.pkl"))
    settings = EncodedSscSettings("released", threshold=0.9)
    for seed in options.seeds:
        weights = train_encoder(pieces, vocabulary, settings, TrainerSettings(accelerator="cpu"), seed)
        for dropout in (True, False):
            told = replace(settings, dropout=dropout)
            cosines = equal_cosines(pieces, encoded(vocabulary, told, weights, longest(pieces)))
            print(f"seed {seed}, dropout {dropout}: equal sequences' cosines {cosines}")
            draws = options.draws if dropout else options.draws[:1]
            for threshold in options.thresholds:
                drawn = [replace(told, threshold=threshold, draw=draw) for draw in draws]
                counts = [stay(pieces, vocabulary, one, weights) for one in drawn]
                print(f"seed {seed}, dropout {dropout}, threshold {threshold}: {counts} stay", flush=True)


def stay(pieces: Sequences, vocabulary: Vocabulary, settings: EncodedSscSettings, weights: Weights) -> int:
    return len(compress(pieces, vocabulary, settings, 0, lambda: weights).sequences)


def equal_cosines(pieces: Sequences, vectors: Vectors) -> str:
    """Mean and range over pairs of a sequence and its first copy."""
    first: dict[bytes, int] = {}
    pairs = [
        (first[content], i)
        for i, content in enumerate(pieces.contents())
        if first.setdefault(content, i) != i
    ][:MOST]
    if not pairs:
        return "none, no sequence occurs twice"
    seed_everything(2024)
    a, b = (torch.cat(list(vectors(pieces.take(np.array(side))))) for side in zip(*pairs, strict=True))
    cosines = torch.cosine_similarity(a, b)
    return f"{cosines.mean():.4f} [{cosines.min():.4f}, {cosines.max():.4f}] of {len(pairs)} pairs"


if __name__ == "__main__":
    sys.exit(main())
