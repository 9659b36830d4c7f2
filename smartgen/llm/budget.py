"""Prompts that fit an endpoint's context: first the hints shrink, then the chunk; nothing is ever cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from smartgen.core.errors import SmartgenError
from smartgen.core.types import ACTION, DAY, Sequences
from smartgen.llm.prompt import Messages, Successors, estimated_tokens

# Former sequences and hints to a prompt.
Write = Callable[[Sequences, Successors], Messages]


@dataclass(frozen=True)
class Budget:
    """What a prompt may take.

    Args:
        context: tokens of prompt and answer together.
        answer: tokens kept free for the answer.
        characters_per_token: for the estimate.
        schema: characters of a schema that may count as prompt.
    """

    context: int
    answer: int
    characters_per_token: float
    schema: int = 0

    @property
    def prompt(self) -> int:
        """Tokens that are left for the prompt's messages."""
        return self.context - self.answer - int(self.schema / self.characters_per_token)

    def fits(self, prompt: Messages) -> bool:
        """Whether a prompt fits, by estimate."""
        return estimated_tokens(prompt, self.characters_per_token) <= self.prompt


@dataclass(frozen=True)
class Prompt:
    """The prompt of one call.

    Args:
        messages: what is sent.
        sequences: former sequences in it.
        hints: ``all`` of GSS's, or those of the ``chunk``'s own actions.
    """

    messages: Messages
    sequences: int
    hints: str


def weekday_chunks(survivors: Sequences, size: int) -> Iterator[Sequences]:
    """Consecutive sequences of one weekday, by the first behavior, at most ``size`` together (release)."""
    if not len(survivors.values):
        return
    filled = survivors.take(np.flatnonzero(survivors.lengths > 0))
    days = filled.values[filled.offsets[:-1], DAY]
    for day in range(7):
        of_day = filled.take(np.flatnonzero(days == day))
        for start in range(0, len(of_day), size):
            yield of_day[start : start + size]


def fit(chunk: Sequences, hints: Successors, budget: Budget, write: Write) -> Iterator[Prompt]:
    """The prompts of one chunk: one if it fits, else the chunk is taken in as many parts as needed.

    Raises:
        SmartgenError: not even one sequence with its own hints fits.
    """
    whole = write(chunk, hints)
    if budget.fits(whole):
        yield Prompt(whole, len(chunk), "all")
        return
    start = 0
    while start < len(chunk):
        size, prompt = _largest(chunk[start:], hints, budget, write)
        yield Prompt(prompt, size, "chunk")
        start += size


def _largest(rest: Sequences, hints: Successors, budget: Budget, write: Write) -> tuple[int, Messages]:
    """The most sequences from the start that fit with the hints of their own actions, by bisection."""

    def prompt(size: int) -> Messages:
        own = set(rest[:size].values[:, ACTION].tolist())
        return write(rest[:size], {action: hints[action] for action in hints if action in own})

    least = prompt(1)
    if not budget.fits(least):
        needed = estimated_tokens(least, budget.characters_per_token) + budget.context - budget.prompt
        raise SmartgenError(
            f"synthesizer.context_tokens is {budget.context}, but one sequence with the inventory and "
            f"{budget.answer} tokens of answer (synthesizer.max_tokens) needs about {needed}; "
            "raise the one, if the endpoint allows, or lower the other"
        )
    low, high, fitting = 1, len(rest), least
    while low < high:
        middle = (low + high + 1) // 2
        tried = prompt(middle)
        if budget.fits(tried):
            low, fitting = middle, tried
        else:
            high = middle - 1
    return low, fitting
