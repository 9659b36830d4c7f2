"""What tokens cost: the dated table ``prices.yaml``, or what the user says; unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from smartgen.core.errors import SmartgenError


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


def price_of(model: str, given: Mapping[str, float] | None, batch: bool = False) -> Price | None:
    """The price of a model; None if nobody has said it.

    Args:
        given: ``synthesizer.usd_per_million``, which comes before the table.
        batch: by the Batch API, where the table has its factor.

    Raises:
        SmartgenError: ``given`` lacks a key or has another.
    """
    if given is not None:
        if set(given) != {"prompt", "completion"} or min(given.values()) < 0:
            raise SmartgenError(
                f"synthesizer.usd_per_million is {dict(given)}, expected {{prompt: USD, completion: USD}}"
            )
        return Price(given["prompt"], given["completion"], "synthesizer.usd_per_million")
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
