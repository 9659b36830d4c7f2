"""OpenAI's Batch API: all calls in one file, half the price, answered within a day, collected when done."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from openai import AsyncOpenAI, NotFoundError, OpenAIError
from openai.types import Batch
from openai.types.chat import ChatCompletion
from pydantic import ValidationError

from smartgen.core.errors import SmartgenError
from smartgen.llm.cache import AnswerCache
from smartgen.llm.client import checked, run
from smartgen.llm.connect import connect
from smartgen.llm.errors import NoSchemaError, PassingError, WaitingError
from smartgen.llm.faults import is_about_schema, sorted_fault
from smartgen.llm.ledger import Ledger, Purse
from smartgen.llm.requests import Answer, Request
from smartgen.llm.secrets import read_key, redact, wanted_key, without_key
from smartgen.synthesizer_settings import LlmSettings

POLL_SECONDS: Final = 30.0
LIBRARY_RETRIES: Final = 5  # of the openai package, for the few calls that a batch takes
ENDED: Final = ("completed", "failed", "expired", "cancelled")
REMEMBERED: Final = 3 * 24 * 3600  # seconds: a batch ends within a day, older ones are not looked through
NO_LINE: Final = "no line for it in the output"
MARK: Final = "smartgen"  # the batch's metadata: a digest of the requests in it


@dataclass
class BatchClient:
    """Calls by the Batch API.

    A batch is noted in the cache when it is submitted, so that a restart finds it again. One that was
    submitted by a process that died before it could note it is found by its metadata.

    Args:
        settings, url, cache, ledger, purse: as of `smartgen.llm.client.Client`.
        poll_seconds: between looks at the batch, while waiting.
    """

    settings: LlmSettings
    url: str
    cache: AnswerCache
    ledger: Ledger
    purse: Purse
    poll_seconds: float = POLL_SECONDS

    def __call__(self, requests: Sequence[Request]) -> dict[str, Answer]:
        """Submit what is not under way, wait as long as the settings say, collect.

        Raises:
            WaitingError: the answers are not there yet.
            SmartgenError: the batch failed, or brought no answer to some calls.
        """
        key = wanted_key(self.settings.key_variable, self.settings.needs_key)
        start = time.perf_counter()
        try:
            return run(self._ask_all(requests, key))
        except OpenAIError as error:
            fault = sorted_fault(error, self.url, self.settings.key_variable)
            if isinstance(fault, NoSchemaError):
                raise NoSchemaError(redact(str(fault), key)) from None
            told = fault.told if isinstance(fault, PassingError) else str(fault)
            raise SmartgenError(redact(f"{self.url}: batch: {told}; the same command goes on", key)) from None
        finally:
            self.ledger.seconds += time.perf_counter() - start

    async def _ask_all(self, requests: Sequence[Request], key: str | None) -> dict[str, Answer]:
        async with connect(self.url, key, LIBRARY_RETRIES) as openai:
            with self.cache.claim_batches():
                known = self.cache.get(requests)  # another process may have collected meanwhile
                wanted = {request.key: request for request in requests if request.key not in known}
                under_way = await self._under_way(openai, wanted)
            failed: dict[str, str] = {}
            waiting: list[str] = []
            deadline = time.monotonic() + self.settings.batch_wait_seconds
            for batch_id, held in under_way.items():
                batch = await self._wait(openai, batch_id, deadline)
                if batch.status in ENDED:
                    failed |= await self._collect(openai, batch, held, wanted)
                else:
                    waiting.append(f"{batch_id} is {batch.status}, {_counts(batch)}")
        if waiting:
            told = f"{self.url}: batch {'; '.join(waiting)}; run the same command again to collect"
            raise WaitingError(redact(told, key))
        answers = self.cache.get(requests)
        lacking = [request_key for request_key in wanted if request_key not in answers]
        if lacking:
            raise self._told(redact(failed.get(lacking[0], NO_LINE), key)[:300], len(lacking), len(wanted))
        return answers

    def _told(self, reason: str, lacking: int, asked: int) -> SmartgenError:
        if is_about_schema(reason):
            return NoSchemaError(f"{self.url} takes no such answer format ({reason})")
        return SmartgenError(
            f"{self.url}: {lacking} of {asked} calls got no answer by the batch, one of them: {reason}; "
            "what came is kept, the same command submits the rest"
        )

    async def _under_way(
        self, openai: AsyncOpenAI, wanted: dict[str, Request]
    ) -> dict[str, dict[str, Request]]:
        """The batches that answer these requests, with all that each holds; the rest is submitted now."""
        noted = self.cache.batches(self.url)
        ours = {batch: held for batch, held in noted.items() if wanted.keys() & held.keys()}
        covered = {key for held in ours.values() for key in held}
        rest = {key: request for key, request in wanted.items() if key not in covered}
        if rest:
            mark = _digest(rest)
            batch = await self._forgotten(openai, mark, noted.keys())
            batch = batch or await self._submit(openai, list(rest.values()), mark)
            self.cache.add_batch(batch, self.url, rest.values())
            ours[batch] = rest
        return ours

    async def _forgotten(self, openai: AsyncOpenAI, mark: str, noted: Collection[str]) -> str | None:
        """A batch of the very same requests that was never noted here."""
        async for batch in openai.batches.list(limit=100):
            if batch.created_at and batch.created_at < time.time() - REMEMBERED:
                return None
            same = (batch.metadata or {}).get(MARK) == mark
            if same and batch.id not in noted and batch.status not in ("failed", "expired", "cancelled"):
                return batch.id
        return None

    async def _submit(self, openai: AsyncOpenAI, requests: list[Request], mark: str) -> str:
        reserved = self.purse.reserve(self._most(requests))  # the whole batch, before any of it is sent
        cost: float | None = 0.0
        try:
            lines = "".join(json.dumps(_line(request)) + "\n" for request in requests)
            file = await openai.files.create(file=(f"{mark}.jsonl", lines.encode()), purpose="batch")
            batch = await openai.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={MARK: mark},
            )
            cost = None
            return batch.id
        finally:
            self.purse.settle(reserved, cost)

    def _most(self, requests: list[Request]) -> float | None:
        """What the batch can cost at most."""
        price, answer = self.ledger.price, self.settings.max_tokens
        return None if price is None else sum(price.of(one.most_tokens, answer) for one in requests)

    async def _wait(self, openai: AsyncOpenAI, batch_id: str, deadline: float) -> Batch:
        while True:
            batch = await openai.batches.retrieve(batch_id)
            left = deadline - time.monotonic()
            if batch.status in ENDED or left <= 0:
                return batch
            await asyncio.sleep(min(self.poll_seconds, left))

    async def _collect(
        self,
        openai: AsyncOpenAI,
        batch: Batch,
        held: dict[str, Request],
        wanted: dict[str, Request],
    ) -> dict[str, str]:
        """Keep all answers of a batch that has ended, other cells' too, and close it.

        Returns:
            key to reason of those that it did not answer; they can be submitted anew.
        """
        failed: dict[str, str] = {}
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            try:
                content = (await openai.files.content(file_id)).text
            except NotFoundError:
                failed |= dict.fromkeys(wanted, f"its file {file_id} is gone")
                continue
            for line in content.splitlines():
                key, answer = read_line(line)
                if isinstance(answer, str):
                    failed[key] = answer
                elif key in held:
                    self.cache.put(held[key], without_key(answer, read_key(self.settings.key_variable)))
                    if key in wanted:
                        self.ledger.add(answer)
        if batch.errors is not None and batch.errors.data:
            failed = dict.fromkeys(wanted, batch.errors.data[0].message or "no reason given") | failed
        self.cache.close_batch(batch.id)
        return failed


def read_line(line: str) -> tuple[str, Answer | str]:
    """The request's key in a line of a batch's output, with its answer or the reason why there is none."""
    try:
        row: dict[str, Any] = json.loads(line)
        key = str(row["custom_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", "a line that is no JSON object with a custom_id"
    response = row.get("response")
    response = response if isinstance(response, dict) else {}
    if row.get("error") or response.get("status_code") != 200:
        return (
            key,
            f"{response.get('status_code')} {json.dumps(row.get('error') or response.get('body'))}",
        )
    try:
        return key, checked(ChatCompletion.model_validate(response["body"]), 0.0)
    except (ValidationError, ValueError, KeyError):
        return key, "a body that is no completion"


def _line(request: Request) -> dict[str, Any]:
    return {
        "custom_id": request.key,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": request.body,
    }


def _digest(keys: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(sorted(keys)).encode()).hexdigest()[:32]


def _counts(batch: Batch) -> str:
    counts = batch.request_counts
    return "nothing counted yet" if counts is None else f"{counts.completed} of {counts.total} calls answered"
