"""What writes a cell's sequences: an LLM with its prompts, cache and ledger, or a control without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from smartgen.core.keys import canonical_json
from smartgen.core.seeds import generator
from smartgen.core.types import Sequences
from smartgen.data.homes import Home
from smartgen.llm.aliases import aliased
from smartgen.llm.ask import Desk
from smartgen.llm.budget import Prompt
from smartgen.llm.cache import FILE, AnswerCache
from smartgen.llm.errors import NoSchemaError
from smartgen.llm.inventory import Inventory
from smartgen.llm.plan import Plan
from smartgen.llm.prompt import Scene, prompt_hash
from smartgen.llm.requests import Request, counts_schema
from smartgen.llm.schema import answer_schema, is_too_large
from smartgen.settings import CellSettings, SynthesizerSettings, WalkSettings
from smartgen.stages.gss import behavior_graph
from smartgen.stages.synthesize.live import Written, make_prompts, make_requests, write
from smartgen.stages.synthesize.resample import resample
from smartgen.stages.synthesize.walk import Change, walk
from smartgen.synthesizer_settings import LlmSettings, ResampleSettings


class LiveSynthesis:
    """An LLM's work for one cell.

    Args:
        cell: its settings, with an LLM's.
        home: the home.
        survivors: gives what SSC kept, when prompts are made.
        pieces: gives TSS's pieces, on which GSS counts.

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
        self._prompts: dict[str, list[Prompt]] = {}

    @property
    def digests(self) -> dict[str, str]:
        """What a cell's key holds besides settings: the prompt's hash, and what the model is."""
        return {"prompt": prompt_hash(self.scene), "model": self.desk.model, **self._engine}

    @property
    def _engine(self) -> dict[str, str]:
        return {name: canonical_json(value) for name, value in self.desk.extra.items()}

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
            found = self._write()
        except NoSchemaError as error:
            # Noted with the answers: no later run sends the schema again before it finds what is there.
            desk = self.desk
            self._no_schema = desk.cache.refuse(desk.provider, desk.model, self._schema, str(error))
            found = self._write()
        asked = f"asked as text, since {self._no_schema}" if self.answer != self.settings.answer else ""
        self.desk.ledger.note = "; ".join(filter(None, (asked, found.losses)))
        return found

    @property
    def answer(self) -> str:
        """The format to ask for: the paper's list where an endpoint or a home cannot have the schema."""
        return "text" if self.settings.answer == "json_schema" and self._no_schema else self.settings.answer

    @cached_property
    def _no_schema(self) -> str:
        """Why answers cannot be bound by a schema; empty where they can, or where force=true tries again."""
        if is_too_large(self.inventory):
            return "a strict schema takes no enumeration as long as this home's"
        return "" if self.cell.force else self._refusal

    @property
    def _refusal(self) -> str:
        """How an endpoint refused this schema before; empty if it did not."""
        return self.desk.cache.refusal(self.desk.provider, self.desk.model, self._schema)

    @cached_property
    def _schema(self) -> str:
        return canonical_json(answer_schema(self.inventory, 1))

    @property
    def prompts(self) -> list[Prompt]:
        """All prompts of the cell in this format; made once."""
        if self.answer not in self._prompts:
            counted = self.answer == "json_schema" and counts_schema(self.desk.provider)
            schema = len(self._schema) if counted else 0
            self._prompts[self.answer] = make_prompts(
                self._survivors(), self.hints, self.inventory, self.scene, self.settings, self.answer, schema
            )
        return self._prompts[self.answer]

    def requests(self) -> list[Request]:
        """The calls with these prompts."""
        desk, settings = self.desk, self.settings
        return make_requests(
            self.prompts, self.inventory, settings, desk.provider, desk.model, self.answer, desk.extra
        )

    def plan(self) -> Plan:
        """Count what would be asked; only the cache is read."""
        requests = {one.key: one for one in self.requests()}
        known = self.desk.cache.get(requests.values())
        rest = {key: one for key, one in requests.items() if key not in known}
        return Plan(len(requests), {key: self._takes(one) for key, one in rest.items()})

    def _takes(self, request: Request) -> tuple[int, int, float | None]:
        price, answer = self.desk.price, int(request.sampling["max_tokens"])
        usd = None if price is None else price.of(request.most_tokens, answer)
        return request.tokens(self.settings.characters_per_token), answer, usd

    def told(self) -> dict[str, Any]:
        """What a record's ``result`` says of the synthesis; deterministic for the same answers."""
        return {
            "answer": self.answer,
            "chunks": [prompt.sequences for prompt in self.prompts],
            "hints": dict(Counter(prompt.hints for prompt in self.prompts)),
            "prompt": prompt_hash(self.scene),
            "model": self.desk.model,
            "rejects": self.written.rejects,
            "answers": self.written.digest,
        }

    def _write(self) -> Written:
        settings = self.settings
        return write(self.requests(), self.desk.ask, self.inventory, settings.retry_unparsable)


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
