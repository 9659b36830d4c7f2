"""Growth: of twice as much, twice the calls and twice the memory at most, and pairs where they must be.

Calls are those of Python functions and of builtin ones; memory is that of Python and numpy, at its peak.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from sqlalchemy import event

from smartgen.core.records import Record, read_records, write_result
from smartgen.core.types import Sequences
from smartgen.data.attacks.unified import KINDS, AttackContext, attack
from smartgen.data.bags import bags
from smartgen.data.demo.vocabulary import demo_vocabulary
from smartgen.data.frequencies import frequencies
from smartgen.data.histories import action_windows, cases, content_hashes
from smartgen.data.padding import flat_tokens
from smartgen.llm.cache import AnswerCache
from smartgen.llm.inventory import Inventory
from smartgen.llm.parse import parse_answer
from smartgen.llm.parse_json import parse_json_answer
from smartgen.llm.requests import Answer, Request
from smartgen.metrics.detection import auprc, auroc
from smartgen.metrics.nearest import nearest_distances
from smartgen.metrics.ranking import ranks
from smartgen.metrics.synthetic import synthetic_quality
from smartgen.protocols.candidates import sampled_candidates
from smartgen.protocols.pools import folds, hold_out, is_novel
from smartgen.stages.gss import behavior_graph
from smartgen.stages.ssc import leaders
from smartgen.stages.ssc.compress import grouped
from smartgen.stages.synthesize.walk import Change, walk
from smartgen.stages.tss import split_sequences
from smartgen.sweeps.known import fingerprints, remember
from smartgen.sweeps.sweep import unrecorded
from smartgen.tables.collect import collect
from smartgen.tables.declare import load_named
from smartgen.training.rows import balanced, weighted
from smartgen.training.tokens import TokenBatches

HOME = demo_vocabulary()
PAD = HOME.pad
SOURCE_ACTIONS = len(HOME.actions) - 5  # what the new context never does
RANDOM = np.random.default_rng(1).random
Work = Callable[[], object]


def log(size: int, seed: int = 1, actions: int = len(HOME.actions)) -> Sequences:
    """Sequences of 2 to 9 random behaviors, the same for a size and seed."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 10, size)
    values = rng.integers((7, 8, len(HOME.devices), actions), size=(int(lengths.sum()), 4))
    return Sequences(values, np.concatenate([[0], np.cumsum(lengths)]))


def attacked(kind: str, size: int) -> Work:
    normal, context = log(size), AttackContext(HOME, log(size), log(size, 2, SOURCE_ACTIONS))
    return partial(attack, kind, normal, normal, context, np.random.default_rng(1))


def records(size: int) -> list[Record]:
    """Finished cells of Table 2 by seed, none of which failed."""
    axes = {"task": "detection", "regime": "synthetic", "protocol": "released", "synthesizer": "replay"}
    axes |= {"without": "none", "dataset": "fr", "transition": "seasonal", "detector": "transae"}
    config = {"detector": {"name": "transae", "network": "smartgen"}}
    return [
        Record(
            f"key{seed}",
            Path("runs"),
            {"axes": axes | {"seed": seed}, "config": config | {"seed": seed}, "metrics": {"f1": 0.5}},
        )
        for seed in range(size)
    ]


def json_text(size: int) -> str:
    written = [
        [{"day": "Monday", "hour": "(0~3)", "action": HOME.actions[i % 70]} for i in row[:5]]
        for row in np.arange(size * 5).reshape(size, 5).tolist()
    ]
    return json.dumps({"sequences": written})


def list_text(size: int) -> str:
    action = HOME.actions[0]
    row = ["Monday", "(0~3)", action.split(":")[0], action] * 5
    return str([row] * size)


def foretold(some: Sequences) -> object:
    return action_windows(cases(some).histories, 9, PAD)


def walked(some: Sequences, count: int) -> Sequences:
    edges = behavior_graph(some, HOME).edges
    return walk(some, edges, HOME, Change(0, {}, 1.0), count, np.random.default_rng(1))


def hashed(some: Sequences) -> list[object]:
    return [some.distinct(), some.digest(), content_hashes(some)]


def merged(sets: list[Any]) -> list[object]:
    return [balanced(sets), weighted(sets)]


def drawn(some: Sequences) -> list[object]:
    return list(TokenBatches(some, PAD, 16, 1, 1))


