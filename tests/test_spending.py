"""What is said of calls, tokens and money, before and after."""

from __future__ import annotations

import pytest

from smartgen.llm.ledger import Ledger
from smartgen.llm.plan import Plan
from smartgen.llm.prices import Price
from smartgen.llm.requests import Answer
from smartgen.spending import ledger_line, plan_line


def plan(calls: int, keys: str, prompt: int = 100, answer: int = 10, usd: float | None = 1.0) -> Plan:
    return Plan(calls, dict.fromkeys(keys, (prompt, answer, usd)))


def test_a_plan_says_what_is_an_estimate_and_what_a_bound():
    assert plan_line("plan", plan(12, "abcdefghij", 4000, 8040, 0.0904)) == (
        "plan: 12 calls, 2 answered before; the other 10 take about 40,000 tokens of prompts "
        "(by their length) and at most 80,400 of answers, at most 0.9040 USD"
    )
    assert "price unknown" in plan_line("plan", plan(1, "a", usd=None))


def test_calls_that_cells_share_count_once():
    whole = Plan.merged([plan(4, "abc"), plan(4, "abc"), plan(2, "cd", 7, 1, 0.5)])
    assert (whole.calls, sorted(whole.asked)) == (10, list("abcd"))
    assert (whole.prompt_tokens, whole.completion_tokens) == (100 + 100 + 7 + 7, 10 + 10 + 1 + 1)
    assert whole.usd == pytest.approx(3.0)
    assert Plan.merged([plan(4, "abc"), plan(1, "z", usd=None)]).usd is None


def test_tokens_that_an_endpoint_does_not_count_are_no_zeros():
    ledger = Ledger(Price(1.0, 2.0, "test"))
    ledger.add(Answer("x", "stop", None, None, 1.0))
    told = "LLM: 1 calls, 0 answers from the cache; tokens not counted by the endpoint, price unknown"
    assert ledger_line(ledger) == told


def test_a_ledger_in_a_line():
    ledger = Ledger(Price(1.0, 2.0, "test"), hits=3, seconds=2.0)
    assert ledger_line(ledger) == "LLM: all 3 answers from the cache"
    ledger.add(Answer("x", "stop", 1000, 500, 1.0))
    assert ledger_line(ledger) == (
        "LLM: 1 calls, 3 answers from the cache; 1,000 tokens of prompts, 500 of answers, 250 tokens/s, "
        "0.0020 USD"
    )
    ledger.add(Answer("x", "stop", None, None, 1.0))
    ledger.retries, ledger.lost = 2, 1
    assert "2 asked again after faults, 1 lost" in ledger_line(ledger)
    assert "price unknown" in ledger_line(ledger)  # a call that was not counted
