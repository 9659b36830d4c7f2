"""Settings of the synthesizers, but for those that ``settings.py`` has."""

from __future__ import annotations

from dataclasses import dataclass, field

from smartgen.settings import SynthesizerSettings


@dataclass
class ResampleSettings(SynthesizerSettings):
    """conf/synthesizer/resample: pieces of the old log drawn anew, a control without an LLM."""

    sequences: int = 200


@dataclass
class PriceSettings:
    """What an endpoint takes for a million tokens [USD]; None where nobody has said it."""

    prompt: float | None = None
    completion: float | None = None


@dataclass
class LlmSettings(SynthesizerSettings):
    """conf/synthesizer/gpt-4o, llama-70b and qwen2.5-72b: any endpoint that speaks OpenAI's protocol."""

    model: str = "???"
    base_url: str = "???"
    key_variable: str | None = "OPENAI_API_KEY"
    needs_key: bool = False
    temperature: float = 0.0
    top_p: float = 0.0
    seed: int = 2024
    max_tokens: int = 8040
    context_tokens: int = 128_000
    characters_per_token: float = 3.0
    chunk: int = 30
    answer: str = "json_schema"
    new_per_former: float = 0.3
    shifted: int = 200
    retry_unparsable: int = 1
    alias: bool = False
    mode: str = "direct"
    batch_wait_seconds: float = 0.0
    concurrency: int = 8
    timeout_seconds: float = 300.0
    retries: int = 5
    max_cost_usd: float | None = None
    usd_per_million: PriceSettings = field(default_factory=PriceSettings)


@dataclass
class EmbeddedSettings(LlmSettings):
    """conf/synthesizer/embedded: llama.cpp's server in this process, with a GGUF file."""

    model_path: str | None = None
    threads: int = 2
