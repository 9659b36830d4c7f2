"""Calls, tokens and money of an LLM in a line: before they are spent, and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smartgen.llm.ledger import Ledger
    from smartgen.llm.plan import Plan


def plan_line(title: str, plan: Plan, known: str = "answered before") -> str:
    """What calls would take, and what is an estimate in it; the others are already `known`."""
    asked = len(plan.asked)
    return (
        f"{title}: {plan.calls} calls, {plan.calls - asked} {known}; the other {asked} take about "
        f"{plan.prompt_tokens:,} tokens of prompts (by their length) and at most "
        f"{plan.completion_tokens:,} of answers, {_money(plan.usd, 'at most')}"
    )


def ledger_line(ledger: Ledger) -> str:
    """What the calls of a cell took."""
    note = f" ({ledger.note})" if ledger.note else ""
    if not ledger.calls:
        return f"LLM: all {ledger.hits} answers from the cache{note}"
    faults = f", {ledger.retries} asked again after faults, {ledger.lost} lost" if ledger.retries else ""
    pace = f", {ledger.tokens_per_second:.0f} tokens/s"
    tokens = f"{ledger.prompt_tokens:,} tokens of prompts, {ledger.completion_tokens:,} of answers{pace}"
    if ledger.uncounted:
        tokens = "tokens not counted by the endpoint"
    return (
        f"LLM: {ledger.calls} calls, {ledger.hits} answers from the cache{faults}; {tokens}, "
        f"{_money(ledger.usd, '')}{note}"
    )


def _money(usd: float | None, kind: str) -> str:
    if usd is None:
        return "price unknown"
    return f"{kind} {usd:.4f} USD".strip()
