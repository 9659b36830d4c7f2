"""Both stages in order: which synthetic sequences go on to retraining the home's models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out
from smartgen.data.padding import flat_tokens
from smartgen.data.vocabulary import Vocabulary
from smartgen.settings import RepeatedTofSettings, StageOneSettings, TrainerSettings
from smartgen.stages.tof.influence import decide_by_influence
from smartgen.stages.tof.interquartile import outliers, upper_bound
from smartgen.stages.tof.retraining import (
    Evidence,
    Tokens,
    retrain_once,
    retrain_repeatedly,
    validation_loss,
)
from smartgen.training.autoencoder import train_autoencoder
from smartgen.training.reconstruction import sequence_losses
from smartgen.training.trainer import seed_everything

LEAST = 3  # sequences that stage 2 needs: two to train on, one to validate


@dataclass(frozen=True)
class Filtered:
    """What TOF kept, and why.

    Args:
        index: positions of the kept sequences: those within the bound, then the outliers that returned; in
            the given order where all were kept (release).
        losses: (n,) of stage 1, in nats; `bound`: above it a sequence is an outlier.
        outliers: their positions.
        evidence: of stage 2, None where it was not run.
    """

    index: NDArray[np.int64]
    losses: NDArray[np.float64]
    bound: float
    outliers: NDArray[np.int64]
    evidence: Evidence | None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as arrays by name, for a cache."""
        mine = {"index": self.index, "losses": self.losses, "outliers": self.outliers}
        told = {} if self.evidence is None else vars(self.evidence)
        return {**mine, "bound": np.array(self.bound), **told}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Filtered:
        """What ``arrays`` took apart."""
        named = [field.name for field in fields(Evidence)]
        evidence = Evidence(*(arrays[name] for name in named)) if named[0] in arrays else None
        return cls(arrays["index"], arrays["losses"], float(arrays["bound"]), arrays["outliers"], evidence)


def filter_outliers(
    synthetic: Sequences,
    vocabulary: Vocabulary,
    settings: StageOneSettings,
    trainer: TrainerSettings,
    seed: int,
) -> Filtered:
    """Both stages, or the first alone with ``stage/tof=stage1`` (paper 4.5; release ``security_check``).

    Torch is seeded once, at the start (release).

    Raises:
        SmartgenError: no sequences, too few without outliers for stage 2, or a training that diverged.
    """
    if not len(synthetic):
        raise SmartgenError("TOF got no sequence to filter; expected at least one")
    seed_everything(seed)
    tokens = flat_tokens(synthetic, vocabulary.pad)
    trained = train_autoencoder(tokens, vocabulary.pad, settings, trainer, label="TOF stage 1")
    losses = sequence_losses(trained[0], tokens)
    found = outliers(losses, settings.whisker)
    evidence = None
    if settings.name != "stage1" and len(found):
        within = synthetic.take(np.delete(np.arange(len(tokens)), found))
        train, validation = _held_out(within, vocabulary.pad)
        if settings.name == "influence":
            evidence = decide_by_influence(*trained, validation, tokens[found])
        else:
            evidence = _retrain(train, validation, tokens[found], vocabulary.pad, settings, trainer, seed)
    index = kept_index(len(tokens), found, evidence)
    return Filtered(index, losses, upper_bound(losses, settings.whisker), found, evidence)


def kept_index(count: int, found: NDArray[np.int64], evidence: Evidence | None) -> NDArray[np.int64]:
    """The order in which the release writes what was kept."""
    returned = found[:0] if evidence is None else found[evidence.kept]
    if len(returned) == len(found):
        return np.arange(count)
    return np.concatenate([np.delete(np.arange(count), found), returned])


def _held_out(within: Sequences, pad: int) -> tuple[Tokens, Tokens]:
    """Stage 2's training and validation part of what is no outlier."""
    if len(within) < LEAST:
        raise SmartgenError(
            f"TOF's second stage needs {LEAST} sequences that are no outliers, got {len(within)}"
        )
    train, validation = hold_out(within)
    return flat_tokens(train, pad), flat_tokens(validation, pad)


def _retrain(
    train: Tokens,
    validation: Tokens,
    found: Tokens,
    pad: int,
    settings: StageOneSettings,
    trainer: TrainerSettings,
    seed: int,
) -> Evidence:
    def measure(tokens: Tokens, label: str, common: int | None) -> float:
        return validation_loss(tokens, validation, pad, settings, trainer, label, common)

    if isinstance(settings, RepeatedTofSettings):
        return retrain_repeatedly(train, found, measure, settings, seed)
    return retrain_once(train, found, measure)
