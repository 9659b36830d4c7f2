"""The sets that experts of regime ``adapted`` train on, and how much each one's opinion counts (ours)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smartgen.adaptation.moved import Shift, estimate_shift, interleave, move
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import AdaptationSettings


@dataclass(frozen=True)
class Expert:
    """What one expert learns from.

    Args:
        name: source, moved or written.
        sequences: its training set.
        weight: of its opinion; those of all experts sum to 1.
    """

    name: str
    sequences: Sequences
    weight: float


def experts(
    names: Sequence[str],
    source: Sequences,
    synthetic: Sequences,
    vocabulary: Vocabulary,
    settings: AdaptationSettings,
    rng: np.random.Generator,
) -> list[Expert]:
    """The experts of these names, in this order, but for those whose opinion would count nothing.

    Args:
        source: TSS pieces of the old log.
        synthetic: the written set.

    Raises:
        SmartgenError: one of the two is empty.
    """
    shift = estimate_shift(source, synthetic, vocabulary, settings.noise, settings.commands)
    weights = dict(zip(names, expert_weights(names, shift.device_trust), strict=True))
    sets = {"source": source, "written": synthetic}
    if weights.get("moved"):
        sets["moved"] = moved_set(source, shift, settings, rng)
    return [Expert(name, sets[name], weight) for name, weight in weights.items() if weight]


def moved_set(
    source: Sequences, shift: Shift, settings: AdaptationSettings, rng: np.random.Generator
) -> Sequences:
    """The old log moved; a share of it interleaved, since a written set tells of no repeats side by side."""
    merged = round(settings.interleaved * settings.sequences)
    parts = [move(source, shift, settings.sequences - merged, rng)]
    if merged:
        parts.append(interleave(move(source, shift, merged, rng), rng))
    return Sequences.concatenate(parts)


def expert_weights(names: Sequence[str], trust: float) -> list[float]:
    """1 - trust for ``source``, half of the trust for each of the others, scaled to a sum of 1.

    Where the written set is not trusted at all and ``source`` is left out, the others count the same.

    Example:
        >>> expert_weights(["source", "moved", "written"], trust=0.5)
        [0.5, 0.25, 0.25]
        >>> expert_weights(["moved", "written"], trust=0.0)
        [0.5, 0.5]
    """
    raw = [1 - trust if name == "source" else trust / 2 for name in names]
    total = sum(raw)
    return [one / total for one in raw] if total else [1 / len(names)] * len(names)
