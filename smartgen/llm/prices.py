"""What tokens cost: the dated table ``prices.yaml``, or what the user says; unknown stays unknown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from smartgen.core.errors import SmartgenError
from smartgen.synthesizer_settings import PriceSettings


@dataclass(frozen=True)
class Price:
    """USD per million tokens.

    Args:
        prompt, completion: of what is sent, and of what comes back.
        source: where the figures stand, with their date.
    """

    prompt: float
    completion: float
    source: str

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """USD for so many tokens."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1e6


FREE = Price(0.0, 0.0, "runs on this machine")


def price_of(model: str, given: PriceSettings, batch: bool = False) -> Price | None:
    """The price of a model; None if nobody has said it.

    Args:
        given: ``synthesizer.usd_per_million``, which comes before the table.
        batch: by the Batch API, where the table has its factor.

    Raises:
        SmartgenError: ``given`` has one of the two alone, or one below 0.
    """
    prompt, completion = given.prompt, given.completion
    if prompt is not None and completion is not None and min(prompt, completion) >= 0:
        return Price(prompt, completion, "synthesizer.usd_per_million")
    if prompt is not None or completion is not None:
        raise SmartgenError(
            f"synthesizer.usd_per_million is {{prompt: {prompt}, completion: {completion}}}, "
            "expected {prompt: USD, completion: USD}"
        )
    row = _table().get(model)
    if row is None:
        return None
    factor = row["batch"] if batch else 1
    return Price(row["prompt"] * factor, row["completion"] * factor, f"{row['source']}, {row['date']}")


@cache
def _table() -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = yaml.safe_load(
        (files("smartgen.llm") / "prices.yaml").read_text(encoding="utf-8")
    )
    return rows
