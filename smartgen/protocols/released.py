"""protocol=released, detection: how the authors' code measures Table 2, quirks included.

One field a transition (D20), a percentile set by hand for each cell (D21), the threshold of the occupancy
cells taken from the training data itself (D22), attacks by rule (D23), other test files for stale detectors
(D25), rows that are fitted with what they are tested on (D26), and a chain whose labels are inverted (D27).
Each is a setting; docs/protocol.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from smartgen.core.errors import SmartgenError
from smartgen.core.stopwatch import Stopwatch
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out as hold_out_fifth
from smartgen.metrics.detection import auroc, confusion, false_positive_rate, precision_recall_f1
from smartgen.protocols import thresholds
from smartgen.protocols.thresholds import Threshold
from smartgen.settings import (
    AegisSettings,
    DetectorSettings,
    IsolationForestSettings,
    LofSettings,
    OcsvmSettings,
    ReleasedProtocolSettings,
    RowDetectorSettings,
)

Scores = NDArray[np.float64]


class Detector(Protocol):
    """What a protocol wants of a detector; thresholds are not its job."""

    def fit(self, train: list[Sequences], held_out: list[Sequences]) -> object:
        """Train from scratch."""

    def score(self, sequences: Sequences) -> Scores:
        """(n,) scores, higher is more anomalous."""


class RowDetector(Detector, Protocol):
    """A detector that can score what it is fitted on."""

    def fit_score(self, sequences: Sequences) -> Scores:
        """(n,) scores of the very sequences that it is fitted on."""


@dataclass(frozen=True)
class Parts:
    """What one cell trains and tests on.

    Args:
        train: to fit on.
        validation: whose scores set a percentile threshold; may be the training part itself (D22).
        normal: of the new context.
        attack: the same, attacked.
    """

    train: Sequences
    validation: Sequences
    normal: Sequences
    attack: Sequences


@dataclass(frozen=True)
class Rule:
    """How scores become alarms, and which of them count.

    Args:
        percentile: of the validation scores; None where `cut` or `share` decides.
        cut: a fixed threshold in the detector's unit.
        share: of the fitted rows that is flagged.
        strict: whether a score at the threshold is usual.
        transductive: fit on training, test and attack rows together (D26).
        count_training: judge training rows too, as normal ones (D26, D27).
        inverted: flag what is not unlikely (D27).
    """

    percentile: float | None = None
    cut: float | None = None
    share: float | None = None
    strict: bool = False
    transductive: bool = False
    count_training: bool = False
    inverted: bool = False


@dataclass(frozen=True)
class DetectionOutcome:
    """What a detector reached: metrics in [0, 1], counts, and where its alarms begin."""

    metrics: dict[str, float]
    counts: dict[str, int]
    threshold: Threshold


def released_rule(
    settings: DetectorSettings, protocol: ReleasedProtocolSettings, percentile: float | None
) -> Rule:
    """How the release turns this detector's scores into alarms; its quirks are settings of the protocol.

    Args:
        percentile: of the validation scores, where these set the threshold.
    """
    if settings.name == "seen":
        return Rule(cut=0.0, strict=True)  # any value that training never had
    if isinstance(settings, AegisSettings):
        quirk = protocol.inverted
        return Rule(cut=settings.cut, strict=True, inverted=quirk, count_training=quirk)
    quirk = protocol.transductive and isinstance(settings, RowDetectorSettings)
    quirks = {"transductive": quirk, "count_training": quirk}
    if isinstance(settings, LofSettings):
        return Rule(share=settings.contamination, strict=True, **quirks)
    if isinstance(settings, IsolationForestSettings):
        return Rule(cut=settings.cut, strict=True, **quirks)
    if isinstance(settings, OcsvmSettings):
        return Rule(cut=0.0, **quirks)  # outside its boundary, or on it
    return Rule(percentile=percentile, **quirks)


def split_synthetic(synthetic: Sequences, hold_out: bool) -> tuple[Sequences, Sequences]:
    """Training and threshold sequences: shuffled with seed 2024 and cut at 80 %, or twice the whole set.

    Args:
        hold_out: false in the occupancy transition, where the release uses everything for both (D22).
    """
    if not hold_out:
        return synthetic, synthetic
    return hold_out_fifth(synthetic)


def detect(detector: Detector, parts: Parts, rule: Rule, watch: Stopwatch | None = None) -> DetectionOutcome:
    """Train, set the threshold, judge normals and attacks.

    Args:
        watch: gets the seconds of ``train`` and ``score``.

    Raises:
        SmartgenError: a percentile outside 0 to 100, or a set too small to train or to set a threshold on.
    """
    if not len(parts.train) or (rule.percentile is not None and not len(parts.validation)):
        needed = "" if rule.percentile is None else " and one held out for the threshold"
        there = f"{len(parts.train)} to train on" + (needed and f", {len(parts.validation)} held out")
        raise SmartgenError(f"of the training set there are {there}, expected at least one{needed}")
    train, validation, normal, attack = _scores(detector, parts, rule, watch or Stopwatch())
    threshold = _threshold(train, validation, np.concatenate([train, normal, attack]), rule)
    normals = np.concatenate([train, normal]) if rule.count_training else normal
    found = confusion(threshold.flags(normals), threshold.flags(attack))
    precision, recall, f1 = precision_recall_f1(found)
    sizes = {name: len(part) for name, part in vars(parts).items()}
    metrics = {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "false_positive_rate": false_positive_rate(found),
        "auroc": auroc(normal, attack),
        "threshold": threshold.value,
    }
    return DetectionOutcome(metrics, sizes | vars(found), threshold)


def _scores(
    detector: Detector, parts: Parts, rule: Rule, watch: Stopwatch
) -> tuple[Scores, Scores, Scores, Scores]:
    """Of training, validation, normal and attacked sequences; of those alone that the rule looks at."""
    nothing = parts.train.take([])
    needs_training = rule.share is not None or rule.count_training or rule.transductive
    train = parts.train if needs_training else nothing
    validation = nothing if rule.percentile is None else parts.validation
    bounds = np.cumsum([len(train), len(validation), len(parts.normal)])
    judged = [train, validation, parts.normal, parts.attack]
    if rule.transductive:
        # Fit and score are one here: the release asks for no score of anything else.
        with watch.measure("train"):
            scores = cast(RowDetector, detector).fit_score(Sequences.concatenate(judged))
    else:
        with watch.measure("train"):
            detector.fit([parts.train], [parts.validation])
        with watch.measure("score"):
            scores = detector.score(Sequences.concatenate(judged))
    first, second, third, fourth = np.split(scores, bounds)
    if rule.share is not None and not rule.transductive:
        # A training row is no neighbor of its own: so scored, it sets the threshold (as scikit-learn does).
        first = cast(RowDetector, detector).fit_score(parts.train)
    return first, second, third, fourth


def _threshold(train: Scores, validation: Scores, everything: Scores, rule: Rule) -> Threshold:
    if rule.percentile is not None:
        return Threshold(thresholds.percentile([validation], rule.percentile), rule.strict, rule.inverted)
    if rule.share is not None:
        fitted = everything if rule.transductive else train
        return Threshold(thresholds.percentile([fitted], 100 * (1 - rule.share)), rule.strict, rule.inverted)
    if rule.cut is None:
        raise ValueError("a rule needs a percentile, a share or a cut")
    return Threshold(rule.cut, rule.strict, rule.inverted)
