"""Stage 2: an outlier returns if training with it does not hurt (paper equations 22 and 23)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from smartgen.core.seeds import seed_for
from smartgen.settings import RepeatedTofSettings, StageOneSettings, TrainerSettings
from smartgen.training.autoencoder import train_autoencoder
from smartgen.training.noise import CommonNoise
from smartgen.training.reconstruction import sequence_losses
from smartgen.training.trainer import seed_everything

Tokens = NDArray[np.int64]
Train = Callable[[Tokens, str, int | None], float]


@dataclass(frozen=True)
class Evidence:
    """What decided over the outliers.

    Args:
        change: (outliers, repeats) what each outlier does to the validation loss in nats: its mean with the
            outlier less its mean without; by influence, the same per unit of step size.
        baseline: (repeats,) mean validation loss without any outlier; by influence, that of stage 1's model,
            which was trained on everything.
        kept: (outliers,) true where one returns.
        undecided: (outliers,) true where a test could not tell rise from fall.
    """

    change: NDArray[np.float64]
    baseline: NDArray[np.float64]
    kept: NDArray[np.bool_]
    undecided: NDArray[np.bool_]


def validation_loss(
    train: Tokens,
    validation: Tokens,
    pad: int,
    settings: StageOneSettings,
    trainer: TrainerSettings,
    label: str,
    seed: int | None = None,
) -> float:
    """Mean over the validation sequences of their losses, after a new training.

    Args:
        seed: of weights and, call by call, of dropout; None draws on from where torch's generator stands.
    """
    if seed is not None:
        seed_everything(seed)
    noise = None if seed is None else CommonNoise(seed)
    network, _ = train_autoencoder(train, pad, settings, trainer, label=label, noise=noise)
    return float(sequence_losses(network, validation).mean())


def retrain_once(train: Tokens, outliers: Tokens, measure: Train) -> Evidence:
    """One training an outlier, each with draws of its own (release; D18: mostly a lottery)."""
    baseline = measure(train, "TOF baseline", None)
    change = np.array(
        [
            measure(np.concatenate([train, outlier[None]]), f"TOF outlier {i} of {len(outliers)}", None)
            - baseline
            for i, outlier in enumerate(outliers, start=1)
        ]
    )
    kept = change <= 0
    return Evidence(change[:, None], np.array([baseline]), kept, np.zeros(len(outliers), dtype=bool))


def retrain_repeatedly(
    train: Tokens, outliers: Tokens, measure: Train, settings: RepeatedTofSettings, seed: int
) -> Evidence:
    """Several trainings an outlier, compared in pairs that share initial weights and dropout (ours).

    An outlier returns if the validation loss falls: one-sided paired t-test over the repeats. Where the test
    tells neither fall nor rise, the verdict of stage 1 stands.
    """
    count = len(outliers)
    change, baseline = np.zeros((count, settings.repeats)), np.zeros(settings.repeats)
    for repeat in range(settings.repeats):
        common = seed_for(seed, "tof", repeat)
        told = f"TOF {repeat + 1} of {settings.repeats}"
        baseline[repeat] = measure(train, f"{told}: baseline", common)
        for i, outlier in enumerate(outliers):
            label = f"{told}: outlier {i + 1} of {count}"
            with_it = measure(np.concatenate([train, outlier[None]]), label, common)
            change[i, repeat] = with_it - baseline[repeat]
    falls, rises = one_sided(change)
    kept, worse = falls <= settings.significance, rises <= settings.significance
    return Evidence(change, baseline, kept, ~kept & ~worse)


def one_sided(change: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(outliers,) p-values of paired t-tests: that the loss does not fall, that it does not rise."""
    falls = stats.ttest_1samp(change, 0, axis=1, alternative="less").pvalue
    rises = stats.ttest_1samp(change, 0, axis=1, alternative="greater").pvalue
    return np.asarray(falls, dtype=np.float64), np.asarray(rises, dtype=np.float64)
