"""One call to an LLM as a value: what identifies it, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from smartgen.core.keys import canonical_json, content_key
from smartgen.llm.prompt import MESSAGE_TOKENS, Messages, estimated_tokens

EMBEDDED = "embedded"  # the provider of requests to this process's own server


def counts_schema(provider: str) -> bool:
    """Whether a schema may count as prompt; llama.cpp makes a grammar of it, which takes no context."""
    return provider != EMBEDDED


@dataclass(frozen=True)
class Request:
    """A call; its key hashes everything that can change the answer.

    Args:
        provider: base URL of the endpoint, or `EMBEDDED`.
        model: the endpoint's name for it; of a file, with its checksum.
        messages: role and content.
        sampling: temperature, top_p, seed, max_tokens, and response_format where a schema binds.
        attempt: 0, or how often the same call gave nothing valid before.
    """

    provider: str
    model: str
    messages: Messages
    sampling: dict[str, Any]
    attempt: int = 0

    @property
    def content(self) -> dict[str, Any]:
        """All that identifies it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def key(self) -> str:
        """16 hex digits; equal requests are asked once."""
        return content_key(self.content)

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Request:
        """What `content` gave, also by way of JSON."""
        return cls(**{**content, "messages": tuple(content["messages"])})

    @property
    def body(self) -> dict[str, Any]:
        """What is sent. A further attempt takes the next seed, since the same one might say the same."""
        sampling = self.sampling | {"seed": self.sampling["seed"] + self.attempt}
        # Only a file's model is named with its checksum; some providers have an @ in names of their own.
        name = self.model.rpartition("@")[0] if self.provider == EMBEDDED else self.model
        return {"model": name, "messages": [dict(message) for message in self.messages], **sampling}

    @property
    def schema(self) -> str:
        """The schema that binds the answer, as far as the endpoint may count it as prompt."""
        bound = self.sampling.get("response_format")
        return canonical_json(bound) if bound is not None and counts_schema(self.provider) else ""

    def tokens(self, characters_per_token: float) -> int:
        """About how many tokens of prompt an endpoint will count."""
        return estimated_tokens(self.messages, characters_per_token) + int(
            len(self.schema) / characters_per_token
        )

    @property
    def most_tokens(self) -> int:
        """Tokens of prompt that no endpoint exceeds: none is shorter than a byte."""
        texts = (*(message["content"] for message in self.messages), self.schema)
        return MESSAGE_TOKENS + sum(len(text.encode()) for text in texts)

    def again(self) -> Request:
        """The next attempt."""
        return replace(self, attempt=self.attempt + 1)


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered.

    Args:
        text: as it came; nothing is corrected.
        finish_reason: ``stop``, ``length`` where the answer was cut off at max_tokens, or another word.
        prompt_tokens, completion_tokens: as the endpoint counted them; None where it did not.
        seconds: of the call that brought it.
    """

    text: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    seconds: float
