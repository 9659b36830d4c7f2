"""What a cell's settings may be, checked before anything is read or written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields

from smartgen.check_home import adapt_choices, check_home, home_choices
from smartgen.check_llm import check_llm, llm_choices, llm_ranges
from smartgen.check_save import check_save
from smartgen.core.errors import SmartgenError
from smartgen.core.models import DETECTORS, PREDICTORS, TOKEN_PREDICTORS
from smartgen.core.names import REGIMES as ALL_REGIMES
from smartgen.core.types import FIELDS
from smartgen.logs_settings import LogsSettings
from smartgen.reads import UNIFIED_ATTACKS, reads_synthetic
from smartgen.recorded import STAGES as RECORDED_STAGES
from smartgen.recorded import recorded_variant
from smartgen.settings import (
    AdaptationSettings,
    ArgusSettings,
    AutoencoderSettings,
    CellSettings,
    DetectorSettings,
    EncodedSscSettings,
    IsolationForestSettings,
    LofSettings,
    OcsvmSettings,
    PredictorSettings,
    ReleasedProtocolSettings,
    RepeatedTofSettings,
    ReplaySettings,
    SasrecSettings,
    SelectionSettings,
    StageOneSettings,
    TransAESettings,
    UnifiedProtocolSettings,
    WalkSettings,
    WindowPredictorSettings,
)
from smartgen.synthesizer_settings import LlmSettings, ResampleSettings

REGIMES = {
    ("detection", "released"): ("source", "synthetic"),
    ("detection", "unified"): ALL_REGIMES,
    ("prediction", "released"): ("source",),
    ("prediction", "unified"): ALL_REGIMES,
    # The oracle needs what is yet to come.
    ("adapt", "unified"): tuple(name for name in ALL_REGIMES if name != "oracle"),
}
TASKS = ("detection", "prediction", "compression", "reconstruction", "distribution", "adapt")
PROTOCOLS = ("released", "unified")
EXPERTS = ("source", "moved", "written")
ADAPTED = tuple(name for name in TOKEN_PREDICTORS if name != "device")  # which learns nothing
RELEASED_ATTACKS = ("heater", "daytime_hours", "television", "television_start")
STAGES = {
    "tss": ("released", "paper", "none"),
    "ssc": ("released", "sound", "similarity", "random", "none"),
    "gss": ("released", "none"),
    "tof": ("released", "stage1", "repeated", "influence", "recorded", "none"),
}
# Recorded for one setting of the stages each; the sets of the other collections name theirs (`variant`).
FIXED_COLLECTIONS = ("detection", "prediction", "tof")

Choice = tuple[str, object, tuple[str, ...]]
Range = tuple[str, float, float, float]


def check_settings(cell: CellSettings) -> None:
    """Refuse what no cell can be.

    Raises:
        SmartgenError: names the key, its value and what may stand there.
    """
    for name, value, allowed in _choices(cell):
        if value not in allowed:
            raise SmartgenError(f"{name} is {value!r}, expected one of {', '.join(allowed)}")
    for name, number, low, high in _ranges(cell):
        if not low <= number <= high:
            upper = f" to {high:g}" if math.isfinite(high) else " or more"
            raise SmartgenError(f"{name} is {number}, expected a number from {low:g}{upper}")
    for name, hours in (
        ("gap", cell.stage.tss.max_gap_hours),
        ("duration", cell.stage.tss.max_duration_hours),
    ):
        if not hours > 0:
            raise SmartgenError(f"stage.tss.max_{name}_hours is {hours}, expected hours above 0")
    if isinstance(cell.protocol, UnifiedProtocolSettings) and cell.protocol.width % 4:
        raise SmartgenError(f"protocol.width is {cell.protocol.width}, expected a multiple of 4, its heads")
    for path, net in _networks(cell):
        if net.d_model % net.heads:
            raise SmartgenError(
                f"{path}.d_model is {net.d_model}, expected a multiple of {path}.heads, which is {net.heads}"
            )
    if cell.task in ("prediction", "adapt") and isinstance(cell.predictor, SasrecSettings):
        unified = isinstance(cell.protocol, UnifiedProtocolSettings)
        width = (
            cell.protocol.width
            if isinstance(cell.protocol, UnifiedProtocolSettings)
            else cell.predictor.width
        )
        if width % cell.predictor.heads:
            name = "protocol.width" if unified else "predictor.width"
            raise SmartgenError(
                f"predictor.heads is {cell.predictor.heads}, expected a divisor of {name}, {width}"
            )
    if isinstance(cell.stage.ssc, SelectionSettings):
        _check_selection(cell.stage.ssc)
    if cell.regime == "adapted":
        _check_experts(cell)
    _check_unread(cell)
    check_home(cell)
    if cell.save or cell.task == "adapt":
        check_save(cell)
    if reads_synthetic(cell):
        _check_recorded_tof(cell)
        if isinstance(cell.synthesizer, LlmSettings):
            check_llm(cell.synthesizer)
        if isinstance(cell.synthesizer, ReplaySettings):
            _check_recorded(cell, cell.synthesizer)


def _check_experts(cell: CellSettings) -> None:
    """Refuse no expert, and one named twice."""
    for task in ("detection", "prediction") if cell.task == "adapt" else (cell.task,):
        names = getattr(cell.adaptation, task, ())
        if not names or len(set(names)) < len(names):
            raise SmartgenError(
                f"adaptation.{task} is {names}, expected one or more of {', '.join(EXPERTS)}, each once"
            )


def _networks(cell: CellSettings) -> Iterator[tuple[str, TransAESettings | AutoencoderSettings]]:
    """The networks of a cell with the path of their keys."""
    for path, part in (
        ("detector", cell.detector),
        ("stage.ssc", cell.stage.ssc),
        ("stage.tof", cell.stage.tof),
    ):
        if isinstance(part, TransAESettings | AutoencoderSettings):
            yield path, part


def _choices(cell: CellSettings) -> Iterator[Choice]:
    yield "task", cell.task, TASKS
    detectors = dict.fromkeys(("detection", "adapt"), tuple(DETECTORS))
    detectors["reconstruction"] = ("ssc_autoencoder",)
    if cell.task in detectors:
        yield f"with task={cell.task}, detector", cell.detector.name, detectors[cell.task]
    yield "protocol.name", cell.protocol.name, PROTOCOLS
    if cell.task == "adapt":
        yield from adapt_choices(cell)
    if cell.task == "prediction":
        yield f"with protocol={cell.protocol.name}, predictor", cell.predictor.name, _predictors(cell)
    yield _told(cell), cell.regime, _regimes(cell)
    if isinstance(cell.protocol, ReleasedProtocolSettings):
        for name in ("data", "source_data"):
            yield f"protocol.{name}", getattr(cell.protocol, name), ("windows", "pieces")
        yield "protocol.threshold_data", cell.protocol.threshold_data, ("synthetic", "target")
        yield "protocol.attacks", cell.protocol.attacks, ("rule", "recorded")
    if isinstance(cell.detector, TransAESettings):
        yield "detector.network", cell.detector.network, ("smartgen", "baseline")
    for name in ("attack", "window_attack"):
        value = getattr(cell.transition.released, name)
        yield f"transition.released.{name}", value, (*RELEASED_ATTACKS, *UNIFIED_ATTACKS)
    if isinstance(cell.protocol, UnifiedProtocolSettings):
        yield "protocol.mix", cell.protocol.mix, ("balanced", "concat")
    for task in ("prediction", "detection"):
        for expert in getattr(cell.adaptation, task):
            yield f"adaptation.{task}", expert, EXPERTS
    if isinstance(cell.synthesizer, LlmSettings):
        yield from llm_choices(cell.synthesizer)
    yield "dataset.kind", cell.dataset.kind, ("release", "demo", "logs")
    yield from home_choices(cell)
    yield "transition.released.field", cell.transition.released.field, FIELDS
    yield "tracking.name", cell.tracking.name, ("wandb", "none")
    yield "tracking.mode", cell.tracking.mode, ("offline", "online", "disabled")
    for stage, names in STAGES.items():
        yield f"stage.{stage}.name", getattr(cell.stage, stage).name, names
    ssc = cell.stage.ssc
    if isinstance(ssc, SelectionSettings):
        yield "stage.ssc.group", ssc.group, ("weekday", "all")
    if isinstance(ssc, EncodedSscSettings):
        yield "stage.ssc.pooling", ssc.pooling, ("flattened", "mean")


def _predictors(cell: CellSettings) -> tuple[str, ...]:
    """Names by protocol; unified has nothing that ranks single tokens."""
    return tuple(PREDICTORS if cell.protocol.name == "unified" else PREDICTORS | TOKEN_PREDICTORS)


def _regimes(cell: CellSettings) -> tuple[str, ...]:
    """What the task can be trained on; protocol released adapts what ranks single tokens, as SASRec."""
    if cell.task == "prediction" and cell.protocol.name == "released" and cell.predictor.name in ADAPTED:
        return ("source", "synthetic")
    return REGIMES.get((cell.task, cell.protocol.name), ("source", "synthetic"))


def _told(cell: CellSettings) -> str:
    predictor = f" predictor={cell.predictor.name}" if cell.task == "prediction" else ""
    task = "task=adapt, " if cell.task == "adapt" else ""
    return f"with {task}protocol={cell.protocol.name}{predictor}, regime"


def _ranges(cell: CellSettings) -> Iterator[Range]:
    yield "trainer.threads", cell.trainer.threads, 1, math.inf
    yield "stage.gss.top_k", cell.stage.gss.top_k, 1, math.inf
    yield "dataset.days", cell.dataset.days, 1, math.inf
    protocol, synthesizer = cell.protocol, cell.synthesizer
    if isinstance(protocol, ReleasedProtocolSettings | UnifiedProtocolSettings):
        yield "protocol.percentile", protocol.percentile, 0, 100
    if isinstance(protocol, ReleasedProtocolSettings):
        yield "protocol.source_percentile", protocol.source_percentile, 0, 100
    if isinstance(protocol, UnifiedProtocolSettings):
        yield "protocol.held_out", protocol.held_out, 0.01, 0.5
        yield "protocol.width", protocol.width, 4, math.inf
        yield "protocol.few", protocol.few, 0, math.inf
        yield "protocol.few_order", protocol.few_order, 0, math.inf
        for name in ("max_steps", "check_every", "batch_size"):
            yield f"protocol.{name}", getattr(protocol, name), 1, math.inf
    yield from _adaptation_ranges(cell.adaptation)
    if cell.task in ("prediction", "adapt"):
        yield from _predictor_ranges(cell.predictor)
    if cell.task in ("detection", "adapt"):
        yield from _detector_ranges(cell.detector)
    for path, net in _networks(cell):
        for name in ("d_model", "heads", "layers", "epochs", "batch_size"):
            yield f"{path}.{name}", getattr(net, name), 1, math.inf
        yield f"{path}.learning_rate", net.learning_rate, 1e-12, math.inf
    if isinstance(synthesizer, LlmSettings):
        yield from llm_ranges(synthesizer)
    if isinstance(synthesizer, WalkSettings | ResampleSettings):
        yield "synthesizer.sequences", synthesizer.sequences, 1, math.inf
    ssc, tof = cell.stage.ssc, cell.stage.tof
    if isinstance(ssc, SelectionSettings):
        yield "stage.ssc.threshold", 0 if ssc.threshold is None else ssc.threshold, -1, 1
        yield "stage.ssc.share", 1 if ssc.share is None else ssc.share, 1e-9, 1
    if isinstance(tof, StageOneSettings):
        yield "stage.tof.whisker", tof.whisker, 0, math.inf
    if isinstance(tof, RepeatedTofSettings):
        yield "stage.tof.repeats", tof.repeats, 2, math.inf
        yield "stage.tof.significance", tof.significance, 0, 0.5


def _adaptation_ranges(adaptation: AdaptationSettings) -> Iterator[Range]:
    yield "adaptation.noise", adaptation.noise, 0, 1
    yield "adaptation.commands", adaptation.commands, 0, math.inf
    yield "adaptation.sequences", adaptation.sequences, 2, math.inf
    yield "adaptation.interleaved", adaptation.interleaved, 0, 1


def _shipped_keys(settings: DetectorSettings | PredictorSettings) -> set[str]:
    """The keys of the package's own dataclass; what the file of an added model adds, that file checks."""
    base = next(one for one in type(settings).__mro__ if one.__module__ == DetectorSettings.__module__)
    return {field.name for field in fields(base)}


