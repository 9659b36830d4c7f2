"""The audit as a command: what is written, and what is not checked twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from smartgen.audit import runner
from smartgen.audit.declare import discrepancies
from smartgen.audit.finding import Status
from smartgen.audit.ground import Ground
from smartgen.audit.runner import Audited
from smartgen.commands.audit import kept_audit
from smartgen.commands.report import main
from smartgen.sweeps.known import fingerprint


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The ids that were checked, call by call; every check comes out the same."""
    calls: list[list[str]] = []

    def audit(ground: Ground, ids: Sequence[str] = (), *_: object) -> list[Audited]:
        calls.append(list(ids))
        return [
            Audited(one, Status.CONFIRMED, ("1 of 1",)) for one in discrepancies() if one.id in ids or not ids
        ]

    monkeypatch.setattr(runner, "audit", audit)
    monkeypatch.delenv("SMARTGEN_RELEASE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    return calls


def test_page_and_command_check_once_unless_a_file_is_gone(
    asked: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    found, texts = kept_audit([], Path("outputs"))
    assert main(["audit", "--format", "md"]) == 0
    assert capsys.readouterr().out == texts["md"]
    assert asked == [[]]
    path = Path("outputs/tables/audit.md")
    path.unlink()
    assert kept_audit([], Path("outputs")) == (found, texts)
    assert path.read_text() == texts["md"]
    assert asked == [[], []]


def test_some_are_printed_and_not_written(asked: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["audit", "d26,D01", "--format", "json"]) == 0
        assert [row["id"] for row in json.loads(capsys.readouterr().out)] == ["D01", "D26"]
    assert asked == [["D26", "D01"]]
    assert not Path("outputs/tables").exists()


def test_another_release_is_checked_anew(asked: list[list[str]], tmp_path: Path) -> None:
    for content in ("one", "another"):
        kept_audit([], Path("outputs"))
        (tmp_path / "release").mkdir(exist_ok=True)
        (tmp_path / "release/dictionary.json").write_text(content)
        fingerprint.cache_clear()  # taken once a process
    kept_audit([], Path("outputs"))
    assert len(asked) == 3


def test_an_unknown_id_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "D99", "--outputs", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
