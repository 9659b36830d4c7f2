"""The prediction task of one cell: which predictor is trained on what, under which protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from numpy.typing import NDArray

from smartgen.blueprint import Blueprint
from smartgen.core.errors import SmartgenError
from smartgen.core.seeds import seed_for
from smartgen.pipeline import Pipeline
from smartgen.predictors import TOKEN_REGISTRY
from smartgen.saved import Trained
from smartgen.settings import CellSettings, SasrecSettings, UnifiedProtocolSettings

if TYPE_CHECKING:
    from smartgen.protocols.trainings import TrainingRules

Measured = tuple[dict[str, float], dict[str, int], dict[str, NDArray[Any]], list[Trained]]


def measure_prediction(pipeline: Pipeline, logger: Any) -> Measured:
    """Metrics, counts, single cases (none under protocol released) and trained models of a cell.

    Args:
        pipeline: of the cell; gives its home and synthetic set.
        logger: a Lightning logger, or None.

    Raises:
        SmartgenError: sets that are too small, or a predictor without settings for this protocol.
    """
    protocol = pipeline.cell.protocol
    if isinstance(protocol, UnifiedProtocolSettings):
        return _unified(pipeline, protocol, logger)
    if pipeline.cell.predictor.name in TOKEN_REGISTRY:
        return _released_tokens(pipeline, logger)
    return _released_windows(pipeline, logger)


def _released_tokens(pipeline: Pipeline, logger: Any) -> Measured:
    """SASRec as the authors train it: on windows of the old context, or on the written set."""
    from smartgen.protocols.released_prediction import predict_tokens
    from smartgen.stages.tss import split_sequences

    cell, home = pipeline.cell, pipeline.home
    settings = cell.predictor
    batch_size = settings.batch_size.get(cell.regime) if isinstance(settings, SasrecSettings) else 1
    if batch_size is None:
        raise SmartgenError(f"predictor.batch_size has no {cell.regime}, expected sequences a step")
    blueprint = Blueprint("token_predictor", home.vocabulary, settings, cell.seed, cell.trainer)
    predictor = blueprint.make(logger, batch_size)
    if settings.name == "device":
        train = home.source  # it learns nothing
    else:
        train = home.windows.train if cell.regime == "source" else pipeline.synthetic
    test = split_sequences(home.target, home.vocabulary)
    metrics, counts = predict_tokens(predictor, train, test, pipeline.watch)
    return metrics, counts, {}, [Trained("model", predictor, blueprint)]


def _released_windows(pipeline: Pipeline, logger: Any) -> Measured:
    from smartgen.protocols.released_prediction import predict_windows, symbols

    cell, home = pipeline.cell, pipeline.home
    # The release's HMM counts its symbols over all three files, the test file among them.
    known = {"symbols": symbols(home.windows)} if cell.predictor.name == "hmm" else {}
    blueprint = Blueprint("predictor", home.vocabulary, cell.predictor, cell.seed, cell.trainer)
    predictor = blueprint.make(logger, **known)
    metrics, counts = predict_windows(predictor, home.windows, pipeline.watch)
    return metrics, counts, {}, [Trained("model", predictor, blueprint)]


def _unified(pipeline: Pipeline, protocol: UnifiedProtocolSettings, logger: Any) -> Measured:
    from smartgen.protocols.unified_prediction import Pools, Predictor, predict

    cell, home = pipeline.cell, pipeline.home
    names = (cell.dataset.name, cell.transition.name)
    seed = seed_for(cell.seed, "train", *names, cell.predictor.name, cell.regime)
    blueprint = Blueprint("predictor", home.vocabulary, cell.predictor, seed, cell.trainer, protocol)

    def make() -> Predictor:
        return cast(Predictor, blueprint.make(logger))

    rules = training_rules(cell, protocol)
    pools = Pools(home.vocabulary, home.source, home.target, pipeline.synthetic)
    outcome = predict(make, cell.regime, pools, rules, pipeline.watch)
    models = [Trained(name, model, blueprint) for name, model in outcome.models.items()]
    return outcome.metrics, outcome.counts, outcome.cases, models


def training_rules(cell: CellSettings, protocol: UnifiedProtocolSettings) -> TrainingRules:
    """How the cell trains.

    What is held out is the same for every predictor and regime, so that they can be compared in pairs.
    """
    from smartgen.protocols.trainings import TrainingRules

    return TrainingRules(
        protocol.held_out,
        protocol.mix,
        seed_for(cell.seed, "test", cell.dataset.name, cell.transition.name),
        protocol.few,
        protocol.few_order,
        cell.adaptation,
        tuple(cell.adaptation.prediction),
    )