def _detector_ranges(detector: DetectorSettings) -> Iterator[Range]:
    """Sizes of at least 1, rates above 0, shares of 1 at most."""
    known = _shipped_keys(detector)
    for name in ("neighbors", "trees", "d_model", "epochs", "batch_size"):
        if name in known:
            yield f"detector.{name}", getattr(detector, name), 1, math.inf
    for name in ("learning_rate", "gamma", "smoothing"):
        if name in known:
            yield f"detector.{name}", getattr(detector, name), 1e-12, math.inf
    if isinstance(detector, OcsvmSettings):
        yield "detector.nu", detector.nu, 1e-6, 1
        gamma = detector.unified_gamma
        yield "detector.unified_gamma", 1 if gamma is None else gamma, 1e-12, math.inf
    if isinstance(detector, IsolationForestSettings):
        yield "detector.random_state", detector.random_state or 0, 0, 2**32 - 1
    if isinstance(detector, LofSettings):
        yield "detector.contamination", detector.contamination, 0, 0.5
    if isinstance(detector, ArgusSettings):
        yield "detector.dropout", detector.dropout, 0, 0.99


def _predictor_ranges(predictor: PredictorSettings) -> Iterator[Range]:
    """Sizes of at least 1, rates above 0, shares of 1 at most."""
    known = _shipped_keys(predictor)
    sizes = ("width", "blocks", "heads", "length", "epochs", "states", "iterations", "decay_every")
    for name in sizes:
        if name in known:
            yield f"predictor.{name}", getattr(predictor, name), 1, math.inf
    for name in ("learning_rate", "decay", "smoothing"):
        if name in known:
            yield f"predictor.{name}", getattr(predictor, name), 1e-12, math.inf
    if isinstance(predictor, SasrecSettings):
        yield "predictor.dropout", predictor.dropout, 0, 0.99
        for regime, size in predictor.batch_size.items():
            yield f"predictor.batch_size.{regime}", size, 1, math.inf
    if isinstance(predictor, WindowPredictorSettings):
        yield "predictor.batch_size", predictor.batch_size, 1, math.inf
        yield "predictor.weight_decay", predictor.weight_decay, 0, math.inf
        yield "predictor.unified_width", predictor.unified_width or 1, 1, math.inf


