"""W&B itself: runs opened, filled and ended. It is imported where the first one opens."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.records import RESULT_FILE, Record, read_cases
from smartgen.tracking.describe import Description, case_rows, error_line

# W&B would tell the command line and the address of the clone as they are, unmasked; the record itself has
# command, commit and versions.
ALWAYS: dict[str, Any] = {"silent": True, "disable_code": True, "disable_git": True, "x_disable_meta": True}
# A run that is written later would tell of this machine and this moment, not of the cell's.
LATER: dict[str, Any] = {
    "console": "off",
    "x_disable_machine_info": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
}


@dataclass(frozen=True)
class Target:
    """Where runs go.

    Attributes:
        folder: the outputs; W&B writes below its ``wandb``.
        mode: ``offline``, ``online`` or ``disabled``.
    """

    folder: Path
    project: str
    mode: str


@contextmanager
def opened(described: Description, target: Target, *, later: bool = False) -> Iterator[Any]:
    """A W&B run; it ends here, failed where the description or what is done with it has failed.

    Args:
        later: whether the cell was run before, perhaps elsewhere.

    Raises:
        SmartgenError: W&B does not open or fill it, as for want of a key.
    """
    run = _init(described, target, later)
    import wandb

    exit_code = 1
    try:
        yield run
        exit_code = described.exit_code
    except wandb.Error as error:
        raise _told(error) from error
    except Exception as error:
        run.summary["error"] = error_line(type(error).__name__, str(error))
        raise
    finally:
        # Without finish, the next cell of this process would be logged into the same run.
        run.finish(exit_code=exit_code)


def _init(described: Description, target: Target, later: bool) -> Any:
    # The openai package may be loaded; W&B would advertise another product of its own for that.
    os.environ.setdefault("WANDB_DISABLE_WEAVE", "true")
    # Tables wait there to be sent: with the rest, not in a home that may be read-only or gone by then.
    os.environ.setdefault("WANDB_DATA_DIR", str(target.folder.resolve() / "wandb" / "data"))
    import wandb

    target.folder.mkdir(parents=True, exist_ok=True)
    wanted = ALWAYS | LATER if later else ALWAYS
    known = {name: value for name, value in wanted.items() if name in wandb.Settings.model_fields}
    try:
        return wandb.init(
            project=target.project,
            dir=str(target.folder),
            mode=target.mode,  # type: ignore[arg-type]  # W&B checks the word itself
            id=described.id,
            resume="allow",  # the same cell again is the same run: its curves go on, its summary is new
            group=described.group,
            job_type=described.job_type,
            name=described.name,
            tags=list(described.tags),
            config=dict(described.config),
            settings=wandb.Settings(**known),
        )
    except wandb.Error as error:
        raise _told(error) from error


def _told(error: Exception) -> SmartgenError:
    return SmartgenError(f"W&B: {' '.join(str(error).split())} Offline mode needs neither key nor network.")


def settle() -> None:
    """Wait until W&B's process has written all ended runs, and end it; the next run starts it anew."""
    import wandb

    wandb.teardown()


def fill(run: Any, record: Record, described: Description) -> None:
    """What a record's run holds: the summary, the record file, and a sample of its cases as a table."""
    run.summary.update(dict(described.summary))
    if not record.ok or run.disabled:
        return
    # Copied: save alone would link, and a link is lost where the folder is sent from another machine.
    copied = shutil.copy(record.path / RESULT_FILE, run.dir)
    run.save(str(copied), base_path=run.dir, policy="now")
    if record.result.get("cases"):
        columns, rows = case_rows(read_cases(record))
        add_table(run, "cases", columns, rows)


def add_table(run: Any, name: str, columns: list[str], rows: list[list[Any]]) -> None:
    """A table that W&B can sort, filter and join with those of other runs."""
    import wandb

    run.log({name: wandb.Table(columns=[*columns], data=rows, allow_mixed_types=True)})


def add_picture(run: Any, name: str, png: bytes) -> None:
    """A picture from the bytes of a PNG file."""
    import wandb
    from PIL import Image

    run.log({name: wandb.Image(Image.open(io.BytesIO(png)))})
