"""What a terminal is told: no file's name, key or value steers it, and no line fills the memory."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from smartgen import __main__ as smartgen_command
from smartgen.blueprint import Blueprint
from smartgen.commands import data, report, score
from smartgen.commands.told import Parser, complain
from smartgen.core.records import write_error
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.thresholds import Threshold
from smartgen.saved import Trained, save_models
from smartgen.scoring.lines import LONGEST
from smartgen.scoring.session import written
from smartgen.settings import DetectorSettings, TrainerSettings, UnifiedProtocolSettings
from smartgen.sweeps.progress import failure_lines, marked
from smartgen.sweeps.tally import Failure

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[red]x[/red]\r"
MARKUP = "[red]x[/red]"


def is_harmless(text: str) -> bool:
    return all(one.isprintable() for line in text.split("\n") for one in line)


COMMANDS: dict[str, Callable[[Path], int]] = {
    "data log": lambda path: data.main(["log", str(path / f"{EVIL}.csv"), "zone=UTC"]),
    "data log of a zone": lambda path: data.main(["log", str(path / "log.csv"), f"zone='{MARKUP}\x1b'"]),
    "data log of a mapping": lambda path: data.main(["log", str(path / "log.csv"), f"mapping={EVIL[:3]}"]),
    "data drift": lambda path: data.main(["drift", str(path / f"{EVIL}.csv"), "zone=UTC"]),
    "data show": lambda path: data.main(["show", EVIL, "--release", str(path / EVIL)]),
    "data export": lambda path: data.main(["export", "--out", str(path), "--release", str(path / EVIL)]),
    "data model": lambda path: data.main(["model", "--wheel", str(path / f"{EVIL}.whl")]),
    "data fetch": lambda path: data.main(["fetch", "--source", str(path / EVIL), "--into", str(path / EVIL)]),
    "report of nothing": lambda _: report.main([EVIL]),
    "report on outputs": lambda path: report.main(["list", "--outputs", str(path / EVIL)]),
    "report show": lambda path: report.main(["show", EVIL, "--outputs", str(path)]),
    "report where": lambda path: report.main(["table2", "--where", EVIL, "--outputs", str(path)]),
    "score": lambda path: score.main([str(path / EVIL)]),
    "score of a zone": lambda path: score.main([str(path), "--zone", EVIL]),
    "smartgen": lambda _: smartgen_command.main(["dataset=demo", f"no.such={EVIL[-12:]}"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_errors_steer_no_terminal(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["smartgen"])
    for variable in ("SMARTGEN_OUTPUTS", "SMARTGEN_MODELS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text("time,device,action\n2024-01-01 00:00:00,a,on\n")
    assert COMMANDS[name](tmp_path) == 2
    out, err = capsys.readouterr()
    assert is_harmless(out)
    assert is_harmless(err)
    assert err.count("\n") == 1


def test_what_was_typed_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for main in (data.main, report.main, score.main):
        with pytest.raises(SystemExit):
            main(["show", "x", "y", f"--no-such-option{EVIL}"])
    parser = Parser(prog="some")
    parser.add_subparsers(required=True).add_parser("one")
    with pytest.raises(SystemExit):
        parser.parse_args([EVIL])
    said = capsys.readouterr().err
    assert is_harmless(said)
    assert "\ufffd" in said


def test_a_complaint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain("some", f"two\nlines {EVIL} \udcff")
    said = capsys.readouterr().err
    assert said.startswith("some: two lines \ufffd]0;owned")
    assert is_harmless(said)
    assert said.count("\n") == 1


def test_failures_of_cells_are_text_not_markup() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=1000, highlight=False)
    failure = Failure((f"dataset.path={EVIL}", "seed=1"), f"no file {EVIL} \\", True)
    for line in failure_lines([failure]):
        console.print(line)
    console.print(marked(EVIL))
    text = out.getvalue()
    own = ("\x1b[31m", "\x1b[0m")  # the color of the word smartgen
    assert text.count(MARKUP) == 3
    for code in own:
        text = text.replace(code, "")
    assert is_harmless(text)


def test_records_of_strangers_steer_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = {"type": EVIL, "message": EVIL, "traceback": f"a\n\t{EVIL}\nb"}
    write_error(
        tmp_path, "abc", {"dataset": EVIL, "seed": 1}, error, {"command": f"smartgen {EVIL}"}, {EVIL: 1}
    )
    for words in (["failures"], ["show", "abc"], ["list"]):
        assert report.main([*words, "--outputs", str(tmp_path)]) == 0
        assert is_harmless(capsys.readouterr().out)


def test_a_release_of_strangers_steers_no_terminal(
    toy_release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = toy_release / "SmartGen/dictionary.json"
    tables = json.loads(path.read_text())
    tables["toy_actions"] = {f"{EVIL}{name}": number for name, number in tables["toy_actions"].items()}
    path.write_text(json.dumps(tables))
    for words in (["show"], ["show", "toy", "winter"], ["show", "toy", "--actions"]):
        assert data.main([*words, "--release", str(toy_release)]) == 0
        assert is_harmless(capsys.readouterr().out)


# smartgen-score


def test_answers_are_lines_of_json_that_steer_no_terminal() -> None:
    answer = {"line": 1, "error": f"no {EVIL}\x7f\udcff"}
    raw = written(answer)
    assert is_harmless(raw.decode())
    assert json.loads(raw) == answer
    assert json.loads(written({"action": "Küche: an"})) == {"action": "Küche: an"}


@pytest.fixture
def model(tmp_path: Path, toy_vocabulary: Vocabulary, toy_sequences: Sequences) -> Path:
    unified, cpu = UnifiedProtocolSettings("unified"), TrainerSettings(accelerator="cpu")
    design = Blueprint("detector", toy_vocabulary, DetectorSettings("seen"), 1, cpu, unified)
    detector = design.make().fit([toy_sequences])
    save_models(tmp_path, "cell", {}, [Trained("model", detector, design, Threshold(0.5, strict=True))])
    return tmp_path / "runs/cell"


GOOD = b'{"day": "Monday", "hour": "(6~9)", "action": "Light:on"}\n'


class Endless(io.RawIOBase):
    """Good lines around one that is too long, which is made on the way."""

    def __init__(self, size: int) -> None:
        self.parts = [GOOD, b'{"action": "', *[b"x" * (1 << 20)] * (size >> 20), b'"}\n', GOOD]
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self.rest:
            self.rest = self.parts.pop(0) if self.parts else b""
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


def test_a_long_line_takes_no_memory(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (model / "none").write_bytes(b"")
    assert score.main([str(model), "--input", str(model / "none")]) == 0  # all is imported by now
    stream = io.BufferedReader(Endless(200 << 20))
    monkeypatch.setattr(score, "_opened", lambda _: nullcontext(stream))
    tracemalloc.start()
    code = score.main([str(model)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    answers = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert code == 0
    assert [one["line"] for one in answers] == [1, 2, 3]
    assert answers[1]["error"] == f"a line of over {LONGEST:,} bytes; expected a JSON object a line"
    assert "score" in answers[0]
    assert "score" in answers[2]
    assert peak < 16 << 20


def test_a_line_that_goes_on_is_answered_before_it_ends(model: Path) -> None:
    command = [sys.executable, "-m", "smartgen.commands.score", str(model)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"x" * (LONGEST + 1))
        process.stdin.flush()
        assert "error" in json.loads(process.stdout.readline())
        process.stdin.write(b"x\n" + GOOD)
        process.stdin.flush()
        assert "score" in json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize("size", [LONGEST - 1, LONGEST])
def test_the_longest_line_that_is_read(
    model: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], size: int
) -> None:
    line = GOOD.rstrip(b"\n").ljust(size - 1) + b"\n"
    (tmp_path / "in").write_bytes(line + GOOD)
    assert score.main([str(model), "--input", str(tmp_path / "in"), "--strict"]) == 0
    assert len(capsysbinary.readouterr().out.splitlines()) == 2