def _check_unread(cell: CellSettings) -> None:
    """Refuse stages that this cell would not run, and a setting that another one makes void."""
    tof, ssc = cell.stage.tof, cell.stage.ssc
    if not reads_synthetic(cell):
        told = f"task={cell.task} regime={cell.regime} protocol={cell.protocol.name}"
        if tof.name != "none":
            raise SmartgenError(f"stage.tof is {tof.name}, but {told} reads no synthetic set; take none")
        if cell.task in ("detection", "prediction") and ssc.name != "none":
            raise SmartgenError(f"stage.ssc is {ssc.name}, but {told} trains on all pieces; take none")
    if isinstance(cell.protocol, UnifiedProtocolSettings) and cell.task == "detection":
        _check_quirks_unread(cell)
    if isinstance(tof, RepeatedTofSettings) and tof.padded:
        raise SmartgenError(
            "stage.tof.padded is true, but stage/tof=repeated needs draws in common, which the padded "
            "arithmetic does not have; take stage.tof.padded=false"
        )


def _check_quirks_unread(cell: CellSettings) -> None:
    """Refuse what switches off a quirk of protocol released where unified has none."""
    rule = cell.transition.released
    own = isinstance(cell.dataset, LogsSettings)  # such a home has no other attack: nothing is switched off
    for name in () if own else ("attack", "window_attack"):
        if getattr(rule, name) in UNIFIED_ATTACKS:
            raise SmartgenError(
                f"transition.released.{name} is {getattr(rule, name)!r}, but protocol=unified makes each of "
                f"{', '.join(UNIFIED_ATTACKS)} anyway; leave it and without= out, or take protocol=released"
            )
    if isinstance(cell.detector, TransAESettings) and cell.detector.positions:
        raise SmartgenError(
            "detector.positions is true, but with protocol=unified positions are always known; leave it out"
        )


