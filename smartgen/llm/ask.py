"""Answers from wherever they are: the cache first, an endpoint for the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from smartgen.llm.cache import AnswerCache
from smartgen.llm.embedded import ENGINE, checksum, engine, model_file, serve
from smartgen.llm.ledger import Ledger, Purse, purse_of
from smartgen.llm.prices import FREE, Price, price_of
from smartgen.llm.requests import EMBEDDED, Answer, Request
from smartgen.llm.secrets import check_url
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings


class Desk:
    """Where a cell's requests go.

    Args:
        settings: of the synthesizer.
        cache: where answers are kept.
        models: folder of model files, for the embedded one.

    Attributes:
        ledger: what this cell's calls took.
        provider, model: as the cache tells answers apart; a file's model is named with its checksum.

    Raises:
        SmartgenError: an address that is none, or a model file that is not there.
    """

    def __init__(self, settings: LlmSettings, cache: AnswerCache, models: str) -> None:
        self.settings, self.cache = settings, cache
        self.provider, self.model = settings.base_url.rstrip("/"), settings.model
        self._file: Path | None = None
        if isinstance(settings, EmbeddedSettings):
            self._file = model_file(settings, models)
            name = settings.model if settings.model_path is None else self._file.stem
            self.provider, self.model = EMBEDDED, f"{name}@{checksum(self._file)[:16]}"
        else:
            check_url(settings.base_url)
        self.ledger = Ledger(self.price)

    @property
    def extra(self) -> dict[str, Any]:
        """What its requests hold besides the settings' sampling."""
        return {ENGINE: engine(self.settings)} if isinstance(self.settings, EmbeddedSettings) else {}

    @property
    def price(self) -> Price | None:
        """Of the model's tokens; None if unknown."""
        if self._file is not None:
            return FREE
        return price_of(self.settings.model, self.settings.usd_per_million, self.settings.mode == "batch")

    def ask(self, requests: Sequence[Request]) -> dict[str, Answer]:
        """The answers by key; each distinct request is asked at most once.

        Raises:
            SmartgenError: some have no answer; those that arrived are kept.
        """
        distinct = {request.key: request for request in requests}
        known = self.cache.get(distinct.values())
        for answer in known.values():
            self.ledger.hit(answer)
        rest = [request for key, request in distinct.items() if key not in known]
        return known | self._fetch(rest) if rest else known

    def _fetch(self, requests: Sequence[Request]) -> dict[str, Answer]:
        purse = purse_of(self.settings.max_cost_usd)
        with _bar(len(requests), self.model.partition("@")[0], self.ledger.completion_tokens) as advance:
            return self._backend(purse, advance)(requests)

    def _backend(
        self, purse: Purse, advance: Callable[[Ledger], object]
    ) -> Callable[[Sequence[Request]], dict[str, Answer]]:
        # Only where something is asked: the openai package takes most of a second to load.
        from smartgen.llm.batch import BatchClient
        from smartgen.llm.client import Client

        settings, cache, ledger = self.settings, self.cache, self.ledger
        if self._file is not None and isinstance(settings, EmbeddedSettings):
            server = serve(self._file, settings)
            return Client(settings, server.url, cache, ledger, purse, advance, server.adapted)
        if settings.mode == "batch":
            return BatchClient(settings, self.provider, cache, ledger, purse)
        return Client(settings, self.provider, cache, ledger, purse, advance)


@contextmanager
def _bar(total: int, model: str, written: int) -> Iterator[Callable[[Ledger], object]]:
    """Answers, tokens a second and time left, on a terminal alone.

    Args:
        written: tokens that the ledger holds already.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("answers {task.fields[pace]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"{model} writes", total=total, pace="")

        def advance(ledger: Ledger) -> None:
            seconds = max(bar.tasks[0].elapsed or 0.0, 1e-9)
            pace = (ledger.completion_tokens - written) / seconds
            bar.update(task, advance=1, pace=f"{pace:.0f} tokens/s")

        yield advance
