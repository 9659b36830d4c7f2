"""The models that a home goes on with: trained as protocol unified does, on all of a regime's data (ours)."""

from __future__ import annotations

from collections.abc import Callable

from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.pools import Fold
from smartgen.protocols.thresholds import Threshold
from smartgen.protocols.trainings import Training, TrainingRules, trainings
from smartgen.protocols.unified import Detector, Rules, Scorer, fit_detector
from smartgen.protocols.unified_prediction import Predictor, fit_predictor
from smartgen.protocols.unified_prediction import Scorer as Ranker


def final_detector(
    make: Callable[[], Detector],
    regime: str,
    source: Sequences,
    synthetic: Sequences,
    vocabulary: Vocabulary,
    rules: Rules,
    counts: dict[str, int],
) -> tuple[Scorer, Threshold]:
    """A detector of a regime and where its alarms begin; no real sequence of the new context is read.

    Args:
        make: gives a fresh detector.
        regime: any but oracle.
        source: TSS pieces of the old log.
        synthetic: the written set.
        counts: gets the sizes of what was trained on and held out, as ``detector_train``.

    Raises:
        SmartgenError: too few sequences to train on.
    """
    sizes: dict[str, int] = {}
    wanted = _wanted(regime, source, synthetic, vocabulary, rules)
    fitted = fit_detector(make, wanted, rules, 0, sizes)
    counts |= _named("detector", sizes)
    return fitted


def final_predictor(
    make: Callable[[], Predictor],
    regime: str,
    source: Sequences,
    synthetic: Sequences,
    vocabulary: Vocabulary,
    rules: TrainingRules,
    counts: dict[str, int],
) -> Ranker:
    """A predictor of a regime; arguments and errors as of ``final_detector``."""
    sizes: dict[str, int] = {}
    wanted = _wanted(regime, source, synthetic, vocabulary, rules)
    fitted = fit_predictor(make, wanted, rules, 0, len(vocabulary.actions), sizes)
    counts |= _named("predictor", sizes)
    return fitted


def _wanted(
    regime: str, source: Sequences, synthetic: Sequences, vocabulary: Vocabulary, rules: TrainingRules
) -> list[Training]:
    none = Sequences.from_lists([])
    return trainings(regime, source, synthetic, Fold(none, none, none), vocabulary, rules)


def _named(kind: str, sizes: dict[str, int]) -> dict[str, int]:
    return {f"{kind}_{name.removesuffix('_fold_0')}": size for name, size in sizes.items()}