DEAR = ("quality of a set", "table", "walk")  # a smaller size shows it as well
WORK: dict[str, Callable[[int], Work]] = {
    "tss released": lambda n: partial(split_sequences, log(n), HOME),
    "tss paper": lambda n: partial(split_sequences, log(n), HOME, algorithm="paper"),
    "gss": lambda n: partial(behavior_graph, log(n), HOME),
    "first of each": lambda n: log(n).first_of_each,
    "weekdays": lambda n: partial(grouped, log(n), "weekday"),
    "walk": lambda n: partial(walked, log(50), n),
    **{f"attack {kind}": partial(attacked, kind) for kind in KINDS},
    "bags": lambda n: partial(bags, flat_tokens(log(n), PAD), PAD),
    "padding": lambda n: partial(flat_tokens, log(n), PAD),
    "distinct": lambda n: partial(hashed, log(n)),
    "folds": lambda n: partial(folds, log(n), HOME),
    "novel": lambda n: partial(is_novel, log(n), [log(n, 2), log(n)]),
    "held out": lambda n: partial(hold_out, log(n), 0.2, np.random.default_rng(1)),
    "cases": lambda n: partial(foretold, log(n)),
    "frequencies": lambda n: partial(frequencies, log(n), HOME),
    "rows": lambda n: partial(merged, [RANDOM((n, 4)), RANDOM((n // 2, 4))]),
    "ranks": lambda n: partial(ranks, RANDOM((n, 70)), np.zeros(n, dtype=np.int64)),
    "area under the curve": lambda n: partial(auroc, RANDOM(n), RANDOM(n)),
    "average precision": lambda n: partial(auprc, RANDOM(n), RANDOM(n)),
    "candidates": lambda n: partial(sampled_candidates, log(n)),
    "batches of tokens": lambda n: partial(drawn, log(n)),
    "quality of a set": lambda n: partial(synthetic_quality, log(n), log(200, 2), log(200, 3), HOME),
    "nearest in a log": lambda n: partial(nearest_distances, log(20), log(n, 2)),
    "answer in json": lambda n: partial(parse_json_answer, json_text(n), Inventory.of(HOME, log(50))),
    "answer as text": lambda n: partial(parse_answer, list_text(n), HOME),
    "table": lambda n: partial(collect, load_named("table2"), records(n)),
}


@pytest.mark.parametrize("name", WORK)
def test_twice_as_much_takes_twice_the_calls_and_memory(name: str, counting: Any) -> None:
    make = WORK[name]
    make(30)()  # caches and imports
    size = 50 if name in DEAR else 100
    # A square's power is 2. Sets and lists that double their room bring that of memory above 1.
    for cost, most in ((counting.calls, 1.15), (counting.peak, 1.6)):
        assert counting.growth(lambda size, cost=cost: cost(make(size)), size) < most, cost.__name__


@pytest.mark.parametrize("doubled", [False, True])
def test_work_that_grows_with_the_square_is_told(doubled: bool, counting: Any) -> None:
    """The measure itself: a list of pairs, of a list looked through again and again."""

    def pairs(size: int) -> Work:
        rows = np.arange(size)
        return lambda: [len([i, j]) for i in rows for j in (rows if doubled else rows[:3])]

    powers = [counting.growth(lambda size, c=c: c(pairs(size)), 50) for c in (counting.calls, counting.peak)]
    assert all((power > 1.8) == doubled for power in powers), powers


def test_selection_by_vectors_compares_with_what_is_kept_and_never_all_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Six directions and some noise: six are kept of however many."""
    generator = torch.Generator().manual_seed(1)
    above, pairs = leaders._above, 0

    def counted(rows: torch.Tensor, others: torch.Tensor, threshold: float) -> torch.Tensor:
        nonlocal pairs
        pairs += len(rows) * len(others)
        return above(rows, others, threshold)

    monkeypatch.setattr(leaders, "_above", counted)
    found = []
    for size in (1024, 2048, 4096):
        pairs = 0
        vectors = torch.eye(6).repeat(size // 6 + 1, 4)[:size]
        kept = leaders.select([vectors + 0.01 * torch.rand(size, 24, generator=generator)], 0.9)
        assert len(kept) == 6
        found.append(pairs)
    first = leaders.BLOCK**2  # among the first block's own
    assert found == [first + 6 * (size - leaders.BLOCK) for size in (1024, 2048, 4096)]


@pytest.mark.parametrize("known", [True, False])
def test_a_resumed_sweep_looks_at_each_cell_with_few_calls(
    known: bool, counting: Any, tmp_path: Path
) -> None:
    """Tens of calls a cell: neither the code nor the inputs are looked at again for each."""
    inputs = tmp_path / "release"
    inputs.mkdir()
    for number in range(50):
        (inputs / f"{number}.pkl").touch()
    cells = [("dataset=fr", f"seed={seed}") for seed in range(40)]
    for cell in cells if known else ():
        result: dict[str, dict[str, Any]] = {"axes": {}, "config": {}, "metrics": {}, "counts": {}}
        write_result(tmp_path, cell[1], result, {})
        remember(tmp_path, cell, cell[1], fingerprints([inputs]))
    config = OmegaConf.create(
        {"paths": {"outputs": str(tmp_path)}, "force": False, "plan": False, "save": False}
    )
    assert unrecorded(cells, config) == ([] if known else cells)
    twenty, forty = (counting.calls(lambda some=cells[:n]: unrecorded(some, config)) for n in (20, 40))
    assert (forty - twenty) / 20 < 700


def test_records_are_read_with_as_many_calls_each(counting: Any, tmp_path: Path) -> None:
    def reading(size: int) -> Work:
        for record in records(size):
            write_result(tmp_path / str(size), record.key, {**record.result, "counts": {}}, {})
        return lambda: read_records(tmp_path / str(size))

    assert counting.growth(lambda size: counting.calls(reading(size)), 20) < 1.1


def test_known_answers_are_looked_up_all_at_once(counting: Any, tmp_path: Path) -> None:
    """Half a thousand keys a statement, whatever the number of calls."""
    cache = AnswerCache(tmp_path / "answers.sqlite")
    asked = [Request("here", "m", ({"role": "user", "content": str(i)},), {}) for i in range(600)]
    cache.put(asked[0], Answer("text", "stop", 1, 1, 1.0))
    assert len(cache.get(asked)) == 1
    statements = []
    event.listen(cache._engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    for count, needed in ((1, 1), (500, 1), (600, 2)):
        statements.clear()
        cache.get(asked[:count])
        assert len([one for one in statements if one.startswith("SELECT")]) == needed
