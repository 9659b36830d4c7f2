"""What the settings of an LLM may be; ``check.py`` asks here."""

from __future__ import annotations

import math
from collections.abc import Iterator

from smartgen.core.errors import SmartgenError
from smartgen.core.masks import is_variable
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings

Choice = tuple[str, object, tuple[str, ...]]
Range = tuple[str, float, float, float]


def llm_choices(settings: LlmSettings) -> Iterator[Choice]:
    """Keys that take one of a few words."""
    yield "synthesizer.answer", settings.answer, ("json_schema", "text", "shifts")
    modes = ("direct",) if isinstance(settings, EmbeddedSettings) else ("direct", "batch")
    yield f"with synthesizer={settings.name}, synthesizer.mode", settings.mode, modes


def llm_ranges(settings: LlmSettings) -> Iterator[Range]:
    """Keys that take a number, with its least and its greatest."""
    yield "synthesizer.temperature", settings.temperature, 0, 2
    yield "synthesizer.top_p", settings.top_p, 0, 1
    for name in ("max_tokens", "context_tokens", "chunk", "concurrency"):
        yield f"synthesizer.{name}", getattr(settings, name), 1, math.inf
    for name in ("retry_unparsable", "retries", "batch_wait_seconds"):
        yield f"synthesizer.{name}", getattr(settings, name), 0, math.inf
    yield "synthesizer.shifted", settings.shifted, 1, math.inf
    yield "synthesizer.new_per_former", settings.new_per_former, 0, 100
    yield "synthesizer.characters_per_token", settings.characters_per_token, 0.1, 20
    yield "synthesizer.timeout_seconds", settings.timeout_seconds, 0.1, math.inf
    cost = settings.max_cost_usd
    yield "synthesizer.max_cost_usd", 0 if cost is None else cost, 0, math.inf
    if isinstance(settings, EmbeddedSettings):
        yield "synthesizer.threads", settings.threads, 1, math.inf


def check_llm(settings: LlmSettings) -> None:
    """Refuse an answer that leaves no room for a prompt, and a key where its variable's name belongs.

    Raises:
        SmartgenError: names the keys; what may be a secret is not shown.
    """
    if settings.key_variable is not None and not is_variable(settings.key_variable):
        raise SmartgenError(
            "synthesizer.key_variable is no name of an environment variable, expected capitals, digits and "
            "_; the key itself never stands in settings"
        )
    if not settings.model.strip():
        raise SmartgenError("synthesizer.model is empty, expected the endpoint's name of a model")
    if settings.max_tokens >= settings.context_tokens:
        raise SmartgenError(
            f"synthesizer.max_tokens is {settings.max_tokens}, expected less than "
            f"synthesizer.context_tokens, which is {settings.context_tokens} and holds the prompt, too"
        )
