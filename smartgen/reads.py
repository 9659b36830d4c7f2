"""What a cell reads of its settings: its key holds that and nothing else."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from smartgen.core.keys import without_harmless
from smartgen.settings import (
    AegisSettings,
    CellSettings,
    NeuralDetectorSettings,
    ReleasedProtocolSettings,
    ReplaySettings,
    RowDetectorSettings,
    UnifiedProtocolSettings,
    WalkSettings,
)
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings

UNIFIED_ATTACKS: Final = ("command", "hours", "burst")
# Settings of detectors that one protocol alone reads.
RELEASED_ONLY: Final = (
    *("d_model", "heads", "epochs", "batch_size", "packed", "network", "positions"),
    *("gamma", "cut", "contamination", "smoothing", "random_state"),
)
UNIFIED_ONLY: Final = ("masked", "unified_gamma")


def input_paths(cell: CellSettings) -> list[Path]:
    """The files and folders outside the package that a cell's inputs come from."""
    found = []
    if cell.dataset.kind == "release" or isinstance(cell.synthesizer, ReplaySettings):
        found.append(Path(cell.paths.release))
    if isinstance(cell.synthesizer, EmbeddedSettings):
        found.append(Path(cell.synthesizer.model_path or cell.paths.models))
    return [path.absolute() for path in found]


def reads_source(cell: CellSettings) -> bool:
    """Whether the protocol itself reads the old log."""
    if cell.task not in ("detection", "prediction") or isinstance(cell.protocol, UnifiedProtocolSettings):
        return True
    if cell.task != "detection" or not isinstance(cell.protocol, ReleasedProtocolSettings):
        return False
    # The attacks of protocol unified are made from the old log's habits.
    return not reads_windows(cell) and (cell.regime == "source" or attack_kind(cell) in UNIFIED_ATTACKS)


def reads_synthetic(cell: CellSettings) -> bool:
    """Whether the protocol reads the synthetic set; unified always does, to tell what is novel."""
    if cell.task not in ("detection", "prediction"):
        return cell.task == "distribution"
    return isinstance(cell.protocol, UnifiedProtocolSettings) or cell.regime == "synthetic"


def reads_windows(cell: CellSettings) -> bool:
    """Whether the protocol reads fixed windows of ten behaviors, as the release does for stale models."""
    protocol = cell.protocol
    if cell.task == "detection" and isinstance(protocol, ReleasedProtocolSettings):
        return (protocol.source_data if cell.regime == "source" else protocol.data) == "windows"
    if cell.task != "prediction" or isinstance(cell.protocol, UnifiedProtocolSettings):
        return False
    return cell.regime == "source" and cell.predictor.name != "device"


def attack_kind(cell: CellSettings) -> str:
    """The attack that protocol released makes."""
    rule = cell.transition.released
    return rule.window_attack if reads_windows(cell) else rule.attack


def reads_target_validation(cell: CellSettings) -> bool:
    """Whether real sequences of the new context set the threshold, as in the release's Table 4."""
    protocol = cell.protocol
    if cell.task != "detection" or not isinstance(protocol, ReleasedProtocolSettings):
        return False
    sets = threshold_percentile(cell, protocol) is not None
    return sets and cell.regime == "synthetic" and protocol.threshold_data == "target"


def reads_recorded_attacks(cell: CellSettings) -> bool:
    """Whether attacks are read from the authors' file for Table 4."""
    protocol = cell.protocol
    if cell.task != "detection" or not isinstance(protocol, ReleasedProtocolSettings):
        return False
    return protocol.attacks == "recorded"


def threshold_percentile(cell: CellSettings, protocol: ReleasedProtocolSettings) -> float | None:
    """The percentile of threshold scores under protocol released; None where none sets the threshold."""
    if not (isinstance(cell.detector, NeuralDetectorSettings) or cell.detector.name == "length"):
        return None
    return protocol.source_percentile if cell.regime == "source" else protocol.percentile


