"""What a cell reads of its settings: its key holds that and nothing else."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from smartgen.core.keys import without_harmless
from smartgen.core.models import added_code
from smartgen.core.paths import typed_path
from smartgen.logs_settings import LogsSettings
from smartgen.settings import (
    AegisSettings,
    CellSettings,
    IsolationForestSettings,
    LofSettings,
    NeuralDetectorSettings,
    OcsvmSettings,
    ReleasedProtocolSettings,
    ReplaySettings,
    RowDetectorSettings,
    UnifiedProtocolSettings,
    WalkSettings,
)
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings

UNIFIED_ATTACKS: Final = ("command", "hours", "burst")
# Detectors whose alarms begin where protocol released has it, not at a percentile; and `seen`.
OWN_THRESHOLD: Final = (LofSettings, IsolationForestSettings, OcsvmSettings, AegisSettings)


def input_paths(cell: CellSettings) -> list[Path]:
    """The files and folders outside the package that a cell's inputs come from."""
    found = []
    if cell.dataset.kind == "release" or isinstance(cell.synthesizer, ReplaySettings):
        found.append(Path(cell.paths.release))
    if isinstance(cell.dataset, LogsSettings):
        # A folder in a log's place is refused, however much it holds.
        found += [file for file in cell.dataset.files if not os.path.isdir(file)]
        found += [typed_path(cell.transition.split)] if cell.transition.split else []
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
        return cell.task in ("distribution", "adapt")
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
    if isinstance(cell.detector, OWN_THRESHOLD) or cell.detector.name == "seen":
        return None
    return protocol.source_percentile if cell.regime == "source" else protocol.percentile


def model_code(cell: CellSettings) -> str | None:
    """SHA-256 of the file of what is trained, where it is no model that this package ships."""
    if cell.task == "detection":
        return added_code("detector", cell.detector.name)
    if cell.task == "adapt":
        both = (added_code("detector", cell.detector.name), added_code("predictor", cell.predictor.name))
        return " ".join(filter(None, both)) or None
    return added_code("predictor", cell.predictor.name) if cell.task == "prediction" else None


def read_config(cell: CellSettings) -> dict[str, Any]:
    """The settings that can change the result; what the task, protocol or model does not read is left out."""
    config = without_harmless(asdict(cell))
    _leave_experts(cell, config)
    if isinstance(cell.protocol, UnifiedProtocolSettings) and (
        not cell.protocol.few or cell.regime == "oracle"  # which has all real sequences anyway
    ):
        del config["protocol"]["few"], config["protocol"]["few_order"]
    _leave_home(cell, config)
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
    if cell.task == "adapt":
        del config["transition"]["released"]
        for name in cell.detector.released_only:
            del config["detector"][name]
        return config
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
        unread = cell.detector.unified_only if released else cell.detector.released_only
        config["detector"] = {name: x for name, x in config["detector"].items() if name not in unread}
        if isinstance(protocol, ReleasedProtocolSettings):
            config |= _released(cell, protocol, config["transition"])
        else:
            del config["transition"]["released"]
    return config


def _leave_experts(cell: CellSettings, config: dict[str, Any]) -> None:
    """Of regime adapted the experts of the task; task=adapt trains those of both."""
    if cell.regime != "adapted" or cell.task not in ("detection", "prediction", "adapt"):
        del config["adaptation"]
    elif cell.task == "prediction":
        del config["adaptation"]["detection"]
    elif cell.task == "detection":
        del config["adaptation"]["prediction"]


def _leave_home(cell: CellSettings, config: dict[str, Any]) -> None:
    """What makes the simulated home; of a log, whatever else is said counts by what was read."""
    if cell.dataset.kind == "release":
        del config["dataset"]["days"], config["dataset"]["household"]
    if cell.dataset.kind == "logs":
        config["dataset"] = {"name": cell.dataset.name, "kind": cell.dataset.kind}
    else:
        del config["transition"]["split"]


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
    """Whether the detector reads one field under protocol released; others get whole behaviors."""
    return isinstance(cell.detector, NeuralDetectorSettings) or cell.detector.name == "seen"


def holds_out(cell: CellSettings, protocol: ReleasedProtocolSettings) -> bool:
    """Whether the threshold might be taken from the training data; a stale detector's never is (release)."""
    sets = threshold_percentile(cell, protocol) is not None
    return sets and cell.regime != "source" and not reads_target_validation(cell)
