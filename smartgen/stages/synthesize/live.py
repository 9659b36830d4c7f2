"""Synthesis by an LLM (paper figure 2): prompts from what SSC kept and GSS counted, behaviors from answers.

The endpoint comes in as a function, so that everything here is a pure function of its answers.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smartgen.core.types import Sequences
from smartgen.llm.budget import Budget, Prompt, fit, weekday_chunks
from smartgen.llm.inventory import Inventory
from smartgen.llm.mapping import shorten
from smartgen.llm.parse import ParsedAnswer
from smartgen.llm.parse_json import CUT_OFF, NO_JSON, read_answer
from smartgen.llm.prompt import Scene, Successors, messages
from smartgen.llm.requests import Answer, Request
from smartgen.llm.schema import answer_schema, response_format
from smartgen.synthesizer_settings import LlmSettings

# Reasons of rejects that were to be a sequence.
LOSSES = (CUT_OFF, NO_JSON)
SAMPLE = 60  # characters of an answer that nobody can read, for the message

Ask = Callable[[Sequence[Request]], Mapping[str, Answer]]


@dataclass(frozen=True)
class Written:
    """What an LLM wrote for one cell.

    Args:
        sequences: valid behaviors alone, in the order of the calls.
        counts: ``answers``, ``truncated_answers`` (cut off at max_tokens), ``unparsable_answers`` (not one
            valid behavior, at the last attempt), ``asked_again``, ``lost_sequences`` (begun, not whole),
            ``behaviors_read`` and ``behaviors_rejected``.
        rejects: reason to number.
        digest: of all texts, in the order of the calls.
        sample: how the first answer begins.
    """

    sequences: Sequences
    counts: dict[str, int]
    rejects: dict[str, int]
    digest: str
    sample: str = ""

    @property
    def losses(self) -> str:
        """What was cut off or begun and never ended, in words; empty where nothing was."""
        cut, lost = self.counts["truncated_answers"], self.counts["lost_sequences"]
        told = [f"{cut} of {self.counts['answers']} answers cut off at max_tokens"] if cut else []
        return ", ".join([*told, f"{lost} sequences lost"] if lost else told)

    @property
    def useless(self) -> str:
        """Why there is nothing to train on, and what to do; of answers of which nothing could be read."""
        reasons = ", ".join(f"{reason} ({count})" for reason, count in self.rejects.items())
        advice = (
            "raise synthesizer.max_tokens"
            if self.counts["truncated_answers"]
            else "take another model or synthesizer.answer"
        )
        return (
            f"{self.counts['answers']} answers hold not one valid behavior: {reasons or 'they are empty'}; "
            f"the first begins {self.sample!r}; {advice}, or ask again with further seeds by a higher "
            "synthesizer.retry_unparsable"
        )


def make_prompts(
    survivors: Sequences,
    hints: Successors,
    inventory: Inventory,
    scene: Scene,
    settings: LlmSettings,
    answer: str,
    schema: int = 0,
) -> list[Prompt]:
    """One prompt a chunk of at most ``chunk`` sequences of one weekday, each inside the context.

    Args:
        survivors: former sequences, compressed.
        hints: of GSS; empty without it.
        answer: the format to ask for.
        schema: characters of the schema that the endpoint may count as prompt.

    Raises:
        SmartgenError: a single sequence does not fit the context.
    """
    rate = settings.characters_per_token
    budget = Budget(settings.context_tokens, settings.max_tokens, rate, schema)
    return [
        prompt
        for chunk in weekday_chunks(survivors, settings.chunk)
        for prompt in fit(
            chunk, hints, budget, lambda part, known: messages(inventory, scene, part, known, answer)
        )
    ]


def make_requests(
    prompts: Sequence[Prompt],
    inventory: Inventory,
    settings: LlmSettings,
    provider: str,
    model: str,
    answer: str,
    extra: Mapping[str, Any] | None = None,
) -> list[Request]:
    """The calls with these prompts.

    Args:
        provider, model: as the cache tells them apart.
        extra: sampling that this provider alone knows.
        answer: ``json_schema`` binds the answer to the inventory; ``text`` does not.
    """
    names = ("temperature", "top_p", "seed", "max_tokens")
    sampling = {name: getattr(settings, name) for name in names} | dict(extra or {})
    found = []
    for prompt in prompts:
        bound = {}
        if answer == "json_schema":
            least = math.ceil(settings.new_per_former * prompt.sequences)
            bound = {"response_format": response_format(answer_schema(inventory, least))}
        found.append(Request(provider, model, prompt.messages, sampling | bound))
    return found


def write(requests: Sequence[Request], ask: Ask, inventory: Inventory, retry_unparsable: int) -> Written:
    """Ask, read, and ask again where an answer holds not one valid behavior.

    Args:
        ask: gives the answers by key, from wherever they are.
        retry_unparsable: times a call is asked again, each with the next seed.
    """
    current = list(requests)
    answers = dict(ask(current))
    read = [read_answer(answers[one.key].text, inventory) for one in current]
    asked_again = 0
    for _ in range(retry_unparsable):
        empty = [row for row, parsed in enumerate(read) if not len(parsed.sequences)]
        if not empty:
            break
        asked_again += len(empty)
        for row in empty:
            current[row] = current[row].again()
        answers |= ask([current[row] for row in empty])
        for row in empty:
            read[row] = read_answer(answers[current[row].key].text, inventory)
    return _written([answers[one.key] for one in current], read, asked_again)


def _written(answers: Sequence[Answer], read: Sequence[ParsedAnswer], asked_again: int) -> Written:
    rejects = Counter(reject.reason for parsed in read for reject in parsed.rejects)
    sequences = Sequences.concatenate(parsed.sequences for parsed in read)
    lost = sum(r.sequence is None and r.reason in LOSSES for parsed in read for r in parsed.rejects)
    counts = {
        "answers": len(answers),
        "truncated_answers": sum(one.finish_reason == "length" for one in answers),
        "unparsable_answers": sum(not len(parsed.sequences) for parsed in read),
        "asked_again": asked_again,
        "lost_sequences": lost,
        "behaviors_read": len(sequences.values),
        "behaviors_rejected": sum(r.position is not None for parsed in read for r in parsed.rejects),
    }
    digest = hashlib.sha256("\x1f".join(one.text for one in answers).encode()).hexdigest()
    sample = shorten(answers[0].text, SAMPLE) if answers else ""
    return Written(sequences, counts, dict(sorted(rejects.items())), digest, sample)
