"""Asking any endpoint that speaks OpenAI's protocol: several calls at once, answers kept as they arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from smartgen.core.errors import SmartgenError
from smartgen.llm.at_once import calls_at_once
from smartgen.llm.cache import AnswerCache
from smartgen.llm.connect import connect
from smartgen.llm.errors import PassingError
from smartgen.llm.faults import sorted_fault
from smartgen.llm.ledger import CostLimitError, Ledger, Purse
from smartgen.llm.requests import Answer, Request
from smartgen.llm.secrets import read_key, redact, wanted_key, without_key
from smartgen.synthesizer_settings import LlmSettings

FIRST_PAUSE: Final = 0.5  # seconds, doubled with each fault in a row
LONGEST_PAUSE: Final = 60.0
MOST_TOKENS: Final = 2**63  # which no column of the cache holds
GIVE_UP: Final = (
    3  # calls in a row, or as many as are in flight, that got no answer at the last try: nobody is there
)

Made = TypeVar("Made")
Advance = Callable[[Ledger], object]


@dataclass
class Client:
    """Direct calls to one endpoint.

    Args:
        settings: of the synthesizer; its key is read when first needed, and kept nowhere.
        url: of the endpoint.
        cache: where each answer goes the moment it arrives.
        ledger: the cell's.
        purse: the process's.
        advance: called with the ledger at each answer, for a progress bar.
        adapted: puts a request's body into the endpoint's own words.
    """

    settings: LlmSettings
    url: str
    cache: AnswerCache
    ledger: Ledger
    purse: Purse
    advance: Advance = lambda _: None
    adapted: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: body
    _round: _Round = field(init=False, repr=False)

    def __call__(self, requests: Sequence[Request]) -> dict[str, Answer]:
        """Ask all of them, at most ``concurrency`` at a time.

        A fault that is final ends the round: calls in flight may still finish, and all that arrived is kept.

        Raises:
            SmartgenError: calls are left without an answer; the message says how many and why.
        """
        return run(self._ask_all(requests))

    async def _ask_all(self, requests: Sequence[Request]) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        faults: list[Exception] = []
        self._round = _Round()
        concurrency = calls_at_once(self.settings.concurrency)
        gate = asyncio.Semaphore(concurrency)
        key = wanted_key(self.settings.key_variable, self.settings.needs_key)
        start = time.perf_counter()
        given_up = 0  # calls in a row

        async def one(request: Request) -> None:
            nonlocal given_up
            async with gate:
                if self._round.over or given_up >= max(GIVE_UP, concurrency):
                    return
                try:
                    answers[request.key] = await self._ask(openai, request)
                    given_up = 0
                except Exception as fault:  # told below, when all calls in flight have ended
                    faults.append(fault)
                    self._round.over |= not isinstance(fault, PassingError)
                    given_up += 1

        async with connect(self.url, key) as openai:
            await asyncio.gather(*(one(request) for request in requests))
        self.ledger.seconds += time.perf_counter() - start
        if faults:
            raise self._told(faults, len(requests) - len(answers), len(requests), key)
        return answers

    async def _ask(self, openai: AsyncOpenAI, request: Request) -> Answer:
        """One answer, kept; with pauses and new tries after passing faults.

        Another process may be asking the same: then its answer is awaited, not paid for twice.
        """
        async with self.cache.claim(request):
            known = (await asyncio.to_thread(self.cache.get, [request])).get(request.key)
            if known is None:
                async for attempt in self._tries():
                    with attempt:
                        answer = await self._paid(openai, request)
                kept = await asyncio.to_thread(self.cache.put, request, answer)
                self.ledger.add(answer)
            else:
                kept = known
                self.ledger.hit(known)
        self.advance(self.ledger)
        return kept

    async def _paid(self, openai: AsyncOpenAI, request: Request) -> Answer:
        """One try, inside the limit: each may have to be paid, also one whose answer is lost on the way."""
        reserved = await self._reserved(self._most(request))
        cost: float | None = 0.0
        try:
            answer = await self._try(openai, request)
            cost = self._cost(answer)
            return answer
        except PassingError as fault:
            cost = None if fault.lost else 0.0
            raise
        finally:
            self.purse.settle(reserved, cost)
            self._round.paying -= 1
            async with self._round.money:
                self._round.money.notify()

    async def _reserved(self, most: float | None) -> float:
        """Money for a try. If there is too little, calls under way end first: most cost less than they can.

        Raises:
            CostLimitError: none is under way, and there is not enough.
        """
        async with self._round.money:
            try:
                while True:
                    try:
                        reserved = self.purse.reserve(most)
                        self._round.paying += 1
                        return reserved
                    except CostLimitError:
                        if self._round.over or not self._round.paying:
                            raise
                    await self._round.money.wait()
            finally:
                self._round.money.notify()  # there may be enough for one more, or for none

    async def _try(self, openai: AsyncOpenAI, request: Request) -> Answer:
        start, limit = time.perf_counter(), self.settings.timeout_seconds
        try:
            # Around the library's own limit, which is for each read: a trickle of bytes would never end.
            reply = await asyncio.wait_for(
                openai.chat.completions.create(**self.adapted(request.body), timeout=limit), limit + 1
            )
            answer = checked(reply, time.perf_counter() - start)
            return without_key(answer, read_key(self.settings.key_variable))
        except Exception as error:
            raise sorted_fault(error, self.url, self.settings.key_variable) from error

    def _tries(self) -> AsyncRetrying:
        patience = _Patience(self.settings.retries, self.ledger)
        return AsyncRetrying(
            retry=retry_if_exception_type(PassingError),
            stop=lambda state: patience.ends(state) or self._asks_too_much(state),
            wait=_pause,
            before_sleep=self._note,
            after=self._note_loss,
            reraise=True,
        )

    def _asks_too_much(self, state: RetryCallState) -> bool:
        """The endpoint wants a longer pause than a call may last."""
        return (getattr(_fault(state), "wait", None) or 0.0) > self._longest

    @property
    def _longest(self) -> float:
        return max(LONGEST_PAUSE, self.settings.timeout_seconds)

    def _note(self, _: RetryCallState) -> None:
        self.ledger.retries += 1

    def _note_loss(self, state: RetryCallState) -> None:
        self.ledger.lost += bool(getattr(_fault(state), "lost", False))

    def _most(self, request: Request) -> float | None:
        """What a call can cost at most."""
        price = self.ledger.price
        return None if price is None else price.of(request.most_tokens, self.settings.max_tokens)

    def _cost(self, answer: Answer) -> float | None:
        tokens = answer.prompt_tokens, answer.completion_tokens
        if self.ledger.price is None or tokens[0] is None or tokens[1] is None:
            return None
        return self.ledger.price.of(tokens[0], tokens[1])

    def _told(self, faults: list[Exception], lacking: int, asked: int, key: str | None) -> Exception:
        """The error that the round ends with: the first final fault, else the last passing one."""
        final = [fault for fault in faults if not isinstance(fault, PassingError)]
        if final and not isinstance(final[0], SmartgenError):
            return final[0]  # a fault of ours, whose trace is wanted
        if final:
            return type(final[0])(redact(str(final[0]), key))
        told = redact(str(faults[-1].told if isinstance(faults[-1], PassingError) else faults[-1]), key)
        rest = (
            "what arrived is kept, the same command asks for the rest"
            if lacking < asked
            else "start or check the server, or set synthesizer.base_url; the same command asks again"
        )
        return SmartgenError(
            f"{self.url}: {lacking} of {asked} calls got no answer, the last one: {told}; {rest}"
        )


@dataclass
class _Round:
    """What the calls of a round share.

    Args:
        over: a fault was final.
        paying: tries that money is reserved for.
        money: notified where some was given back.
    """

    over: bool = False
    paying: int = 0
    money: asyncio.Condition = field(default_factory=asyncio.Condition)


@dataclass
class _Patience:
    """How often one call is tried. Refusals for too many calls do not count while others are answered.

    Args:
        retries: after the first try.
        ledger: which counts the answers.
    """

    retries: int
    ledger: Ledger

    def __post_init__(self) -> None:
        self._used, self._answered = 0, self.ledger.calls

    def ends(self, state: RetryCallState) -> bool:
        """Asked once after each try that failed."""
        moves = self.ledger.calls > self._answered
        self._answered = self.ledger.calls
        self._used += not (moves and getattr(_fault(state), "limited", False))
        return self._used > self.retries


def checked(reply: Any, seconds: float) -> Answer:
    """The answer in a reply, of which the openai package has checked no type.

    Raises:
        ValueError: it is no chat completion with a choice, or holds values of other types.
    """
    try:
        answer = read_reply(reply, seconds)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise ValueError("a completion of another form") from error
    counts = (answer.prompt_tokens, answer.completion_tokens)
    texts = (answer.text, answer.finish_reason)
    if not all(isinstance(one, str) for one in texts) or any(
        one is not None and not (isinstance(one, int) and 0 <= one < MOST_TOKENS) for one in counts
    ):
        raise ValueError("a completion with values of other types")
    return answer


def read_reply(reply: Any, seconds: float) -> Answer:
    """The answer in a reply.

    Raises:
        ValueError: it is no chat completion with a choice.
    """
    message = reply.choices[0].message if isinstance(reply, ChatCompletion) and reply.choices else None
    if message is None:
        raise ValueError("no chat completion with a choice")
    choice, usage = reply.choices[0], reply.usage
    return Answer(
        text=_whole(message.content or message.refusal or ""),
        finish_reason=_whole(choice.finish_reason or "unknown"),
        prompt_tokens=None if usage is None else usage.prompt_tokens,
        completion_tokens=None if usage is None else usage.completion_tokens,
        seconds=round(seconds, 3),
    )


def _whole(text: str) -> str:
    """The text with "?" for half a character, which JSON can carry but no file: a word cut at max_tokens."""
    return text.encode(errors="replace").decode() if isinstance(text, str) else text


def _fault(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _pause(state: RetryCallState) -> float:
    """Seconds to wait: what the endpoint asks for, and a growing random time.

    Without the latter, all calls that are told the same would come back at the same moment.
    """
    asked = getattr(_fault(state), "wait", None)
    backoff: float = wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE)(state)
    return backoff + float(asked or 0.0)


def run(work: Coroutine[Any, Any, Made]) -> Made:
    """Run to the end, also where a loop is running already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