def _check_selection(ssc: SelectionSettings) -> None:
    """Refuse what leaves open how much SSC keeps, or says it twice."""
    if (ssc.threshold is None) == (ssc.share is None):
        raise SmartgenError(
            f"stage.ssc.threshold is {ssc.threshold} and stage.ssc.share is {ssc.share}, expected "
            "a number for one of them and null for the other"
        )


def _check_recorded_tof(cell: CellSettings) -> None:
    """Refuse a filter over recorded sets that were filtered before, and one that was not recorded."""
    tof, replaying = cell.stage.tof, cell.synthesizer
    filtered = isinstance(replaying, ReplaySettings) and replaying.level == "filtered"
    original = filtered and getattr(replaying, "variant", None) == ""
    if tof.name == "recorded" and not (original and getattr(replaying, "collection", "") == "tof"):
        raise SmartgenError(
            "stage.tof is recorded, which goes with synthesizer=replay synthesizer.collection=tof "
            "synthesizer.variant=''; others have no recorded outcome of TOF"
        )
    if tof.name != "none" and filtered and not original:
        raise SmartgenError(
            f"stage.tof is {tof.name}, but synthesizer.level=filtered reads sets that TOF has filtered; "
            "take synthesizer.level=mapped, or synthesizer.collection=tof synthesizer.variant=''"
        )


