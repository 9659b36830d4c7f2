"""Many calls at once, many cells in a row: small versions of what scripts/check_load.py does at full size."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import resource
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tenacity import AsyncRetrying, RetryCallState

from smartgen.llm.at_once import CONNECTIONS, calls_at_once
from smartgen.llm.cache import AnswerCache
from smartgen.llm.client import Client, _pause
from smartgen.llm.errors import PassingError
from smartgen.llm.ledger import CostLimitError, Ledger, Purse
from smartgen.llm.prices import Price
from smartgen.llm.requests import Request
from smartgen.sweeps.journal import Cell, Event, cell_of, write_event
from smartgen.sweeps.launch import launch_all
from smartgen.synthesizer_settings import LlmSettings
from tests.scripts import FOLDER, load

PRICE = Price(10.0, 40.0, "made up")  # a call of the fixture's: 100 tokens and 10, 0.0014 USD


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("loads.calls")


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], list[str]]:
    monkeypatch.syspath_prepend(FOLDER)
    return load(FOLDER / "check_load.py").wrong


def make(url: str, folder: Path, purse: Purse | None = None, **changes: Any) -> Client:
    names = {"name": "test", "model": "m", "base_url": url, "key_variable": None, "max_tokens": 10}
    settings = LlmSettings(**names | {"timeout_seconds": 5.0, "retries": 2} | changes)
    return Client(settings, url, AnswerCache(folder / "answers.sqlite"), Ledger(PRICE), purse or Purse())


def requests(count: int) -> list[Request]:
    sampling = {"temperature": 0, "top_p": 0, "seed": 1, "max_tokens": 10}
    texts = [f"call {number} ".ljust(300, ".") for number in range(count)]
    return [Request("p", "m", ({"role": "user", "content": text},), sampling) for text in texts]


# Calls, in processes of their own, against an endpoint that has limits.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("concurrency", "processes", "limits", "more"),
    [
        (100, 1, {"in_flight": 100, "seconds": 1.0, "fail": 23, "cut": 19}, {}),
        (40, 1, {"in_flight": 8}, {}),
        (100, 1, {"per_second": 25}, {}),
        (15, 4, {"in_flight": 60, "fail": 23}, {"requests": 60}),
        (300, 1, {"in_flight": 28}, {"open_files": 256}),
        (32, 1, {}, {"max_cost_usd": 0.0741}),  # 50 calls are .074
    ],
    ids=["100 at once", "40 where 8 may", "25 a second", "4 processes", "256 files", "money for half"],
)
def test_limits_hold_under_load(
    concurrency: int,
    processes: int,
    limits: dict[str, Any],
    more: dict[str, Any],
    calls: ModuleType,
    wrong: Callable[[dict[str, Any]], list[str]],
    tmp_path: Path,
) -> None:
    stub = importlib.import_module("loads.stub")
    case = calls.Case("x", stub.Limits(**limits), concurrency, processes, **{"requests": 100} | more)
    row = calls.measure(case, tmp_path)
    assert not wrong(row), row
    if case.open_files is None and case.limits.per_second is None and processes == 1 and not more:
        assert row["most_in_flight"] == min(concurrency, case.limits.in_flight)
    assert (row["calls"], row["hits"]) == (row["rows"], (processes - 1) * row["rows"])


def test_the_script_tells_what_is_wrong(
    calls: ModuleType, wrong: Callable[[dict[str, Any]], list[str]]
) -> None:
    case = calls.Case("x", concurrency=4, requests=10)
    found = {"errors": ["no"], "rows": 9, "duplicates": 1, "most_in_flight": 5, "early": 1, "usd": 1.0}
    told = wrong({"case": case, "prompt_tokens": 1, "completion_tokens": 1} | found)
    assert told == [
        "errors: no",
        "9 answers kept of 10",
        "1 answered twice",
        "5 at once, 4 allowed",
        "1 came before their time",
    ]


@pytest.mark.parametrize(
    ("rows", "lost", "told"),
    [
        (0, 0, ["0 answers kept of 50"]),
        (44, 0, ["44 answers kept of 50"]),
        (45, 0, []),
        (44, 1, []),
        (50, 0, []),
        (51, 0, ["51 answers kept of 50"]),
    ],
)
def test_money_buys_no_fewer_answers_than_it_is_enough_for(
    calls: ModuleType, wrong: Callable[[dict[str, Any]], list[str]], rows: int, lost: int, told: list[str]
) -> None:
    limit = 50 * calls.price_each()
    assert 3 < calls.most_each() / calls.price_each() < 6, "of a call that is about to be sent"
    found = {"errors": ["enough"], "rows": rows, "lost": lost, "duplicates": 0, "most_in_flight": 1}
    case = calls.Case("x", requests=100, max_cost_usd=limit)
    row = {"case": case, "prompt_tokens": 1, "completion_tokens": 1, "early": 0, "usd": limit} | found
    assert wrong(row) == told


def test_the_stub_counts_what_a_batch_pays_for_twice(calls: ModuleType) -> None:
    stub = importlib.import_module("loads.stub").Stub(calls.Limits())
    rows = [{"custom_id": str(number), "body": calls.asked(number).body} for number in (0, 1, 2)]
    stub.files["first"] = stub.files["second"] = "\n".join(map(json.dumps, rows)).encode()
    stub.made({"input_file_id": "first"})
    assert (stub.counts.answered, stub.counts.duplicates, stub.counts.prompt_tokens) == (3, 0, 300)
    stub.made({"input_file_id": "second"})
    assert (stub.counts.answered, stub.counts.duplicates) == (6, 3)


def test_refusals_for_too_many_calls_do_not_count_while_others_are_answered(
    endpoint, tmp_path, monkeypatch
) -> None:
    refused: dict[str, int] = {}

    def script(_: int, body: dict[str, Any]) -> dict[str, Any]:
        name = body["messages"][0]["content"]
        refused[name] = refused.get(name, 0) + 1
        if refused[name] <= 6:  # beyond the two further tries that it has
            return {"status": 429, "headers": {"retry-after-ms": "20"}}
        return {"text": "x"}

    client = make(endpoint(script).url, tmp_path)
    pauses = []

    def others_are_answered(_: Any) -> float:
        client.ledger.calls += 1
        pauses.append(client.ledger.calls)
        return 0.0

    monkeypatch.setattr("smartgen.llm.client._pause", others_are_answered)
    assert len(client(requests(1))) == 1
    assert len(pauses) == 6


def test_refusals_count_where_nobody_is_answered(endpoint, tmp_path) -> None:
    server = endpoint(lambda *_: {"status": 429, "headers": {"retry-after-ms": "1"}})
    with pytest.raises(Exception, match="1 of 1 calls got no answer"):
        make(server.url, tmp_path)(requests(1))
    assert server.calls == 3


def test_calls_that_are_told_the_same_pause_do_not_come_back_together() -> None:
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = 3
    state.set_exception((PassingError, PassingError("429", False, 2.0, limited=True), None))
    pauses = [_pause(state) for _ in range(200)]
    assert all(pause >= 2.0 for pause in pauses)
    assert len({int(10 * pause) for pause in pauses}) > 10, "spread over tenths of a second"


def test_money_that_calls_under_way_may_not_need_is_waited_for(endpoint, tmp_path) -> None:
    """Ten calls cost .014; at most they could cost more than twice as much."""
    server = endpoint(lambda *_: {"text": "x"})
    purse = Purse(9 * 0.0014 + 0.0036)
    client = make(server.url, tmp_path, purse, concurrency=10)
    wanted = requests(10)
    most = [client._most(one) for one in wanted]
    assert 9 * 0.0014 + max(most) < purse.limit < sum(most) / 2
    assert len(client(wanted)) == 10
    assert purse.spent == pytest.approx(0.014)
    assert purse.reserved == pytest.approx(0)
    with pytest.raises(CostLimitError, match="are spent or under way"):
        client([*requests(12)[10:]])
    assert server.calls == 10


@pytest.mark.parametrize(
    ("limit", "wanted", "allowed"),
    [(1024, 1000, 412), (20_000, 5_000, CONNECTIONS), (256, 8, 8), (64, 8, 1), (-1, 16, 16)],
)
def test_no_more_calls_than_there_are_files_and_connections_for(
    limit: int, wanted: int, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert calls_at_once(wanted) == allowed


# Cells.

ROW = {
    "launcher": "joblib",
    "asked": 10_000,
    "ended": 10_000,
    "seconds": 700.0,
    "processor s a cell, first tenth": 0.126,
    "processor s a cell, last tenth": 0.113,
    "kB more a cell": 2.0,
    "kB more a cell of its own": 2.0,
}


@pytest.mark.parametrize(
    ("changes", "minutes", "told"),
    [
        ({}, math.inf, []),
        ({"launcher": "basic", "kB more a cell of its own": math.nan}, math.inf, []),
        ({"ended": 9_999}, math.inf, ["9,999 cells ended of 10,000"]),
        ({"ended": 9_999}, 11, []),
        ({"ended": 9_999}, 12, ["9,999 cells ended of 10,000"]),
        ({"ended": 0}, 11, ["not one of 10,000 cells ended"]),
        ({"kB more a cell": 280.0}, math.inf, ["kB more a cell: 280, at most 10.82 allowed"]),
        ({"kB more a cell": math.nan}, math.inf, ["kB more a cell: nan, at most 10.82 allowed"]),
        (
            {"kB more a cell of its own": math.nan},
            math.inf,
            ["worker, kB more a cell of its own: nan, at most 10.82 allowed"],
        ),
        (
            {"processor s a cell, last tenth": 0.3},
            math.inf,
            ["last tenth against the first: 2.381, at most 2 allowed"],
        ),
        (
            {"processor s a cell, first tenth": 0.0},
            math.inf,
            ["last tenth against the first: nan, at most 2 allowed"],
        ),
        (
            {"launcher": "direct"},
            math.inf,
            ["processor s a cell, last tenth: 0.113, at most 0.02 allowed"],
        ),
    ],
)
def test_the_script_tells_which_bound_of_a_sweep_is_passed(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], minutes: float, told: list[str]
) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    assert load(FOLDER / "check_load.py").wrong_cells(ROW | changes, minutes) == told


def test_a_sweep_without_cells_does_not_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    script, sweeps, watching = (
        load(FOLDER / "check_load.py"),
        *(importlib.import_module(f"loads.{name}") for name in ("sweeps", "watching")),
    )
    ended = watching.Sample(seconds=6.0, processor=1.0, ended=0, own=0.0, children={}, files=0)
    monkeypatch.setattr(sweeps.Sweep, "run", lambda _: [ended])
    options = argparse.Namespace(cells=10, launchers=["direct"], real=0, minutes=0.1)
    assert not script.check_cells(options, tmp_path)
    assert "trivial-direct: not one of 10 cells ended" in capsys.readouterr().out


def test_the_growth_of_workers_that_were_not_measured_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    sweeps = importlib.import_module("loads.sweeps")

    def samples(*workers: float) -> list[Any]:
        """Of a second and ten cells each; every worker gains so many kB with each of all cells."""
        return [
            sweeps.Sample(n, n, 10 * n, 60.0, {k: 100 + w * 10 * n / 1024 for k, w in enumerate(workers)}, 0)
            for n in range(9)
        ]

    assert sweeps.worker_growth(samples(3.0, 4.0)) == pytest.approx(7.0)
    assert math.isnan(sweeps.worker_growth(samples())), "no worker"
    assert math.isnan(sweeps.worker_growth(samples(3.0)[-2:])), "seen twice, which is no line"


def test_a_death_does_not_have_all_other_cells_composed(tmp_path: Path) -> None:
    cells: list[Cell] = [(f"seed={number}",) for number in range(50)]
    composed: list[Cell] = []
    launched: list[int] = []

    def launch(some: Any) -> None:
        launched.append(len(some))
        if len(launched) == 1:
            write_event(tmp_path, Event("begun", cell_of(some[0]), process=2**22 + 1))  # no process has it
            raise RuntimeError("a worker was killed")
        for cell in some:
            write_event(tmp_path, Event("done", cell_of(cell)))

    def check(cell: Cell) -> str:
        composed.append(cell)
        return ""

    launch_all(cells, launch, tmp_path, check)
    assert launched == [50, 1, 49]
    assert not composed


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_time_and_memory_do_not_grow_with_the_number_of_cells(
    launcher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setenv("SMARTGEN_RELEASE", str(tmp_path))
    sweeps = importlib.import_module("loads.sweeps")
    sweep = sweeps.Sweep(160, launcher, False, tmp_path / "sweep")
    samples = sweep.run()
    row = sweeps.figures(sweep, samples)
    assert (row["asked"], row["ended"]) == (160, 160)
    assert row["kB more a cell"] < 60, "settings that are kept would be 280"
    if launcher == "joblib":
        assert row["kB more a cell of its own"] < 60, "of workers that were seen: NaN is not less"
    assert row["files a cell"] < 2.2, "a record and a note"
    early, late = row["processor s a cell, first tenth"], row["processor s a cell, last tenth"]
    assert late < 2 * early + 0.05
    again = sweep.run()
    assert again[-1].ended == 160
    assert again[-1].processor < samples[-1].processor, "what is recorded is not run again"
