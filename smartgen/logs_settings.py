"""The settings of a user's own home: plain dataclasses, as those in settings.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from smartgen.core.paths import typed_path
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
        file = typed_path(self.path)
        beside = [Path(f"{file}-wal"), file.parent / ".storage" / "core.config"]
        return [file, *beside, *([typed_path(self.mapping)] if self.mapping else [])]
