"""OpenAI's Batch API: all calls in one file, half the price, answered within a day, collected when done."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from openai import AsyncOpenAI, OpenAIError
from openai.types import Batch
from openai.types.chat import ChatCompletion
from pydantic import ValidationError

from smartgen.core.errors import SmartgenError
from smartgen.llm.cache import AnswerCache
from smartgen.llm.client import NO_KEY, checked, run
from smartgen.llm.errors import PassingError, WaitingError
from smartgen.llm.faults import sorted_fault
from smartgen.llm.ledger import Ledger, Purse
from smartgen.llm.requests import Answer, Request
from smartgen.llm.secrets import read_key, redact
from smartgen.synthesizer_settings import LlmSettings

POLL_SECONDS: Final = 30.0
LIBRARY_RETRIES: Final = 5  # of the openai package, for the few calls that a batch takes
ENDED: Final = ("completed", "failed", "expired", "cancelled")
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
        key = read_key(self.settings.key_variable)
        start = time.perf_counter()
        try:
            return run(self._ask_all(requests, key))
        except OpenAIError as error:
            fault = sorted_fault(error, self.url, self.settings.key_variable)
            told = fault.told if isinstance(fault, PassingError) else str(fault)
            raise SmartgenError(redact(f"{self.url}: batch: {told}; the same command goes on", key)) from None
        finally:
            self.ledger.seconds += time.perf_counter() - start

    async def _ask_all(self, requests: Sequence[Request], key: str | None) -> dict[str, Answer]:
        wanted = {request.key: request for request in requests}
        async with AsyncOpenAI(
            base_url=self.url, api_key=key or NO_KEY, max_retries=LIBRARY_RETRIES
        ) as openai:
            under_way = await self._under_way(openai, wanted)
            failed: dict[str, str] = {}
            waiting: list[str] = []
            deadline = time.monotonic() + self.settings.batch_wait_seconds
            for batch_id in under_way:
                batch = await self._wait(openai, batch_id, deadline)
                if batch.status in ENDED:
                    failed |= await self._collect(openai, batch, wanted)
                    self._close(batch_id, wanted)
                else:
                    waiting.append(f"{batch_id} is {batch.status}, {_counts(batch)}")
        if waiting:
            raise WaitingError(
                f"{self.url}: batch {'; '.join(waiting)}; run the same command again to collect"
            )
        answers = self.cache.get(requests)
        lacking = [request_key for request_key in wanted if request_key not in answers]
        if lacking:
            told = redact(failed.get(lacking[0], "no line for it in the output"), key)[:300]
            raise SmartgenError(
                f"{self.url}: {len(lacking)} of {len(wanted)} calls got no answer by the batch, "
                f"one of them: {told}; what came is kept, the same command submits the rest"
            )
        return answers

    async def _under_way(self, openai: AsyncOpenAI, wanted: dict[str, Request]) -> list[str]:
        """The batches that answer these requests; what no open one holds is submitted now."""
        noted = self.cache.open_batches(self.url)
        ours = [batch for batch, keys in noted.items() if wanted.keys() & set(keys)]
        covered = {key for batch in ours for key in noted[batch]}
        rest = [request for key, request in wanted.items() if key not in covered]
        if rest:
            mark = _digest(rest)
            found = await self._forgotten(openai, mark, set(noted))
            batch = found or await self._submit(openai, rest, mark)
            self.cache.add_batch(batch, self.url, [request.key for request in rest])
            ours.append(batch)
        return ours

    async def _forgotten(self, openai: AsyncOpenAI, mark: str, known: set[str]) -> str | None:
        """A batch of the very same requests that is not noted here."""
        recent = await openai.batches.list(limit=100)
        for batch in recent.data:
            same = (batch.metadata or {}).get(MARK) == mark
            if same and batch.id not in known and batch.status not in ("failed", "expired", "cancelled"):
                return batch.id
        return None

    async def _submit(self, openai: AsyncOpenAI, requests: list[Request], mark: str) -> str:
        self._pay_for(requests)
        lines = "".join(json.dumps(_line(request)) + "\n" for request in requests)
        file = await openai.files.create(file=(f"{mark}.jsonl", lines.encode()), purpose="batch")
        batch = await openai.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={MARK: mark},
        )
        return batch.id

    def _pay_for(self, requests: list[Request]) -> None:
        """Hold the whole batch to the limit, before it is submitted."""
        price = self.ledger.price
        for request in requests:
            prompt = request.tokens(self.settings.characters_per_token)
            most = None if price is None else price.of(prompt, self.settings.max_tokens)
            self.purse.settle(self.purse.reserve(most), None)

    async def _wait(self, openai: AsyncOpenAI, batch_id: str, deadline: float) -> Batch:
        while True:
            batch = await openai.batches.retrieve(batch_id)
            left = deadline - time.monotonic()
            if batch.status in ENDED or left <= 0:
                return batch
            await asyncio.sleep(min(self.poll_seconds, left))

    async def _collect(self, openai: AsyncOpenAI, batch: Batch, wanted: dict[str, Request]) -> dict[str, str]:
        """Keep the answers of a batch that has ended; key to reason of those that failed."""
        failed: dict[str, str] = {}
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            for line in (await openai.files.content(file_id)).text.splitlines():
                key, answer = read_line(line)
                if isinstance(answer, str):
                    failed[key] = answer
                elif key in wanted:
                    self.cache.put(wanted[key], answer)
                    self.ledger.add(answer)
        if batch.errors is not None and batch.errors.data:
            reason = batch.errors.data[0].message or "no reason given"
            failed |= {key: reason for key in wanted if key not in failed}
        return failed

    def _close(self, batch: str, wanted: dict[str, Request]) -> None:
        """A batch of which another cell wants more stays open for that one."""
        if set(self.cache.open_batches(self.url).get(batch, ())) <= wanted.keys():
            self.cache.close_batch(batch)


def read_line(line: str) -> tuple[str, Answer | str]:
    """The request's key in a line of a batch's output, with its answer or the reason why there is none."""
    try:
        row: dict[str, Any] = json.loads(line)
        key = str(row["custom_id"])
    except (ValueError, KeyError, TypeError):
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


def _digest(requests: list[Request]) -> str:
    keys = sorted(request.key for request in requests)
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:32]


def _counts(batch: Batch) -> str:
    counts = batch.request_counts
    return "nothing counted yet" if counts is None else f"{counts.completed} of {counts.total} calls answered"