def _check_recorded(cell: CellSettings, replaying: ReplaySettings) -> None:
    """Refuse stage settings that the recorded answers were not made with, instead of leaving them unread."""
    tss, gss = cell.stage.tss, cell.stage.gss
    if replaying.variant == RECORDED_STAGES:
        recorded_variant(replaying.collection, replaying.level, cell.stage)
        return
    if cell.stage.ssc.name != "none":
        raise SmartgenError(
            f"stage.ssc is {cell.stage.ssc.name}, but a recorded set brings its own compression, which "
            "synthesizer.compression and synthesizer.threshold name; take stage/ssc=none, or walk"
        )
    if replaying.variant or (replaying.level == "filtered" and replaying.collection not in FIXED_COLLECTIONS):
        return
    for key, value, recorded in (
        ("stage.tss.name", tss.name, "released"),
        ("stage.tss.algorithm", tss.algorithm, "released"),
        ("stage.tss.max_gap_hours", tss.max_gap_hours, 9),
        ("stage.tss.max_duration_hours", tss.max_duration_hours, 24),
        ("stage.gss.name", gss.name, "released"),
        ("stage.gss.top_k", gss.top_k, 5),
    ):
        if value != recorded:
            raise SmartgenError(
                f"{key} is {value}, but this set was recorded with {recorded} only; others are in "
                "synthesizer.collection=study and ablation (with synthesizer.variant); or take walk"
            )
