"""An LLM asked for shifts alone: one call a home, and the old log moved by its words (ours)."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

from smartgen.adaptation.moved import templates
from smartgen.adaptation.shares import field_shares
from smartgen.core.errors import SmartgenError
from smartgen.core.keys import canonical_json
from smartgen.core.seeds import generator
from smartgen.core.types import DEVICE, HOUR, Sequences
from smartgen.data.vocabulary import HOURS
from smartgen.llm.budget import Prompt
from smartgen.llm.mapping import shorten
from smartgen.llm.prompt import estimated_tokens
from smartgen.llm.requests import Request
from smartgen.llm.schema import MAX_VALUES, response_format
from smartgen.llm.shifts import (
    USES,
    NamedShifts,
    read_shifts,
    shift_devices,
    shift_hash,
    shift_messages,
    shift_schema,
)
from smartgen.stages.synthesize.live import SAMPLE, Written
from smartgen.stages.synthesize.shifts import write_shifted
from smartgen.synthesis import LiveSynthesis

TOKENS_A_NAME = 24  # of the answer at most, for a device's name and its word; SmolLM2 takes 10


class ShiftSynthesis(LiveSynthesis):
    """``synthesizer.answer=shifts``; SSC, GSS and chunks are not read."""

    named: NamedShifts = NamedShifts()

    @property
    def digests(self) -> dict[str, str]:
        """What a cell's key holds besides settings."""
        return super().digests | {"prompt": shift_hash(self.scene)}

    @property
    def answer(self) -> str:
        """``shifts``, or without a schema where the endpoint refused it."""
        return "shifts_text" if self._no_schema else "shifts"

    @cached_property
    def _no_schema(self) -> str:
        """Why the answer cannot be bound by a schema; its enumerations are four words a name."""
        names = len(shift_devices(self.inventory)) + len(HOURS)
        if names * len(USES) > MAX_VALUES:
            return "a strict schema takes no enumerations as long as this home's"
        return "" if self.cell.force else self._refusal

    @property
    def _schema(self) -> str:
        return canonical_json(shift_schema(shift_devices(self.inventory)))

    @property
    def prompts(self) -> list[Prompt]:
        """The one prompt."""
        old, vocabulary = templates(self._pieces()), self.inventory.vocabulary
        devices, hours = (
            dict(zip(names, field_shares(old, field, len(names)).tolist(), strict=True))
            for field, names in ((DEVICE, vocabulary.devices), (HOUR, HOURS))
        )
        messages = shift_messages(self.inventory, self.scene, devices, hours)
        settings = self.settings
        needed = estimated_tokens(messages, settings.characters_per_token) + self._longest
        if needed > settings.context_tokens:
            raise SmartgenError(
                f"synthesizer.context_tokens is {settings.context_tokens}, but the question for shifts with "
                f"its answer needs about {needed}; raise it, if the endpoint allows"
            )
        return [Prompt(messages, len(old), "none")]

    @property
    def _longest(self) -> int:
        """Tokens of the answer at most."""
        names = len(shift_devices(self.inventory)) + len(HOURS)
        return min(self.settings.max_tokens, TOKENS_A_NAME * (names + 1))

    def requests(self) -> list[Request]:
        """The one call."""
        desk, settings = self.desk, self.settings
        devices = shift_devices(self.inventory)
        sampling = {name: getattr(settings, name) for name in ("temperature", "top_p", "seed")}
        sampling |= {"max_tokens": self._longest, **desk.extra}
        if self.answer == "shifts":
            schema = shift_schema(devices)
            sampling["response_format"] = response_format(schema)
        (prompt,) = self.prompts
        return [Request(desk.provider, desk.model, prompt.messages, sampling)]

    def told(self) -> dict[str, Any]:
        """What a record's ``result`` says of the synthesis: the words themselves, too."""
        written = self.written
        words = {"devices": dict(self.named.devices), "hours": dict(self.named.hours)}
        return super().told() | {"prompt": shift_hash(self.scene), "shifts": words, "answers": written.digest}

    def _write(self) -> Written:
        devices, (request,) = shift_devices(self.inventory), self.requests()
        answers, named = [], None
        for _ in range(self.settings.retry_unparsable + 1):
            answers.append(self.desk.ask([request])[request.key])
            named = read_shifts(answers[-1].text, devices)
            if named is not None:
                break
            request = request.again()
        last = answers[-1]
        counts = {
            "answers": 1,
            "truncated_answers": int(last.finish_reason == "length"),
            "unparsable_answers": int(named is None),
            "asked_again": len(answers) - 1,
            "lost_sequences": 0,
            "behaviors_read": 0,
            "behaviors_rejected": 0,
        }
        self.named = named or NamedShifts()
        rejects = {"unknown name or word": self.named.rejected} if self.named.rejected else {}
        digest = hashlib.sha256(last.text.encode()).hexdigest()
        sequences = self._moved() if named is not None else Sequences.from_lists([])
        return Written(sequences, counts, rejects, digest, shorten(last.text, SAMPLE))

    def _moved(self) -> Sequences:
        cell, vocabulary = self.cell, self.home.vocabulary
        rng = generator(cell.seed, "shifts", cell.dataset.name, cell.transition.name)
        names = self.inventory.vocabulary.devices
        return write_shifted(self._pieces(), self.named, names, vocabulary, self.settings.shifted, rng)
