"""What can go wrong between us and an endpoint, sorted by what is to be done about it."""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import parsedate_to_datetime

import openai

from smartgen.llm.errors import EndpointError, NoSchemaError, PassingError
from smartgen.llm.secrets import read_key, redact

_OVERFLOW = re.compile(
    r"context.{0,20}(length|size|window)|exceed_context|maximum context|too many tokens", re.I
)
_SCHEMA = re.compile(r"response_format|json_schema|structured output|guided|grammar", re.I)


def sorted_fault(error: Exception, url: str, variable: str | None) -> Exception:
    """The fault as one of the kinds of ``errors.py``; what is none of the endpoint's comes back as it is.

    Args:
        url: of the endpoint, for the message.
        variable: the environment variable of its key, likewise.
    """
    if isinstance(error, openai.APITimeoutError | TimeoutError | asyncio.TimeoutError):
        return PassingError("no answer in time (synthesizer.timeout_seconds)", lost=True)
    if isinstance(error, openai.APIStatusError):
        return _by_status(error, url, variable)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        return PassingError(f"connection failed ({cause or error})", lost=not _is_refused(cause))
    if isinstance(error, openai.APIError | ValueError):
        return PassingError(f"an answer that is no completion ({type(error).__name__})", lost=True)
    return error


def _by_status(error: openai.APIStatusError, url: str, variable: str | None) -> Exception:
    # Redacted before it is shortened: a key that is cut in two would no longer be known as one.
    status, said = error.status_code, _said(error, read_key(variable))
    if status in (401, 403):
        if variable and read_key(variable):
            return EndpointError(f"{url} refuses the key in {variable} ({status}: {said}); set it anew")
        name = variable or "that synthesizer.key_variable names"
        return EndpointError(f"{url} wants a key ({status}: {said}); set the environment variable {name}")
    if status == 404:
        return EndpointError(
            f"{url} knows no such model or address (404: {said}); check synthesizer.model and "
            "synthesizer.base_url, which ends in /v1 as a rule"
        )
    if status == 429 and "insufficient_quota" in f"{error.code} {said}":
        return EndpointError(f"{url} says that the account's quota is used up ({said})")
    if status in (408, 409, 429) or status >= 500:
        lost, wait = status >= 500 or status == 408, _retry_after(error)
        return PassingError(f"{status} {said}", lost, wait, limited=status == 429)
    if _OVERFLOW.search(f"{error.code} {said}"):
        return EndpointError(
            f"{url} says that a prompt exceeds its context ({said}); "
            "lower synthesizer.context_tokens or synthesizer.characters_per_token"
        )
    if is_about_schema(f"{error.code} {said}"):
        return NoSchemaError(f"{url} takes no such answer format ({status}: {said})")
    return EndpointError(f"{url} refuses a call ({status}: {said})")


def is_about_schema(said: str) -> bool:
    """Whether an endpoint's words are about the format that was asked for."""
    return _SCHEMA.search(said) is not None


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds of Retry-After, which is a number or a date, or of OpenAI's retry-after-ms."""
    headers = error.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _seconds(headers.get(name, "")) * unit
        if 0 < seconds < float("inf"):  # 0, below or nan: the usual pause
            return seconds
    return None


def _seconds(told: str) -> float:
    """A number, or the time until a date; nan if it is neither."""
    try:
        return float(told)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(told).timestamp() - time.time()
    except ValueError:
        return float("nan")


def _said(error: openai.APIStatusError, key: str | None) -> str:
    """The endpoint's message in one short line."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    text = redact(" ".join(str(message or error.message).split()), key)
    return text if len(text) <= 200 else text[:197] + "..."


def _is_refused(cause: BaseException | None) -> bool:
    """Nobody listens there, so nothing was sent."""
    return cause is not None and "ConnectError" in type(cause).__name__
