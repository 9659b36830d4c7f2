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

STALE_PERCENTILE: Final = 90  # of every detector that was not adapted (release)
# How the release treats each transition: the field, and the attacks on pieces and on windows.
RELEASED_RULES: Final = {
    "seasonal": ReleasedRuleSettings("action", "heater", "heater", hold_out=True),
    "schedule": ReleasedRuleSettings("hour", "daytime_hours", "daytime_hours", hold_out=True),
    "occupancy": ReleasedRuleSettings("device", "television", "television_start", hold_out=False),
}
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
    stale, windows = cell.regime == "source", reads_windows(cell)
    usual = _usual(cell)
    found: dict[str, tuple[Any, Any]] = {"D25": ("windows" if windows else "pieces", _data(stale))}
    if isinstance(detector, TransAESettings):
        found["D05"] = detector.positions, False
    if reads_fields(cell):
        found["D20"] = rule.field if protocol.single_field else None, usual.field
    if (percentile := threshold_percentile(cell, protocol)) is not None:
        found["D21"] = percentile, _usual_percentile(cell)
    if holds_out(cell, protocol):
        found["D22"] = rule.hold_out, usual.hold_out
    found["D23"] = attack_kind(cell), usual.window_attack if windows else usual.attack
    if isinstance(detector, RowDetectorSettings):
        found["D26"] = protocol.transductive, True
    if isinstance(detector, AegisSettings):
        found["D27"] = protocol.inverted, True
    if isinstance(detector, AutoencoderDetectorSettings):
        found["D29"] = detector.activation, False
    if isinstance(detector, ArgusSettings):
        found["D29"] = detector.dropout or False, False
    return {quirk: found[quirk][0] for quirk in sorted(found) if found[quirk][0] != found[quirk][1]}


def _data(stale: bool) -> str:
    """What the release tests on."""
    return "windows" if stale else "pieces"


def _usual(cell: CellSettings) -> ReleasedRuleSettings:
    """The release's rule for this transition; of one that it does not have, the transition's own."""
    return RELEASED_RULES.get(cell.transition.name, cell.transition.released)


def _usual_percentile(cell: CellSettings) -> float:
    """The release's percentile, as it ships; of another home, its own."""
    if cell.regime == "source":
        return STALE_PERCENTILE
    return _shipped_percentiles(cell.dataset.name).get(
        cell.transition.name, cell.dataset.percentile.get(cell.transition.name, 95.0)
    )


@cache
def _shipped_percentiles(dataset: str) -> dict[str, float]:
    """Those of the dataset's config file, whatever was put in their place."""
    path = resource_dir("conf") / "dataset" / f"{dataset}.yaml"
    found: dict[str, float] = {}
    if path.is_file():
        found |= yaml.safe_load(path.read_text("utf-8")).get("percentile") or {}
    return found
