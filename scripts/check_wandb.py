"""Read W&B's own files under an outputs folder and compare each run with its record.

    python scripts/check_wandb.py outputs

prints a line a run: name, group, job type, tags, how many metrics it has, how it ended; then every
difference. Exit code 1 if a record has no run, two runs have its name, or a run says anything else than its
record. It reads what is here; runs that were deleted after sending are missing to it.
"""

import argparse
import json
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.core.records import Record, read_records
from smartgen.tables.listings import command_of
from smartgen.tracking.describe import Description, describe
from smartgen.tracking.groups import experiment_groups, group_of

MAGIC, HEADER, BLOCK = b":W&B", 7, 32768  # W&B writes LevelDB's log format behind a header of its own
FIRST, LAST = (1, 2), (1, 4)  # kinds of chunks that begin and that end a record


@dataclass
class Run:
    """A run as W&B's files tell it; files of one id are one run, the later ones going on with it."""

    id: str
    name: str = ""
    group: str = ""
    job_type: str = ""
    tags: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)  # values by name: the curves
    saved: list[str] = field(default_factory=list)
    exit_code: int | None = None
    resumes: bool = True
    files: list[Path] = field(default_factory=list)


def chunks(path: Path) -> Iterator[bytes]:
    """The records in one of W&B's files, as bytes; a record that was cut off ends them.

    Raises:
        SmartgenError: it is no such file, or damaged.
    """
    data = path.read_bytes()
    if data[:4] != MAGIC:
        raise SmartgenError(f"{path}: expected a W&B file, which begins with {MAGIC.decode()}")
    place, record = HEADER, b""
    while place + HEADER <= len(data):
        left = BLOCK - place % BLOCK
        if left < HEADER:  # no room for a chunk's head: zeros up to the next block
            place += left
            continue
        checksum, size, kind = struct.unpack("<IHB", data[place : place + HEADER])
        chunk = data[place + HEADER : place + HEADER + size]
        if len(chunk) < size:
            return
        if zlib.crc32(bytes([kind]) + chunk) != checksum:
            raise SmartgenError(f"{path}: damaged at byte {place}")
        record = chunk if kind in FIRST else record + chunk
        if kind in LAST:
            yield record
        place += HEADER + size


def read_runs(outputs: Path) -> dict[str, Run]:
    """The runs below ``outputs/wandb`` by id, their files in the order in which they began."""
    from wandb.proto import wandb_internal_pb2

    runs: dict[str, Run] = {}
    files = [path for path in (outputs / "wandb").glob("*run-*/*.wandb") if not path.parent.is_symlink()]
    for path in sorted(files, key=lambda path: path.parent.name.partition("run-")[2]):
        run = None
        for chunk in chunks(path):
            said = wandb_internal_pb2.Record.FromString(chunk)
            if said.WhichOneof("record_type") == "run" and run is None:
                run = runs.setdefault(said.run.run_id, Run(said.run.run_id))
                run.files.append(path)
            if run is not None:
                _heed(run, said)
    return runs


def _heed(run: Run, said: Any) -> None:
    kind = said.WhichOneof("record_type")
    if kind == "run":
        run.name, run.group, run.job_type = said.run.display_name, said.run.run_group, said.run.job_type
        run.tags, run.resumes = tuple(said.run.tags), said.run.resume
        run.config |= {item.key: json.loads(item.value_json) for item in said.run.config.update}
    elif kind == "summary":
        for item in said.summary.update:
            *outer, last = list(item.nested_key) or [item.key]
            place = run.summary
            for name in outer:
                place = place.setdefault(name, {})
            place[last] = json.loads(item.value_json)
    elif kind == "history":
        for item in said.history.item:
            name = ".".join(item.nested_key) or item.key
            run.logged[name] = run.logged.get(name, 0) + 1
    elif kind == "files":
        run.saved += [file.path for file in said.files.files]
    elif kind == "exit":
        run.exit_code = said.exit.exit_code


def differences(runs: dict[str, Run], records: Sequence[Record]) -> list[str]:
    """A line for each way in which runs and records are not the same."""
    groups, lines = experiment_groups(), []
    cells: dict[str, list[Run]] = {}
    for run in runs.values():
        if run.job_type != "report":
            cells.setdefault(run.name, []).append(run)
    for record in records:
        named = cells.pop(record.key, [])
        if len(named) != 1:
            lines.append(f"{record.key}: expected one run, found {len(named)}")
        group = group_of(command_of(record), str(record.axes.get("task", "cell")), groups)
        lines += [line for run in named for line in _unlike(run, describe(record, group))]
    lines += [f"{name}: no record has this key" for name in cells]
    doubled = [run for run in runs.values() if len(run.files) > 1 and not run.resumes]
    return lines + [f"{run.name}: {len(run.files)} runs of one id, not resumed" for run in doubled]


def _unlike(run: Run, wanted: Description) -> Iterator[str]:
    for name in ("id", "name", "group", "job_type", "tags", "exit_code"):
        if getattr(run, name) != getattr(wanted, name):
            yield f"{run.name}: {name} is {getattr(run, name)!r}, expected {getattr(wanted, name)!r}"
    for block in ("config", "summary"):
        found = getattr(run, block)
        for name, value in getattr(wanted, block).items():
            if name not in found:
                yield f"{run.name}: {block}.{name} is missing"
            elif found[name] != json.loads(json.dumps(value)):
                yield f"{run.name}: {block}.{name} is {found[name]!r}, expected {value!r}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("outputs", type=Path, help="the folder of the runs")
    outputs = parser.parse_args().outputs
    try:
        runs, records = read_runs(outputs), read_records(outputs)
        told = differences(runs, records)
    except SmartgenError as error:
        print(f"check_wandb: {error}", file=sys.stderr)
        return 2
    for run in runs.values():
        metrics = len(run.summary.get("metrics", {}))
        tags = " ".join(run.tags)
        print(f"{run.name}  {run.group}  {run.job_type}  {tags}  {metrics} metrics  exit {run.exit_code}")
    print(*told, sep="\n", end="\n" if told else "")
    print(f"{len(runs)} runs, {len(records)} records, {len(told)} differences")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
