"""What writes a cell's sequences: an LLM with its prompts, cache and ledger, or a control without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from smartgen.core.seeds import generator
from smartgen.core.types import Sequences
from smartgen.data.homes import Home
from smartgen.llm.aliases import aliased
from smartgen.llm.ask import Desk
from smartgen.llm.budget import Prompt
from smartgen.llm.cache import FILE, AnswerCache
from smartgen.llm.errors import NoSchemaError
from smartgen.llm.inventory import Inventory
from smartgen.llm.prompt import Scene, prompt_hash
from smartgen.llm.requests import Request
from smartgen.llm.schema import is_too_large
from smartgen.settings import CellSettings, SynthesizerSettings, WalkSettings
from smartgen.stages.gss import behavior_graph
from smartgen.stages.synthesize.live import Written, make_prompts, make_requests, write
from smartgen.stages.synthesize.resample import resample
from smartgen.stages.synthesize.walk import Change, walk
from smartgen.synthesizer_settings import LlmSettings, ResampleSettings


@dataclass(frozen=True)
class Plan:
    """What a cell's calls will take, told before any is made.

    Args:
        calls: in all.
        cached: of these, answered before.
        prompt_tokens: of the others, by estimate.
        completion_tokens: of the others at most.
        usd: of the others at most; None where the price is unknown.
        requests: keys of the others, so that cells which share calls are not counted twice.
    """

    calls: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None
    requests: frozenset[str]


class LiveSynthesis:
    """An LLM's work for one cell.

    Args:
        cell: its settings, with an LLM's.
        home: the home.
        survivors: gives what SSC kept, when prompts are made.
        pieces: gives TSS's pieces, on which GSS counts.

    Attributes:
        answer: the format that is asked for; ``text`` where an endpoint or a home cannot have the schema.
    """

    def __init__(
        self,
        cell: CellSettings,
        settings: LlmSettings,
        home: Home,
        survivors: Callable[[], Sequences],
        pieces: Callable[[], Sequences],
    ) -> None:
        self.cell, self.settings, self.home = cell, settings, home
        self._survivors, self._pieces = survivors, pieces
        self.scene = Scene(cell.transition.before, cell.transition.after)
        cache = AnswerCache(Path(cell.paths.outputs) / "cache" / FILE)
        self.desk = Desk(settings, cache, cell.paths.models)
        self.answer = settings.answer

    @property
    def digests(self) -> dict[str, str]:
        """What a cell's key holds besides settings: the prompt's hash, the model's name and checksum."""
        return {"prompt": prompt_hash(self.scene), "model": self.desk.model}

    @cached_property
    def inventory(self) -> Inventory:
        """What may be written, in words that may leave the machine."""
        vocabulary = self.home.vocabulary
        return Inventory.of(aliased(vocabulary) if self.settings.alias else vocabulary, self.home.source)

    @cached_property
    def hints(self) -> dict[int, list[tuple[int, int]]]:
        """GSS's most frequent successors of each action; empty without GSS."""
        gss = self.cell.stage.gss
        if gss.name == "none":
            return {}
        graph = behavior_graph(self._pieces(), self.home.vocabulary)
        return {action: graph.successors(action, gss.top_k) for action in graph.nodes.tolist()}

    @cached_property
    def written(self) -> Written:
        """The answers, read; from the cache as far as they are there."""
        try:
            return self._write(self.prompts(self.answer))
        except NoSchemaError:
            self.answer = "text"
            return self._write(self.prompts(self.answer))

    def prompts(self, answer: str) -> list[Prompt]:
        """All prompts of the cell in this format."""
        return make_prompts(self._survivors(), self.hints, self.inventory, self.scene, self.settings, answer)

    def requests(self, prompts: list[Prompt], answer: str) -> list[Request]:
        """The calls with these prompts."""
        desk, settings = self.desk, self.settings
        return make_requests(prompts, self.inventory, settings, desk.provider, desk.model, answer, desk.extra)

    def plan(self) -> Plan:
        """Count what would be asked; only the cache is read."""
        self._choose_format()
        requests = {one.key: one for one in self.requests(self.prompts(self.answer), self.answer)}
        known = self.desk.cache.get(requests.values())
        rest = [one for key, one in requests.items() if key not in known]
        rate = self.settings.characters_per_token
        prompt = sum(one.tokens(rate) for one in rest)
        completion = self.settings.max_tokens * len(rest)
        price = self.desk.price
        usd = None if price is None else price.of(prompt, completion)
        return Plan(len(requests), len(known), prompt, completion, usd, frozenset(one.key for one in rest))

    def told(self) -> dict[str, Any]:
        """What a record's ``result`` says of the synthesis; deterministic for the same answers."""
        prompts = self.prompts(self.answer)
        return {
            "answer": self.answer,
            "chunks": [prompt.sequences for prompt in prompts],
            "hints": dict(Counter(prompt.hints for prompt in prompts)),
            "prompt": prompt_hash(self.scene),
            "model": self.desk.model,
            "rejects": self.written.rejects,
            "answers": self.written.digest,
        }

    def _choose_format(self) -> None:
        if self.answer == "json_schema" and is_too_large(self.inventory):
            self.answer = "text"

    def _write(self, prompts: list[Prompt]) -> Written:
        self._choose_format()
        requests = self.requests(prompts, self.answer)
        return write(requests, self.desk.ask, self.inventory, self.answer, self.settings.retry_unparsable)


def write_control(
    cell: CellSettings, settings: SynthesizerSettings, home: Home, survivors: Sequences, pieces: Sequences
) -> Sequences:
    """What a synthesizer without an LLM writes.

    Args:
        survivors: what SSC kept.
        pieces: TSS's, on which GSS counts.
    """
    names = (cell.dataset.name, cell.transition.name)
    if isinstance(settings, ResampleSettings):
        return resample(survivors, settings.sequences, generator(cell.seed, "resample", *names))
    if not isinstance(settings, WalkSettings):
        raise ValueError(f"synthesizer {settings.name!r} is no control")
    vocabulary, change = home.vocabulary, cell.transition.change
    edges = None if cell.stage.gss.name == "none" else behavior_graph(pieces, vocabulary).edges
    wanted = Change(change.hour_shift, change.replace, change.lengthen)
    rng = generator(cell.seed, "walk", *names)
    return walk(survivors, edges, vocabulary, wanted, settings.sequences, rng, pieces)
