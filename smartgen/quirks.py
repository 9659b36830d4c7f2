"""Which quirks of the authors' code a cell of protocol released does without; docs/protocol.md tells them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import yaml

from smartgen.core.resources import resource_dir
from smartgen.reads import attack_kind, holds_out, reads_fields, reads_windows, threshold_percentile
from smartgen.settings import (
    AegisSettings,
    ArgusSettings,
    AutoencoderDetectorSettings,
    CellSettings,
    ReleasedProtocolSettings,
    ReleasedRuleSettings,
    RowDetectorSettings,
    TransAESettings,
)

RELEASED: Final = ReleasedProtocolSettings()  # its defaults are the release's
# What conf/without sets in a quirk's place; D29 is a ReLU (Autoencoder) or dropout (ARGUS).
SWITCHED_OFF: Final = {
    "D05": (True,),
    "D20": (None,),
    "D21": (95,),
    "D22": (True,),
    "D23": ("command",),
    "D25": ("pieces",),
    "D26": (False,),
    "D27": (False,),
    "D29": (True, 0.3),
}


def quirks_off(cell: CellSettings) -> str:
    """The quirks of the authors' code that this cell does without, by id, as in ``D20+D21``; or ``none``.

    They follow from the settings; a quirk that the cell's detector or data do not have does not count. What
    is neither the release's nor what the switch of that name sets is ``D21-changed``.
    """
    protocol = cell.protocol
    if not isinstance(protocol, ReleasedProtocolSettings):
        return "none"
    found = _departures(cell, protocol)
    told = [quirk if value in SWITCHED_OFF[quirk] else f"{quirk}-changed" for quirk, value in found.items()]
    return "+".join(told) or "none"


def _departures(cell: CellSettings, protocol: ReleasedProtocolSettings) -> dict[str, Any]:
    """By quirk what the cell has in its place, where that is not what the release has."""
    rule, detector = cell.transition.released, cell.detector
    stale, usual = cell.regime == "source", _usual(cell)
    data = (protocol.source_data, RELEASED.source_data) if stale else (protocol.data, RELEASED.data)
    found: dict[str, tuple[Any, Any]] = {"D25": data}
    if isinstance(detector, TransAESettings):
        found["D05"] = detector.positions, False
    if reads_fields(cell):
        found["D20"] = rule.field if protocol.single_field else None, usual.field
    if (percentile := threshold_percentile(cell, protocol)) is not None:
        usual_ones = _usual_percentiles(cell)
        found["D21"] = percentile, percentile if percentile in usual_ones else usual_ones[0]
    if holds_out(cell, protocol):
        found["D22"] = rule.hold_out, usual.hold_out
    found["D23"] = attack_kind(cell), usual.window_attack if reads_windows(cell) else usual.attack
    if isinstance(detector, RowDetectorSettings):
        found["D26"] = protocol.transductive, RELEASED.transductive
    if isinstance(detector, AegisSettings):
        found["D27"] = protocol.inverted, RELEASED.inverted
    if isinstance(detector, AutoencoderDetectorSettings):
        found["D29"] = detector.activation, False
    if isinstance(detector, ArgusSettings):
        found["D29"] = detector.dropout or False, False
    return {quirk: found[quirk][0] for quirk in sorted(found) if found[quirk][0] != found[quirk][1]}


def _usual(cell: CellSettings) -> ReleasedRuleSettings:
    """The release's rule for this transition, as it ships; of another transition, its own."""
    shipped = _shipped("transition", cell.transition.name).get("released")
    return ReleasedRuleSettings(**shipped) if shipped else cell.transition.released


def _usual_percentiles(cell: CellSettings) -> list[float]:
    """The release's percentiles of the change and of the study's row; of another home, its own."""
    if cell.regime == "source":
        return [RELEASED.source_percentile]
    own = {name: getattr(cell.dataset, name) for name in ("percentile", "study_percentile")}
    shipped = _shipped("dataset", cell.dataset.name) or own
    found = [float(shipped["percentile"].get(cell.transition.name, RELEASED.percentile))]
    if cell.dataset.study is not None:
        found.append(float(shipped.get("study_percentile", {}).get(cell.dataset.study, RELEASED.percentile)))
    return found


@cache
def _shipped(group: str, name: str) -> dict[str, Any]:
    """A config file as it ships, whatever was put in its place; empty where there is none."""
    path = resource_dir("conf") / group / f"{name}.yaml"
    whole: dict[str, Any] = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}
    found: dict[str, Any] = whole.get(group, whole)  # a file of the global package names its group
    return found
