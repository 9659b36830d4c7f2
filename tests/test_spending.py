"""What is said of calls, tokens and money, before and after."""

from __future__ import annotations

import pytest

from smartgen.llm.ledger import Ledger
from smartgen.llm.prices import Price
from smartgen.llm.requests import Answer
from smartgen.spending import ledger_line, merged, plan_line
from smartgen.synthesis import Plan


def test_a_plan_says_what_is_an_estimate_and_what_a_bound():
    plan = Plan(12, 2, 40_000, 80_400, 0.904, frozenset("abcdefghij"))
    assert plan_line("plan", plan) == (
        "plan: 12 calls, 2 answered before; the other 10 take about 40,000 tokens of prompts "
        "(by their length) and at most 80,400 of answers, at most 0.9040 USD"
    )
    assert "price unknown" in plan_line("plan", Plan(1, 0, 1, 1, None, frozenset("a")))


def test_calls_that_cells_share_count_once():
    first = Plan(4, 1, 300, 30, 3.0, frozenset("abc"))
    same, other = Plan(4, 1, 300, 30, 3.0, frozenset("abc")), Plan(2, 0, 200, 20, 2.0, frozenset("cd"))
    whole = merged([first, same, other])
    assert (whole.calls, whole.cached, whole.prompt_tokens, whole.completion_tokens) == (10, 6, 400, 40)
    assert whole.usd == pytest.approx(4.0)
    assert merged([first, Plan(1, 0, 1, 1, None, frozenset("z"))]).usd is None


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
