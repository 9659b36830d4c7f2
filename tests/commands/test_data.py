from __future__ import annotations

import hashlib
import json
import pickle
import re
import subprocess
import sys
import time
import types
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from smartgen.commands.data import main
from smartgen.core.types import Sequences
from smartgen.data import manifest as manifest_module
from smartgen.data.manifest import Checksum, Manifest
from smartgen.data.vocabulary import Vocabulary

TRN = "SmartGen/IoT_data/toy/winter/trn.pkl"


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A release with one context, which SMARTGEN_RELEASE names; its manifest replaces the packed one."""
    root = tmp_path / "home"
    texts = {"toy_devices_dict": toy_vocabulary.devices, "toy_actions": toy_vocabulary.actions}
    tables = {name: {text: i for i, text in enumerate(column)} for name, column in texts.items()}
    contents = {
        "SmartGen/dictionary.json": json.dumps(tables).encode(),
        TRN: pickle.dumps(toy_sequences.to_lists()),
        TRN.replace("trn", "split_trn"): pickle.dumps([[0, 2, 2, 5]] * 7),
    }
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    sums = {name: Checksum(hashlib.sha256(text).hexdigest(), len(text)) for name, text in contents.items()}
    manifest = Manifest("https://github.com/someone/toy", "c0ffee", sums)
    monkeypatch.setattr(manifest_module, "packed_manifest", lambda: manifest)
    monkeypatch.setenv("SMARTGEN_RELEASE", str(root))
    return root


Captured = pytest.CaptureFixture[str]


def test_fetch_says_what_it_did(home: Path, tmp_path: Path, capsys: Captured) -> None:
    into = tmp_path / "copy"
    assert main(["fetch", "--source", str(home), "--into", str(into)]) == 0
    out = capsys.readouterr().out
    assert "3 files written, 0 kept" in out
    assert f"export SMARTGEN_RELEASE={into}" in out
    (home / TRN).unlink()
    assert main(["fetch", "--source", str(home), "--into", str(into)]) == 0
    out = capsys.readouterr().out
    assert "0 files written, 2 kept" in out
    assert "the source lacks 1 of 3 listed files" in out


def test_fetch_restores_the_release_that_the_environment_names(home: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    main(["fetch", "--source", str(home), "--into", str(whole)])
    (home / TRN).write_bytes(b"damaged")
    assert main(["verify"]) == 2
    assert main(["fetch", "--source", str(whole)]) == 0
    assert main(["verify"]) == 0


def test_fetch_ends_with_2_on_a_wrong_checksum(home: Path, tmp_path: Path, capsys: Captured) -> None:
    (home / TRN).write_bytes(b"damaged")
    assert main(["fetch", "--source", str(home), "--into", str(tmp_path / "copy")]) == 2
    assert capsys.readouterr().err.startswith(f"smartgen-data: {TRN}: wrong checksum")
    assert not (tmp_path / "copy").exists()


def test_verify_counts_and_names(home: Path, capsys: Captured) -> None:
    assert main(["verify"]) == 0
    assert "3 of 3 files right, 0 changed, 0 missing, 0 not listed" in capsys.readouterr().out
    (home / TRN.replace("trn", "split_trn")).unlink()
    (home / "mine.txt").touch()
    assert main(["verify", "--release", str(home)]) == 2
    said = capsys.readouterr()
    assert "2 of 3 files right, 0 changed, 1 missing, 1 not listed" in said.out
    assert "missing: 1 under SmartGen" in said.out
    assert "1 missing, the first is SmartGen/IoT_data/toy/winter/split_trn.pkl" in said.err
    (home / TRN).write_bytes(b"damaged")
    assert main(["verify"]) == 2
    said = capsys.readouterr()
    assert f"changed: {TRN}" in said.out
    assert "1 files changed, 1 missing" in said.err


def test_verify_without_a_release(tmp_path: Path, capsys: Captured) -> None:
    assert main(["verify", "--release", str(tmp_path)]) == 2
    assert "run `smartgen-data fetch`" in capsys.readouterr().err


def _row(text: str, start: str) -> list[str]:
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    return next(row for row in rows if row[0] == start)


def test_show_gives_one_row_a_context(capsys: Captured) -> None:
    assert main(["show"]) == 0
    row = _row(capsys.readouterr().out, "toy")
    assert row[1:8] == ["winter", "trn", "5", "5", "12", "2.40", "7"]
    assert row[8:] == ["6-12, 18-24 h", "Heater 42%"]


def test_show_details(capsys: Captured) -> None:
    assert main(["show", "toy", "winter"]) == 0
    out = capsys.readouterr().out
    assert _row(out, "trn")[1:4] == ["5", "5", "12"]
    assert _row(out, "split_trn")[1:4] == ["7", "1", "7"]
    assert _row(out, "Light:on") == ["Light:on", "25.0%"]


def test_show_a_sequence_in_words(capsys: Captured) -> None:
    assert main(["show", "toy", "winter", "--sequence", "4"]) == 0
    out = capsys.readouterr().out
    assert _row(out, "0") == ["0", "Sunday", "(21~24)", "Fan", "Fan:on"]
    assert _row(out, "1") == ["1", "Monday", "(6~9)", "Fan", "Fan:off"]


@pytest.mark.parametrize("arguments", [["--actions"], ["toy", "--actions"], ["toy", "winter", "--actions"]])
def test_show_actions(arguments: list[str], capsys: Captured) -> None:
    assert main(["show", *arguments]) == 0
    out = capsys.readouterr().out
    assert _row(out, "2") == ["2", "Heater:off", "1", "yes"]
    assert _row(out, "5") == ["5", "Light:on", "2", ""]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "no dataset 'nope' in .*; it has toy"),
        (["toy", "summer"], "no context 'summer' in dataset toy; it has winter"),
        (["toy", "winter", "--sequence", "5"], r"no sequence 5 in toy winter \(trn\); it has 0 to 4"),
        (["toy", "winter", "--sequence", "-1"], "no sequence -1"),
        (["toy", "--sequence", "1"], "--sequence needs a dataset and a context"),
    ],
)
def test_show_names_what_exists(arguments: list[str], said: str, capsys: Captured) -> None:
    assert main(["show", *arguments]) == 2
    err = capsys.readouterr().err
    assert re.match(f"smartgen-data: {said}", err)
    assert err.count("\n") == 1


def test_export(tmp_path: Path, capsys: Captured) -> None:
    assert main(["export", "--dataset", "toy", "--out", str(tmp_path / "out")]) == 0
    assert "toy.parquet: 19 behaviors" in capsys.readouterr().out
    assert pq.read_table(tmp_path / "out" / "toy.parquet").num_rows == 19
    assert main(["export", "--dataset", "nope", "--out", str(tmp_path / "out")]) == 2
    assert "no dataset 'nope'" in capsys.readouterr().err


def test_a_file_where_a_folder_should_be_is_one_line(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "taken").touch()
    assert main(["export", "--out", str(tmp_path / "taken")]) == 2
    assert capsys.readouterr().err == f"smartgen-data: {tmp_path / 'taken'}: File exists\n"


@pytest.mark.parametrize(("named", "passed"), [([], None), (["--dataset", "toy"], ["toy"])])
def test_conformance_hands_over(
    home: Path, monkeypatch: pytest.MonkeyPatch, named: list[str], passed: list[str] | None
) -> None:
    calls: list[tuple[Path, list[str] | None, bool]] = []
    stand_in = types.ModuleType("smartgen.conformance")
    stand_in.run = lambda root, datasets, verbose: calls.append((root, datasets, verbose)) or 1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "smartgen.conformance", stand_in)
    assert main(["conformance", *named]) == 1
    assert main(["conformance", "--verbose"]) == 1
    assert calls == [(home, passed, False), (home, None, True)]


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def stop() -> Manifest:
        raise KeyboardInterrupt

    monkeypatch.setattr(manifest_module, "packed_manifest", stop)
    assert main(["verify"]) == 130
    assert capsys.readouterr().err == "smartgen-data: interrupted; run it again to go on\n"


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom smartgen.commands.data import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'pandas', 'pyarrow', 'rich'} & set(sys.modules)))"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 2  # 0.2 s on an idle machine
    assert done.stdout.splitlines()[-1] == "[]"
    assert "fetch" in done.stdout
