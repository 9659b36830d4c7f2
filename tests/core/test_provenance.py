"""Commands as records and failures show them."""

from __future__ import annotations

import pytest

from smartgen.core.provenance import command


@pytest.mark.parametrize(
    ("override", "shown"),
    [
        ("seed=1,2", "seed=1,2"),
        ("synthesizer.base_url=http://127.0.0.1:8000/v1", "synthesizer.base_url=http://127.0.0.1:8000/v1"),
        ('synthesizer.base_url="https://me:pa/ss@host/v1"', 'synthesizer.base_url="https://***@host/v1"'),
        ('+synthesizer.base_url="https://host/v1?key=pass"', '+synthesizer.base_url="https://host/v1?***"'),
        ("synthesizer.key_variable=OPENAI_API_KEY", "synthesizer.key_variable=OPENAI_API_KEY"),
        ("synthesizer.key_variable=sk-pass", "synthesizer.key_variable=***"),
    ],
)
def test_a_command_shows_no_secret(override: str, shown: str) -> None:
    told = command([override])
    assert told.replace("'", "") == f"smartgen {shown}"
    assert "pass" not in told
