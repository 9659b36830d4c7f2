"""Identity is content: keys of cells and cached stages hash whatever can change their result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

# Raised by one whenever the same input would give another output; old artefacts are then made anew.
CODE_VERSIONS = {
    "cell": 7,
    "tss": 1,
    "ssc": 2,
    "ssc_encoder": 1,
    "gss": 1,
    "synthesize": 1,
    "prompt": 3,
    "parse": 2,
    "tof": 2,
    "quality": 1,
    "demo": 1,
}

# Settings that cannot change a result; everything else is part of the key. A dataset's tables by transition
# are only looked up: what was found stands in protocol.percentile and synthesizer.threshold; so is a study's
# percentile by the name of its row. The sentences `before` and `after` count where a prompt holds them, by
# the prompt's hash; a model's file, through its checksum. How an LLM is reached changes nothing of what it is
# asked.
HARMLESS = frozenset(
    {
        "paths",
        "tracking",
        "force",
        "plan",
        "save",
        "trainer.progress",
        "dataset.percentile",
        "dataset.study",
        "dataset.study_percentile",
        "dataset.ssc_threshold",
        "predictor.released_seed",
        "transition.before",
        "transition.after",
        "synthesizer.key_variable",
        "synthesizer.needs_key",
        "synthesizer.mode",
        "synthesizer.batch_wait_seconds",
        "synthesizer.concurrency",
        "synthesizer.timeout_seconds",
        "synthesizer.retries",
        "synthesizer.max_cost_usd",
        "synthesizer.usd_per_million",
        "synthesizer.model_path",
        "synthesizer.threads",
    }
)


def content_key(value: Any) -> str:
    """16 hex digits of the SHA-256 of a value's canonical JSON; the order of mappings does not matter.

    Example:
        >>> content_key({"a": 1, "b": [2]}) == content_key({"b": [2], "a": 1})
        True
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]


def canonical_json(value: Any) -> str:
    """One text for equal values: sorted keys, no spaces; dataclasses as mappings, NaN refused."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def without_harmless(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The settings that can change a result, as nested mappings."""
    kept = {}
    for name, value in settings.items():
        path = f"{prefix}{name}"
        if path not in HARMLESS:
            kept[name] = without_harmless(value, f"{path}.") if isinstance(value, Mapping) else value
    return kept


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted name.

    Example:
        >>> flatten({"trainer": {"threads": 1}, "seed": 3})
        {'trainer.threads': 1, 'seed': 3}
    """
    found: dict[str, Any] = {}
    for key, value in config.items():
        nested = isinstance(value, Mapping) and value
        found.update(flatten(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": value})
    return found
