"""What calls cost, and at most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.llm.prices import price_of
from smartgen.llm.prompt import estimated_tokens
from smartgen.llm.requests import EMBEDDED, Request
from smartgen.synthesizer_settings import PriceSettings


def test_prices():
    price = price_of("gpt-4o-2024-11-20", PriceSettings())
    assert price is not None
    assert price.of(1_000_000, 1_000_000) == 12.5
    assert price.source.endswith("2026-03")
    half = price_of("gpt-4o-2024-11-20", PriceSettings(), batch=True)
    assert half is not None
    assert half.of(1_000_000, 1_000_000) == 6.25
    assert price_of("some-model", PriceSettings()) is None
    given = price_of("some-model", PriceSettings(1, 2))
    assert given is not None
    assert given.of(1_000_000, 500_000) == 2
    with pytest.raises(SmartgenError, match=r"expected {prompt: USD"):
        price_of("some-model", PriceSettings(prompt=1))


def test_no_prompt_costs_more_than_was_set_aside():
    schema = {"type": "json_schema", "json_schema": {"schema": {"enum": ["Licht: an", "ü" * 50]}}}
    one = Request(
        "p", "m", ({"role": "user", "content": "Wörter " * 20},), {"seed": 1, "response_format": schema}
    )
    assert one.most_tokens > len(one.schema.encode()) + len(("Wörter " * 20).encode())
    assert one.tokens(3.0) < one.most_tokens
    here = replace(one, provider=EMBEDDED)
    assert (here.schema, here.tokens(3.0)) == ("", estimated_tokens(one.messages, 3.0))
