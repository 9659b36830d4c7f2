"""What a cell's calls took: counted here, told in its record, and held to a limit in money."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from smartgen.core.errors import SmartgenError
from smartgen.llm.prices import Price
from smartgen.llm.requests import Answer


@dataclass
class Ledger:
    """The sums of one cell.

    Args:
        price: of its model; None if unknown.
        calls: answers that an endpoint gave to this run.
        hits: answers that were in the cache.
        retries: requests sent again after a fault.
        lost: of the requests sent, those whose answer, if there was one, never arrived whole.
        prompt_tokens, completion_tokens: of the calls, as the endpoint counted.
        hit_prompt_tokens, hit_completion_tokens: likewise of the answers in the cache, paid for before.
        uncounted: calls and hits whose tokens the endpoint did not count.
        seconds: during which calls were in flight; of a batch, during which it was asked for.
        note: what else happened, in words.
    """

    price: Price | None = None
    calls: int = 0
    hits: int = 0
    retries: int = 0
    lost: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    hit_prompt_tokens: int = 0
    hit_completion_tokens: int = 0
    uncounted: int = 0
    seconds: float = 0.0
    note: str = ""

    def add(self, answer: Answer) -> None:
        """An answer has arrived."""
        self.calls += 1
        self.prompt_tokens += answer.prompt_tokens or 0
        self.completion_tokens += answer.completion_tokens or 0
        self._count(answer)

    def hit(self, answer: Answer) -> None:
        """An answer was in the cache."""
        self.hits += 1
        self.hit_prompt_tokens += answer.prompt_tokens or 0
        self.hit_completion_tokens += answer.completion_tokens or 0
        self._count(answer)

    def _count(self, answer: Answer) -> None:
        self.uncounted += answer.prompt_tokens is None or answer.completion_tokens is None

    @property
    def usd(self) -> float | None:
        """What the answers of this run's calls cost; None where a price or a count is missing."""
        if not self.calls:
            return 0.0
        return self._usd(self.prompt_tokens, self.completion_tokens)

    @property
    def usd_in_all(self) -> float | None:
        """What all answers of the cell cost, in whichever run they were asked for."""
        prompt = self.prompt_tokens + self.hit_prompt_tokens
        return self._usd(prompt, self.completion_tokens + self.hit_completion_tokens)

    def _usd(self, prompt: int, completion: int) -> float | None:
        return None if self.price is None or self.uncounted else self.price.of(prompt, completion)

    @property
    def tokens_per_second(self) -> float:
        """Tokens written, over the time in which calls were in flight."""
        return self.completion_tokens / self.seconds if self.seconds else 0.0

    def told(self) -> dict[str, Any]:
        """The sums as a record holds them."""
        sums = {field.name: getattr(self, field.name) for field in fields(self)}
        price = None if self.price is None else vars(self.price)
        seconds = round(self.seconds, 3)
        return sums | {"price": price, "seconds": seconds, "usd": self.usd, "usd_in_all": self.usd_in_all}


class CostLimitError(SmartgenError):
    """The next call could take the spending beyond its limit; answers so far are kept."""


@dataclass
class Purse:
    """The money that one process may spend, over all its cells.

    Args:
        limit: in USD; None for no limit.
    """

    limit: float | None = None
    spent: float = 0.0
    reserved: float = 0.0

    def reserve(self, most: float | None) -> float:
        """Set aside what a call can cost at most, before it is sent.

        Raises:
            CostLimitError: it might pass the limit, or the price is unknown.
        """
        if self.limit is None:
            return 0.0
        if most is None:
            raise CostLimitError(
                "synthesizer.max_cost_usd is set, but the model's price is unknown; "
                "say it with synthesizer.usd_per_million='{prompt: USD, completion: USD}'"
            )
        if self.spent + self.reserved + most > self.limit:
            raise CostLimitError(
                f"synthesizer.max_cost_usd is {self.limit:g}: {self.spent + self.reserved:.4f} USD are spent "
                f"or under way, and the next call can cost {most:.4f}; answers so far are kept, a higher "
                "limit goes on from here"
            )
        self.reserved += most
        return most

    def settle(self, reserved: float, cost: float | None) -> None:
        """The call has ended: what was set aside becomes what it cost, or all of it where that is unknown."""
        self.reserved -= reserved
        self.spent += reserved if cost is None else cost


_PURSES: dict[float, Purse] = {}


def purse_of(limit: float | None) -> Purse:
    """The purse of this process with this limit, so that the cells of a sweep share one."""
    return Purse() if limit is None else _PURSES.setdefault(limit, Purse(limit))
