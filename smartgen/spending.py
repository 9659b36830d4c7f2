"""Calls, tokens and money of an LLM in a line: before they are spent, and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smartgen.llm.ledger import Ledger
    from smartgen.synthesis import Plan


def plan_line(title: str, plan: Plan) -> str:
    """What calls would take, and what is an estimate in it."""
    asked = plan.calls - plan.cached
    return (
        f"{title}: {plan.calls} calls, {plan.cached} answered before; the other {asked} take about "
        f"{plan.prompt_tokens:,} tokens of prompts (by their length) and at most "
        f"{plan.completion_tokens:,} of answers, {_money(plan.usd, 'at most')}"
    )


def merged(plans: Sequence[Plan]) -> Plan:
    """The sum over cells, in which a call that several cells share counts once."""
    first, *others = plans
    for plan in others:
        rest = plan.requests - first.requests
        share = len(rest) / len(plan.requests) if plan.requests else 0.0
        usd = None if first.usd is None or plan.usd is None else first.usd + share * plan.usd
        first = replace(
            first,
            calls=first.calls + plan.calls,
            cached=first.cached + plan.calls - len(rest),
            prompt_tokens=first.prompt_tokens + round(share * plan.prompt_tokens),
            completion_tokens=first.completion_tokens + round(share * plan.completion_tokens),
            usd=usd,
            requests=first.requests | plan.requests,
        )
    return first


def ledger_line(ledger: Ledger) -> str:
    """What the calls of a cell took."""
    if not ledger.calls:
        return f"LLM: all {ledger.hits} answers from the cache"
    faults = f", {ledger.retries} asked again after faults, {ledger.lost} lost" if ledger.retries else ""
    pace = f", {ledger.tokens_per_second:.0f} tokens/s"
    return (
        f"LLM: {ledger.calls} calls, {ledger.hits} answers from the cache{faults}; {ledger.prompt_tokens:,} "
        f"tokens of prompts, {ledger.completion_tokens:,} of answers{pace}, {_money(ledger.usd, '')}"
    )


def _money(usd: float | None, kind: str) -> str:
    if usd is None:
        return "price unknown"
    return f"{kind} {usd:.4f} USD".strip()
