"""Many calls at once to the stub, by the product's own client, each run in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loads.stub import Limits
from loads.watching import MEGABYTE, open_files

if TYPE_CHECKING:  # smartgen is imported once a process has its limit of open files
    from smartgen.llm.requests import Request

SCRIPTS = Path(__file__).resolve().parents[1]
PROMPT = 400  # characters
ANSWER = 100  # tokens at most
PRICE = (10.0, 40.0)  # of a million tokens of prompt and answer [USD]
WATCH_SECONDS = 0.05


@dataclass(frozen=True)
class Case:
    """What is asked, and how.

    Args:
        name: for the table.
        limits: of the endpoint.
        concurrency: the client's.
        processes: that ask the same at once, with one cache.
        requests: distinct ones.
        max_cost_usd: the client's limit.
        mode: direct or batch.
        open_files: that a process may have; None: as many as now.
    """

    name: str
    limits: Limits = field(default_factory=Limits)
    concurrency: int = 8
    processes: int = 1
    requests: int = 1000
    max_cost_usd: float | None = None
    mode: str = "direct"
    open_files: int | None = None


def cases(requests: int, concurrency: int) -> list[Case]:
    """All that is tried."""
    slow = Limits(seconds=max(1.0, requests / 100))  # so long that all can be under way
    faulty = Limits(fail=97, cut=89)
    wide = Case(f"{concurrency:,} at once", slow, concurrency, requests=requests)
    return [
        wide,
        replace(wide, name=f"{concurrency:,} at once, 1,024 files", open_files=1024),
        Case("16 at once", replace(faulty, in_flight=16), 16, requests=requests),
        Case("4 processes, one cache", faulty, 16, 4, requests),
        Case(f"4 processes, {concurrency // 4:,} each", faulty, concurrency // 4, 4, requests),
        Case("64 at once where 16 may", Limits(in_flight=16), 64, requests=requests),
        Case("64 at once, 20 a second", Limits(per_second=20), 64, requests=requests),
        Case(f"{concurrency:,} at once, 50 a second", Limits(per_second=50), concurrency, requests=requests),
        Case("64 at once, tokens a minute", Limits(tokens_per_minute=150_000), 64, requests=requests),
        Case("money for half", Limits(), 64, requests=requests, max_cost_usd=requests * price_each() / 2),
        Case("by batch", Limits(), requests=requests, mode="batch"),
    ]


def price_each() -> float:
    """What one call costs [USD]; all prompts have one length, and so have all answers."""
    prompt, answer = PROMPT // 4, len(f"answer to {text(0)[:40]}") // 4
    return (prompt * PRICE[0] + answer * PRICE[1]) / 1e6


def most_each() -> float:
    """What one call can cost at most [USD], as the client reckons before it sends it."""
    from smartgen.llm.prices import Price

    return Price(*PRICE, "made up").of(asked(0).most_tokens, ANSWER)


def asked(number: int) -> Request:
    """A call."""
    from smartgen.llm.requests import Request

    sampling = {"temperature": 0, "top_p": 0, "seed": 1, "max_tokens": ANSWER}
    return Request("load", "m", ({"role": "user", "content": text(number)},), sampling)


def text(number: int) -> str:
    """The prompt of a call."""
    return f"call {number:06d} ".ljust(PROMPT, ".")


def measure(case: Case, folder: Path) -> dict[str, Any]:
    """Run a case; what client, cache and endpoint say."""
    with stub(case.limits) as url:
        start = time.perf_counter()
        told = ask(case, url, folder)
        seconds = time.perf_counter() - start
        with urllib.request.urlopen(f"{url}/counts") as reply:
            counts: dict[str, int] = json.load(reply)
    with contextlib.closing(sqlite3.connect(folder / "answers.sqlite")) as cache:
        rows = cache.execute("SELECT count(*) FROM answers").fetchone()[0]
    merged = {name: max(one[name] for one in told) for name in ("peak_mb", "files", "threads")}
    sums = {name: sum(one[name] for one in told) for name in ("calls", "hits", "retries", "lost", "usd")}
    errors = [one["error"] for one in told if one["error"]]
    found = {"case": case, "rows": rows, "seconds": seconds, "errors": errors}
    return found | merged | sums | counts


@contextlib.contextmanager
def stub(limits: Limits) -> Iterator[str]:
    """The endpoint in a process of its own; its address."""
    command = [sys.executable, "-m", "loads.stub", json.dumps(asdict(limits))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def ask(case: Case, url: str, folder: Path) -> list[dict[str, Any]]:
    """What each of the case's processes says at its end."""
    content = json.dumps(asdict(case) | {"url": url, "folder": str(folder)})
    command = [sys.executable, "-m", "loads.calls", content]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
        for _ in range(case.processes)
    ]
    told = [process.communicate()[0].splitlines() for process in started]
    if not all(told):
        sys.exit(f"{case.name}: a client ended without a word")
    return [json.loads(lines[-1]) for lines in told]


def environment() -> dict[str, str]:
    """In which the modules beside this one are found."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(SCRIPTS), os.getenv("PYTHONPATH"))))}


def client(case: dict[str, Any]) -> dict[str, Any]:
    """One process: ask all, and tell what it took."""
    if case["open_files"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (case["open_files"],) * 2)
    from smartgen.core.errors import SmartgenError
    from smartgen.llm.batch import BatchClient
    from smartgen.llm.cache import AnswerCache
    from smartgen.llm.client import Client
    from smartgen.llm.ledger import Ledger, Purse
    from smartgen.llm.prices import Price
    from smartgen.synthesizer_settings import LlmSettings

    names = {"name": "load", "model": "m", "base_url": case["url"], "key_variable": None}
    settings = LlmSettings(
        **names, concurrency=case["concurrency"], max_tokens=ANSWER, batch_wait_seconds=60, mode=case["mode"]
    )
    cache, ledger = AnswerCache(Path(case["folder"]) / "answers.sqlite"), Ledger(Price(*PRICE, "made up"))
    requests = [asked(number) for number in range(case["requests"])]
    purse, ask = Purse(case["max_cost_usd"]), BatchClient if case["mode"] == "batch" else Client
    error = ""
    with peaks() as found:
        try:
            answers = ask(settings, case["url"], cache, ledger, purse)(requests)
            assert all(answers[one.key].text.startswith("answer to call") for one in requests)
        except SmartgenError as refusal:
            error = str(refusal)
        except Exception as crash:  # told in the table, where it counts as a failure
            error = f"CRASH {type(crash).__name__}: {crash}"
    sums = {name: getattr(ledger, name) for name in ("calls", "hits", "retries", "lost", "usd")}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
    return sums | found | {"error": error, "peak_mb": peak}


@contextlib.contextmanager
def peaks() -> Iterator[dict[str, int]]:
    """The most files and threads of this process while the block runs."""
    found, over = {"files": 0, "threads": 0}, threading.Event()

    def look() -> None:
        while not over.wait(WATCH_SECONDS):
            found["files"] = max(found["files"], open_files(os.getpid()))
            found["threads"] = max(found["threads"], threading.active_count())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    print(json.dumps(client(json.loads(sys.argv[1]))))
