"""protocol=unified: from a regime to what its models train on, and the fitting of them (ours)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from smartgen.adaptation.experts import experts
from smartgen.core.errors import SmartgenError
from smartgen.core.names import REGIMES
from smartgen.core.seeds import generator
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.pools import MIN_HELD_OUT, Fold, hold_out
from smartgen.settings import AdaptationSettings
from smartgen.stages.tss import split_sequences

SEES_TARGET = ("oracle",)


class Model(Protocol):
    """A detector or predictor that sees a held-out part while it trains."""

    best_step: int

    def fit(self, train: Sequence[Sequences], held_out: Sequence[Sequences]) -> object:
        """Train from scratch on sets that count the same."""


AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True)
class TrainingRules:
    """What a model is trained on and how much is held out; see conf/protocol/unified.yaml.

    Args:
        held_out: share of a set's distinct sequences.
        mix: ``balanced`` keeps the two sets of regime ``mixed`` apart, ``concat`` lays them together.
        seed: of what is drawn.
        few: real sequences of the new context beside the regime's own, at most; ``oracle`` has all anyway.
        few_order: 0: the first of the file; else the first of a random order of this number.
        adaptation: of regime ``adapted``.
        experts: of regime ``adapted`` for the task.
    """

    held_out: float
    mix: str
    seed: int
    few: int = 0
    few_order: int = 0
    adaptation: AdaptationSettings = field(default_factory=AdaptationSettings)
    experts: Sequence[str] = ()


@dataclass(frozen=True)
class Training:
    """What one model trains on.

    Args:
        sets: each counts the same.
        weight: of the model's opinion among those of its committee.
        real: whether the last set is real sequences of the new context.
        expert: of regime ``adapted``, its name.
    """

    sets: Sequence[Sequences]
    weight: float = 1.0
    real: bool = False
    expert: str = ""


def check_regime(regime: str, target: Sequences) -> None:
    """Refuse an unknown regime, and a target too small for two halves.

    Raises:
        SmartgenError: each of these.
    """
    if regime not in REGIMES:
        raise SmartgenError(f"regime is {regime!r}, expected one of {', '.join(REGIMES)}")
    if len(target) < 4:
        raise SmartgenError(f"the target context has {len(target)} sequences, expected at least 4")


def sees_target(regime: str, rules: TrainingRules) -> bool:
    """Whether a regime's models differ from fold to fold."""
    return regime in SEES_TARGET or rules.few > 0


def model_name(regime: str, rules: TrainingRules, number: int) -> str:
    """What a fold's model is called where it is kept."""
    return f"fold_{number}" if sees_target(regime, rules) else "model"


def trainings(
    regime: str,
    source: Sequences,
    synthetic: Sequences,
    fold: Fold,
    vocabulary: Vocabulary,
    rules: TrainingRules,
) -> list[Training]:
    """What the models of a regime train on: one model, or for ``adapted`` one an expert.

    Args:
        source: TSS pieces of the old log.
        synthetic: the written set.
        fold: its other half gives real target sequences, all for ``oracle``, ``rules.few`` beside others.
    """
    if regime == "oracle":
        return [Training([fold.oracle])]
    real = few_sequences(fold, vocabulary, rules)
    found: list[Training] = []
    if regime == "mixed":
        both = [source, synthetic]
        found = [Training([Sequences.concatenate(both)] if rules.mix == "concat" else both)]
    if regime in ("source", "synthetic"):
        found = [Training([source if regime == "source" else synthetic])]
    if regime == "adapted":
        rng = generator(rules.seed, "adapted")
        pool = experts(rules.experts, source, synthetic, vocabulary, rules.adaptation, rng)
        found = [Training([one.sequences], one.weight, expert=one.name) for one in pool]
    return [replace(one, sets=[*one.sets, real], real=True) for one in found] if len(real) else found


def expert_metrics(found: Sequence[Training]) -> dict[str, float]:
    """What each expert of regime ``adapted`` counts, for the record: ``expert_weight_moved`` and so on."""
    return {f"expert_weight_{one.expert}": one.weight for one in found if one.expert}


def few_sequences(fold: Fold, vocabulary: Vocabulary, rules: TrainingRules) -> Sequences:
    """TSS pieces of the first real target sequences of the half that is not tested."""
    order = list(range(len(fold.raw)))
    if rules.few_order:
        order = generator(rules.seed, "few", rules.few_order).permutation(len(fold.raw)).tolist()
    return split_sequences(fold.raw.take(order[: rules.few]), vocabulary)


def fit_training(
    make: Callable[[], AnyModel],
    training: Training,
    rules: TrainingRules,
    number: int,
    counts: dict[str, int],
) -> tuple[AnyModel, list[Sequences]]:
    """A trained model and what was held out of its sets.

    Args:
        number: the fold's.
        counts: sizes are added to those of the fold.

    Raises:
        SmartgenError: a set is too small to hold anything out.
    """
    train, held = [], []
    for place, one in enumerate(training.sets):
        real = training.real and place == len(training.sets) - 1
        # Each set's draw begins anew, so that it is the same in every regime that the set is part of.
        rng = generator(rules.seed, "held out", number)
        # A few real sequences are too dear to hold five of them out.
        dear = real and rules.held_out * len(one.distinct()) < 1
        least = 1 if real else MIN_HELD_OUT
        kept, apart = (one, one.take([])) if dear else hold_out(one, rules.held_out, rng, least)
        train.append(kept)
        held += [] if dear else [apart]
    if not all(map(len, (*train, *held))):
        raise SmartgenError(
            f"a training set has {min(len(one.distinct()) for one in training.sets)} distinct sequences that "
            "can be used, expected two at least (for prediction of two behaviors or more); a longer log or "
            "a larger written set has more"
        )
    model = make()
    model.fit(train, held)
    sizes = {"train": sum(map(len, train)), "held_out": sum(map(len, held))}
    for name, size in sizes.items():
        counts[f"{name}_fold_{number}"] = counts.get(f"{name}_fold_{number}", 0) + size
    best = max(counts.get(f"best_step_fold_{number}", 0), model.best_step)
    counts[f"best_step_fold_{number}"] = best
    return model, held
