"""The settings of a user's own home: plain dataclasses, as those in settings.py."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from smartgen.settings import DatasetSettings


@dataclass
class LogsSettings(DatasetSettings):
    """conf/dataset/logs.yaml."""

    kind: str = "logs"
    path: str | None = None
    format: str = "auto"
    mapping: str | None = None
    time: str = "time"
    device: str = "device"
    action: str = "action"
    zone: str | None = None
    encoding: str = "utf-8"
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    settle_seconds: float = 60
    actions: list[str] = field(default_factory=list)
    pairs: dict[str, str] = field(default_factory=dict)
    off_actions: list[str] | None = None

    @property
    def files(self) -> list[Path]:
        """What the log may be read from: its file, a database's journal, the home's settings, a mapping."""
        if self.path is None:
            return []
        file = Path(os.path.expanduser(self.path))  # which leaves ~nobody as it is
        beside = [file.with_name(f"{file.name}-wal"), file.parent / ".storage" / "core.config"]
        return [file, *beside, *([Path(self.mapping)] if self.mapping else [])]
