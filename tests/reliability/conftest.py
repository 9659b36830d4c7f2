"""The campaigns' own modules, which lie beside the scripts that run them."""

import pytest

from tests.scripts import FOLDER


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
