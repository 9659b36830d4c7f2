"""What hostile files are made with, and how it is seen that nothing of them ran."""

from __future__ import annotations

import encodings.raw_unicode_escape  # noqa: F401  # imported by the first pickle in the text format
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What a file that runs code, reaches the network, or writes cannot do without telling Python's audit hooks.
ACTS = ("os.", "subprocess.", "exec", "compile", "import", "socket.", "ctypes.", "shutil.", "webbrowser.")
HARMLESS = ("os.listdir", "os.scandir", "os.fspath")
_watched: list[list[str]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched:
        return
    acts = event.startswith(ACTS) and event not in HARMLESS
    writes = event == "open" and any(sign in str(arguments[1]) for sign in "wax+")
    if acts or writes:
        _watched[-1].append(f"{event} {arguments!r:.80}")


sys.addaudithook(_hook)  # for good: there is no way to take one away


@contextmanager
def watching() -> Iterator[list[str]]:
    """All that acts while the block runs."""
    seen: list[str] = []
    _watched.append(seen)
    try:
        yield seen
    finally:
        _watched.pop()


# Runs a few lines within limits, since what fails here takes the memory, the time or the stack of a process.
LIMITED = """
import json, resource, sys, time
from pathlib import Path
from smartgen.core.errors import SmartgenError
{imports}
def attempt(work):
    start = time.process_time()
    try:
        told = ("read", repr(type(work())))
    except SmartgenError as error:
        told = ("refused", str(error))
    return (*told, time.process_time() - start)
{imports_first}
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {megabytes} * 2**20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, ({seconds},) * 2)
folder = Path(sys.argv[1])
found = {{}}
for name in json.loads(sys.argv[2]):
    found[name] = attempt(lambda: {work})
    print(json.dumps([name, found[name]]), flush=True)
"""


def limited(
    folder: Path, names: list[str], work: str, imports: str, megabytes: int = 700, seconds: int = 60
) -> dict[str, tuple[str, str, float]]:
    """What becomes of each file: ``read`` or ``refused``, the type or the message, and processor seconds.

    Args:
        work: an expression that reads ``folder / name``.
        megabytes, seconds: the most that all of them may take; beyond, the process dies, and this fails.
    """
    code = LIMITED.format(imports=imports, imports_first="", megabytes=megabytes, seconds=seconds, work=work)
    command = [sys.executable, "-c", code, str(folder), json.dumps(names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = {name: tuple(told) for name, told in lines}
    lacking = [name for name in names if name not in found]
    assert not lacking, f"{lacking[0]}: exit code {done.returncode}, {done.stderr[-600:]}"
    return found


def run(*command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A command of the package as a process; its output, whatever bytes it holds."""
    module = {"smartgen": "smartgen"}.get(command[0], f"smartgen.commands.{command[0].partition('-')[2]}")
    return subprocess.run(
        [sys.executable, "-m", module, *command[1:]],
        capture_output=True, text=True, errors="surrogateescape", check=False, **more,
    )  # fmt: skip
