"""What of a cell can be kept (``save=true``), told before anything is trained."""

from __future__ import annotations

from smartgen.core.errors import SmartgenError
from smartgen.settings import CellSettings, ReleasedProtocolSettings, RowDetectorSettings

# Weights of these are single precision; those of others would be rounded anew when they are loaded.
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


def check_save(cell: CellSettings) -> None:
    """Refuse to keep what no later sequence can be scored with.

    Raises:
        SmartgenError: names the key that stands against ``save=true``.
    """
    if cell.task not in ("detection", "prediction", "adapt"):
        raise SmartgenError(
            f"save is true, but task={cell.task} trains nothing to score with; take save=false"
        )
    detects = cell.task == "detection" and isinstance(cell.detector, RowDetectorSettings)
    if detects and isinstance(cell.protocol, ReleasedProtocolSettings) and cell.protocol.transductive:
        raise SmartgenError(
            f"save is true, but with protocol.transductive=true {cell.detector.name} is fitted on the very "
            "sequences that it judges; take without=D26, protocol=unified, or save=false"
        )
    if cell.trainer.precision not in PRECISIONS:
        raise SmartgenError(
            f"save is true, but trainer.precision is {cell.trainer.precision!r}, expected one of "
            f"{', '.join(PRECISIONS)}"
        )
