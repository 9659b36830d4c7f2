"""What a compressed log still tells: the loss of an autoencoder trained on it (paper A.2, Figure 5; ours)."""

from __future__ import annotations

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.store import Arrays, Cached, anew
from smartgen.core.types import Sequences
from smartgen.data.padding import flat_tokens, longest
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import AutoencoderSettings, TrainerSettings
from smartgen.training.autoencoder import train_autoencoder
from smartgen.training.reconstruction import sequence_losses
from smartgen.training.trainer import seed_everything


def reconstruct(
    train: Sequences,
    test: Sequences,
    vocabulary: Vocabulary,
    settings: AutoencoderSettings,
    trainer: TrainerSettings,
    seed: int,
    watch: Stopwatch | None = None,
    cached: Cached = anew,
) -> tuple[dict[str, float], dict[str, int]]:
    """Train on some sequences, measure on others, all four fields interleaved.

    Args:
        cached: keeps the losses of equal settings and sets; several shares may keep the same sequences.

    Returns:
        ``loss``, nats a token over all test tokens; ``loss_distinct``, the same with equal test sequences
        counted once; and the sets' sizes.

    Raises:
        SmartgenError: an empty set.
    """
    if not len(train) or not len(test):
        raise SmartgenError(
            f"{len(train)} training and {len(test)} test sequences, expected at least one of each"
        )
    watch, length = watch or Stopwatch(), longest(train, test)
    held_out = flat_tokens(test, vocabulary.pad, length)

    def make() -> Arrays:
        seed_everything(seed)
        with watch.measure("train"):
            tokens = flat_tokens(train, vocabulary.pad, length)
            network, _ = train_autoencoder(tokens, vocabulary.pad, settings, trainer, label="autoencoder")
        with watch.measure("score"):
            return {"losses": sequence_losses(network, held_out)}

    losses = cached(make)["losses"]
    weights = (held_out != vocabulary.pad).sum(axis=1)
    _, first = np.unique(held_out, axis=0, return_index=True)
    metrics = {
        "loss": float(np.average(losses, weights=weights)),
        "loss_distinct": float(np.average(losses[first], weights=weights[first])),
    }
    return metrics, {"train": len(train), "test": len(test), "test_distinct": len(first)}
