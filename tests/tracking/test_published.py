"""The note of what was published."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.tracking.published import Published


def test_a_note_is_kept_by_place_and_content(tmp_path: Path) -> None:
    note = Published(tmp_path, "offline", "p")
    note.add("aa", "1")
    assert not note.path.exists()
    note.write()
    again = Published(tmp_path, "offline", "p")
    assert again.holds("aa", "1")
    assert not again.holds("aa", "2")
    assert not again.holds("bb", "1")
    assert not Published(tmp_path, "online", "p").holds("aa", "1")
    assert not Published(tmp_path, "offline", "q").holds("aa", "1")


@pytest.mark.parametrize("text", ["torn {", "[]", '{"schema": 9, "published": {}}', '{"schema": 1}'])
def test_a_damaged_note_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wandb" / "published.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(SmartgenError, match=r"published.json: expected .*; delete it"):
        Published(tmp_path, "offline", "p")
