"""The detection task of one cell: which detector is trained on what, under which protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from smartgen.blueprint import Blueprint
from smartgen.core.errors import SmartgenError
from smartgen.core.seeds import generator, seed_for
from smartgen.core.types import FIELDS, Sequences
from smartgen.data.attacks.released import RELEASED, released_attack
from smartgen.data.attacks.unified import AttackContext, attack
from smartgen.pipeline import Pipeline
from smartgen.protocols.released import Parts, Rule, released_rule, split_synthetic
from smartgen.reads import (
    attack_kind,
    reads_fields,
    reads_recorded_attacks,
    reads_target_validation,
    reads_windows,
    threshold_percentile,
)
from smartgen.saved import Trained
from smartgen.settings import CellSettings, ReleasedProtocolSettings, UnifiedProtocolSettings

if TYPE_CHECKING:
    from smartgen.protocols.unified import Rules

Measured = tuple[dict[str, float], dict[str, int], dict[str, NDArray[Any]], list[Trained]]


def measure_detection(pipeline: Pipeline, logger: Any) -> Measured:
    """Metrics, counts, single cases (none under protocol released) and trained models of a cell.

    Args:
        pipeline: of the cell; gives its home and synthetic set.
        logger: a Lightning logger, or None.

    Raises:
        SmartgenError: sets that are too small.
    """
    protocol = pipeline.cell.protocol
    if isinstance(protocol, UnifiedProtocolSettings):
        return _unified(pipeline, protocol, logger)
    if not isinstance(protocol, ReleasedProtocolSettings):
        raise SmartgenError(f"protocol is {protocol.name!r}, expected released or unified")
    return _released(pipeline, protocol, logger)


def _released(pipeline: Pipeline, protocol: ReleasedProtocolSettings, logger: Any) -> Measured:
    from smartgen.protocols.released import detect

    cell, home = pipeline.cell, pipeline.home
    one = protocol.single_field and reads_fields(cell)
    field = FIELDS.index(cell.transition.released.field) if one else None
    blueprint = Blueprint("detector", home.vocabulary, cell.detector, cell.seed, cell.trainer, field=field)
    detector = blueprint.make(logger)
    rule = released_rule(cell.detector, protocol, threshold_percentile(cell, protocol))
    outcome = detect(detector, released_parts(pipeline, protocol, rule), rule, pipeline.watch)
    models = [Trained("model", detector, blueprint, outcome.threshold)]
    return outcome.metrics, outcome.counts, {}, models


def released_parts(pipeline: Pipeline, protocol: ReleasedProtocolSettings, rule: Rule) -> Parts:
    """Training, threshold, normal and attacked sequences of the cell.

    A rule without a percentile needs nothing held out: it trains on everything.
    """
    from smartgen.stages.tss import split_sequences

    cell, home = pipeline.cell, pipeline.home
    windows = reads_windows(cell)
    normal = home.windows.test if windows else split_sequences(home.target, home.vocabulary)
    if cell.regime == "source" and windows:
        train, validation = home.windows.train, home.windows.validation
    else:
        pool = pipeline.pieces if cell.regime == "source" else pipeline.synthetic
        if rule.percentile is None:
            train, validation = pool, pool.take([])
        elif reads_target_validation(cell):
            train, validation = pool, split_sequences(home.target_validation, home.vocabulary)
        else:
            # Stale detectors always have a file of their own for the threshold; D22 is SmartGen's alone.
            hold_out = cell.regime == "source" or cell.transition.released.hold_out
            train, validation = split_synthetic(pool, hold_out)
    return Parts(train, validation, *_attacked(pipeline, normal))


def _attacked(pipeline: Pipeline, normal: Sequences) -> tuple[Sequences, Sequences]:
    """Normal sequences and their attacks: the release's, or protocol unified's, which not all allow.

    Recorded attacks are of unsplit sequences and so fewer than the normal ones (D43).
    """
    home, kind = pipeline.home, attack_kind(pipeline.cell)
    if reads_recorded_attacks(pipeline.cell):
        return normal, home.recorded_attacks(kind)
    if kind in RELEASED:
        return normal, released_attack(kind, normal, home.vocabulary)
    # Habits and their absence are those of the tested preprocessing, which has other actions (D25).
    windows = reads_windows(pipeline.cell)
    logs = (home.windows.train, home.windows.test) if windows else (home.source, home.target)
    context = AttackContext(home.vocabulary, *logs)
    made = attack(kind, normal, normal, context, generator(pipeline.cell.seed, "attack", kind))
    if not len(made.kept):
        raise SmartgenError(
            f"transition.released.attack={kind} changes no test sequence of this home; take another attack"
        )
    return normal.take(made.kept), made.sequences


def _unified(pipeline: Pipeline, protocol: UnifiedProtocolSettings, logger: Any) -> Measured:
    from smartgen.protocols.unified import Detector, detect

    cell, home = pipeline.cell, pipeline.home
    names = (cell.dataset.name, cell.transition.name)
    seed = seed_for(cell.seed, "train", *names, cell.detector.name, cell.regime)
    blueprint = Blueprint("detector", home.vocabulary, cell.detector, seed, cell.trainer, protocol)

    def make() -> Detector:
        made: Detector = blueprint.make(logger)
        return made

    rules = unified_rules(cell, protocol)
    context = AttackContext(home.vocabulary, home.source, home.target)
    outcome = detect(make, cell.regime, context, pipeline.synthetic, rules, pipeline.watch)
    models = [Trained(name, model, blueprint, border) for name, (model, border) in outcome.models.items()]
    return outcome.metrics, outcome.counts, outcome.cases, models


def unified_rules(cell: CellSettings, protocol: UnifiedProtocolSettings) -> Rules:
    """How the cell trains and tests.

    Attacks and held-out draws are the same for every detector and regime: they are compared in pairs.
    """
    from smartgen.protocols.unified import Rules

    return Rules(
        protocol.held_out,
        protocol.mix,
        seed_for(cell.seed, "test", cell.dataset.name, cell.transition.name),
        protocol.few,
        protocol.few_order,
        cell.adaptation,
        tuple(cell.adaptation.detection),
        protocol.percentile,
    )