def read_config(cell: CellSettings) -> dict[str, Any]:
    """The settings that can change the result; what the task, protocol or model does not read is left out."""
    config = without_harmless(asdict(cell))
    if cell.regime != "adapted" or cell.task not in ("detection", "prediction"):
        del config["adaptation"]
    elif cell.task == "prediction":
        del config["adaptation"]["detection"]
    else:
        del config["adaptation"]["prediction"]
    if isinstance(cell.protocol, UnifiedProtocolSettings) and (
        not cell.protocol.few or cell.regime == "oracle"  # which has all real sequences anyway
    ):
        del config["protocol"]["few"], config["protocol"]["few_order"]
    if cell.dataset.kind == "release":  # what makes the simulated home
        del config["dataset"]["days"], config["dataset"]["household"]
    if not (reads_synthetic(cell) and isinstance(cell.synthesizer, WalkSettings)):
        del config["transition"]["change"]  # other synthesizers read prose, or nothing of the change
    if isinstance(cell.synthesizer, LlmSettings):
        if cell.synthesizer.answer == "shifts":  # one prompt from TSS's pieces
            for name in ("chunk", "new_per_former"):
                del config["synthesizer"][name]
            if reads_synthetic(cell):
                del config["stage"]["ssc"], config["stage"]["gss"]
        else:
            del config["synthesizer"]["shifted"]
    if reads_synthetic(cell) and isinstance(cell.synthesizer, ReplaySettings):
        config["stage"]["ssc"] = {"name": cell.stage.ssc.name}  # synthesizer.threshold is what it ran with
    if cell.task in ("detection", "prediction") and not reads_synthetic(cell):
        del config["synthesizer"]
        if reads_windows(cell):
            del config["stage"]
    if cell.task == "prediction":
        del config["detector"], config["transition"]["released"]
        detection = {"percentile", *asdict(ReleasedProtocolSettings())} - {"name"}
        config["protocol"] = {name: x for name, x in config["protocol"].items() if name not in detection}
        return config
    del config["predictor"]
    if cell.task == "distribution":  # nothing is trained
        del config["detector"], config["transition"]["released"]
        config["protocol"] = {"name": cell.protocol.name}
    if cell.task == "detection":
        protocol = cell.protocol
        released = isinstance(protocol, ReleasedProtocolSettings)
        unread = UNIFIED_ONLY if released else RELEASED_ONLY
        config["detector"] = {name: x for name, x in config["detector"].items() if name not in unread}
        if isinstance(protocol, ReleasedProtocolSettings):
            config |= _released(cell, protocol, config["transition"])
        else:
            del config["transition"]["released"]
    return config


def _released(
    cell: CellSettings, protocol: ReleasedProtocolSettings, transition: dict[str, Any]
) -> dict[str, Any]:
    """Protocol and transition as this detector reads them, under the plain names."""
    rule, percentile = cell.transition.released, threshold_percentile(cell, protocol)
    kept: dict[str, Any] = {"name": protocol.name, "data": "windows" if reads_windows(cell) else "pieces"}
    read: dict[str, Any] = {"attack": attack_kind(cell)}
    if percentile is not None:
        kept["percentile"] = percentile
    if reads_target_validation(cell):
        kept["threshold_data"] = protocol.threshold_data
    if reads_recorded_attacks(cell):
        kept["attacks"] = protocol.attacks
    if reads_fields(cell):
        kept["single_field"] = protocol.single_field
        read |= {"field": rule.field} if protocol.single_field else {}
    if holds_out(cell, protocol):
        read["hold_out"] = rule.hold_out
    if isinstance(cell.detector, RowDetectorSettings):
        kept["transductive"] = protocol.transductive
    if isinstance(cell.detector, AegisSettings):
        kept["inverted"] = protocol.inverted
    return {"protocol": kept, "transition": transition | {"released": read}}


def reads_fields(cell: CellSettings) -> bool:
    """Whether the detector reads one field under protocol released."""
    return isinstance(cell.detector, NeuralDetectorSettings) or cell.detector.name == "seen"


def holds_out(cell: CellSettings, protocol: ReleasedProtocolSettings) -> bool:
    """Whether the threshold might be taken from the training data; a stale detector's never is (release)."""
    sets = threshold_percentile(cell, protocol) is not None
    return sets and cell.regime != "source" and not reads_target_validation(cell)
