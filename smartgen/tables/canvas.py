"""A matplotlib figure as files in several formats."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("png", "svg")
DPI = 160


def saved(canvas: Figure, salt: str, kinds: Sequence[str] = KINDS) -> dict[str, bytes]:
    """The picture's bytes by format: png, svg; with no date in them, the same each time.

    It is laid out once for all formats, which takes as long as drawing one.

    Args:
        salt: of the names inside an svg.
    """
    from matplotlib import rc_context

    canvas.set_dpi(DPI)
    if (engine := canvas.get_layout_engine()) is not None:
        engine.execute(canvas)
        canvas.set_layout_engine("none")
    files = {}
    for kind in kinds:
        out = io.BytesIO()
        with rc_context({"svg.hashsalt": salt}):
            canvas.savefig(out, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else None)
        files[kind] = out.getvalue()
    return files
