"""Which runs were published already, and with what: a note beside W&B's own files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from smartgen.core.errors import SmartgenError
from smartgen.core.foreign import read_json
from smartgen.core.records import write_json_atomic

SCHEMA = 1


class Published:
    """Digests of what was published, by place (mode and project) and run.

    Raises:
        SmartgenError: the note is damaged; the message names it.
    """

    def __init__(self, outputs: Path, mode: str, project: str) -> None:
        self.path = outputs / "wandb" / "published.json"
        self.place = f"{mode}/{project}"
        self.places = _read(self.path)

    def holds(self, run: str, digest: str) -> bool:
        """Whether this run was published with the same content."""
        return self.places.get(self.place, {}).get(run) == digest

    def add(self, run: str, digest: str) -> None:
        """Note a run; ``write`` keeps it."""
        self.places.setdefault(self.place, {})[run] = digest

    def write(self) -> None:
        """Write the note atomically."""
        write_json_atomic(self.path, {"schema": SCHEMA, "published": self.places})


def _read(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise SmartgenError(f"{path}: expected JSON; delete it, and all is published again") from error
    places = content.get("published") if isinstance(content, Mapping) else None
    if not isinstance(places, dict) or content.get("schema") != SCHEMA:
        raise SmartgenError(
            f"{path}: expected a note of schema {SCHEMA}; delete it, and all is published again"
        )
    return places
