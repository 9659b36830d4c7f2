"""What calls to an LLM will take, before any is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Plan:
    """What calls will take, told before any is made; of further attempts and repeated calls it knows nothing.

    Args:
        calls: in all.
        asked: those that the cache cannot answer: key to tokens of prompt (about), tokens of answer (at most)
            and USD (at most; None where the price is unknown).
    """

    calls: int
    asked: Mapping[str, tuple[int, int, float | None]]

    @property
    def prompt_tokens(self) -> int:
        """Of the calls that are asked, by their length."""
        return sum(prompt for prompt, _, _ in self.asked.values())

    @property
    def completion_tokens(self) -> int:
        """Of the calls that are asked, at most."""
        return sum(completion for _, completion, _ in self.asked.values())

    @property
    def usd(self) -> float | None:
        """Of the calls that are asked, at most; None where a price is unknown."""
        costs = [usd for _, _, usd in self.asked.values() if usd is not None]
        return sum(costs) if len(costs) == len(self.asked) else None

    def to_json(self) -> dict[str, Any]:
        """For a journal."""
        return {"calls": self.calls, "asked": {key: list(took) for key, took in self.asked.items()}}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Plan:
        """What ``to_json`` told."""
        return cls(told["calls"], {key: tuple(took) for key, took in told["asked"].items()})

    @classmethod
    def merged(cls, plans: Iterable[Plan]) -> Plan:
        """Of several cells, in which a call that they share is asked once."""
        every = list(plans)
        return cls(
            sum(one.calls for one in every), {key: took for one in every for key, took in one.asked.items()}
        )
