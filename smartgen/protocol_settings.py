"""How a number is measured: the settings of the protocols.

The values and the meaning of every key stand in conf/protocol.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ProtocolSettings:
    """conf/protocol: how a number is measured."""

    name: str = "???"


@dataclass
class ReleasedProtocolSettings(ProtocolSettings):
    """conf/protocol/released."""

    percentile: float = 95.0
    source_percentile: float = 90.0
    data: str = "pieces"
    threshold_data: str = "synthetic"
    attacks: str = "rule"
    source_data: str = "windows"
    single_field: bool = True
    transductive: bool = True
    inverted: bool = True


@dataclass
class UnifiedProtocolSettings(ProtocolSettings):
    """conf/protocol/unified."""

    percentile: float = 95.0
    held_out: float = 0.2
    max_steps: int = 500
    check_every: int = 50
    batch_size: int = 64
    width: int = 128
    mix: str = "balanced"
    few: int = 0
    few_order: int = 0


@dataclass
class AdaptationSettings:
    """conf/adaptation: how regime adapted makes its experts (smartgen/adaptation)."""

    name: str = "???"
    prediction: list[str] = field(default_factory=list)
    detection: list[str] = field(default_factory=list)
    noise: float = 0.2
    commands: float = 1.0
    sequences: int = 3000
    interleaved: float = 0.25
