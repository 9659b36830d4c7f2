"""A thousand mutated cases of every reader; and that the harness behind them finds what is planted."""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from smartgen.core.errors import SmartgenError
from tests.scripts import FOLDER, load

CASES = 1000
QUICK = (
    *("pickle", "sequences", "recordings", "vocabulary", "csv", "parquet", "mapping", "recorder"),
    *("replies", "records", "known", "journal", "stages", "fetch"),
)
SLOW = ("cache", "answers", "lines", "models", "overrides")
NAMES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
# Readers that refuse nothing aloud: they take what they can and pass over the rest.
SILENT = ("answers", "replies", "known", "journal", "stages", "lines")


@pytest.fixture(scope="module")
def part() -> Iterator[Callable[[str], ModuleType]]:
    """Modules of the harness by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        yield lambda name: importlib.import_module(f"fuzzing.{name}")


@pytest.fixture(scope="module")
def guard(part: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One for all: an audit hook stays as long as its process."""
    return part("guard").Guard(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture
def scratch(guard: Any, tmp_path: Path) -> Path:
    """The only folder that a case of this test may write to."""
    guard._scratch = os.path.realpath(tmp_path / "scratch")
    (tmp_path / "scratch/files").mkdir(parents=True)
    return tmp_path / "scratch"


@pytest.fixture
def fuzz(part: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return load(FOLDER / "fuzz.py")


def run(part: Callable[[str], ModuleType], guard: Any, reader: Any, cases: int, found: Path) -> Any:
    engines, tally = part("engines"), part("tally").Tally(reader.name, "mutation", 1, found)
    engines.run_mutation(reader, engines.warmed(guard, reader), tally, cases, lambda _: None)
    return tally


@pytest.mark.parametrize("name", NAMES)
def test_a_thousand_cases(
    part: Callable[[str], ModuleType],
    guard: Any,
    scratch: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    reader = part("readers").make(name, scratch / "files")
    tally = run(part, guard, reader, CASES, tmp_path / "findings")
    assert not tally.faults, tally.faults
    assert tally.cases == CASES
    assert tally.kinds["whole"] >= 10, tally.kinds  # else no case would get beyond the first check
    assert tally.kinds["refused"] >= 50 or (name in SILENT and not tally.kinds["refused"]), tally.kinds


def test_every_reader_is_run_here(part: Callable[[str], ModuleType]) -> None:
    assert {*QUICK, *SLOW} == set(part("readers").READERS)


# The harness: what is planted is found.

FILE = "toy.bin"


def refuse(_: bytes) -> bool:
    raise SmartgenError(f"{FILE}: refused, expected something else")


def toy(part: Callable[[str], ModuleType], harm: Callable[[bytes], bool]) -> Any:
    """A reader that is right but for cases with an exclamation mark."""

    def read(data: bytes) -> bool:
        if b"!" in data:
            return harm(data)
        return refuse(data) if b"?" in data else True

    change = part("mutate").with_tokens(b"!", b"?")
    return part("target").Reader("toy", read, (b"seed of a toy",), change, FILE)


def raising(error: BaseException) -> Callable[[bytes], bool]:
    def harm(_: bytes) -> bool:
        raise error

    return harm


def looping(_: bytes) -> bool:
    while True:
        pass


def writing(_: bytes) -> bool:
    return Path(__file__).with_name("not there.txt").open("a").close() is None


def importing(_: bytes) -> bool:
    sys.modules.pop("nturl2path", None)
    import nturl2path

    return bool(nturl2path.__name__)


def removing(_: bytes) -> bool:
    Path(__file__).with_name("not there either.txt").unlink(missing_ok=True)
    return True


HARMS = {
    "KeyError": raising(KeyError("planted")),
    "AssertionError": raising(AssertionError("an invariant")),
    "RecursionError": raising(RecursionError()),
    "SystemExit": raising(SystemExit(0)),
    "hang": looping,
    "memory": lambda _: bool(bytearray(os.urandom(1)) * (300 << 20)),
    "line": raising(SmartgenError("no file is named")),
    "event exec": lambda _: exec("1") is None,
    "event compile": lambda _: bool(compile("1", "x", "eval")),
    "event import": importing,
    "event os.system": lambda _: os.system("true") == 0,
    "event subprocess.Popen": lambda _: bool(subprocess.run(["true"], check=True)),
    "event open": writing,
    "event os.remove": removing,
}


@pytest.mark.parametrize("kind", HARMS)
def test_what_is_planted_is_found_and_can_be_run_again(
    part: Callable[[str], ModuleType],
    guard: Any,
    scratch: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    for name, value in {"SECONDS": 0.1 if kind == "hang" else 30, "MEGABYTES": 100}.items():
        monkeypatch.setattr(part("guard"), name, value)
    reader = toy(part, HARMS[kind])
    outcome = guard.check(reader, b"a toy!")
    assert outcome.kind == "finding"
    kinds = [f"{one.kind} {one.place}" if one.kind == "event" else one.kind for one in outcome.findings]
    assert kind in kinds or (kind == "event open" and "not there" in outcome.findings[0].told), outcome
    Path(__file__).with_name("not there.txt").unlink(missing_ok=True)
    assert [guard.check(reader, data).kind for data in (b"a toy", b"a toy?")] == ["whole", "refused"]


def test_memory_given_back_long_ago_hides_no_case(
    part: Callable[[str], ModuleType], guard: Any, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part("guard"), "MEGABYTES", 100)
    assert len(bytearray(os.urandom(1)) * (400 << 20)) == 400 << 20  # higher than the case gets
    (finding,) = guard.check(toy(part, HARMS["memory"]), b"a toy!").findings
    assert finding.kind == "memory"
    assert 290 < int(finding.told.split()[-2]) < 320


def test_a_planted_fault_is_found_kept_and_replayed(
    part: Callable[[str], ModuleType],
    guard: Any,
    scratch: Path,
    tmp_path: Path,
    fuzz: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reader = toy(part, HARMS["KeyError"])
    tally = run(part, guard, reader, 300, tmp_path / "findings")
    (fault,) = tally.faults.values()
    assert fault["count"] == tally.kinds["finding"] >= 10
    assert len(fault["files"]) == 3  # of many that show the same
    file = Path(fault["files"][0])
    assert b"!" in file.read_bytes()
    told = file.with_suffix(".txt").read_text()
    assert f"python scripts/fuzz.py toy --replay {file}" in told
    assert "KeyError: 'planted'" in told

    module = ModuleType("fuzzing.readers.toys")
    module.toys = lambda _: reader  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(part("readers").READERS, "toy", ("toys", "toys"))
    monkeypatch.setattr(fuzz, "Guard", lambda _: guard)
    assert fuzz.main(["toy", "--replay", str(file)]) == 1
    assert "KeyError: 'planted'" in capsys.readouterr().out
    file.write_bytes(b"a toy")
    assert fuzz.main(["toy", "--replay", str(file)]) == 0
    assert capsys.readouterr().out.startswith("whole in ")


def test_a_process_that_dies_is_a_finding_with_its_case(
    part: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    process = part("process")
    wanted = process.Wanted("toy", "mutation", 10, 1, tmp_path)
    current = tmp_path / "current.case"
    current.write_bytes(b"killer")
    for silent, words in ((False, "ended with -11"), (True, "no case ended")):
        told = process._told(wanted, -11, silent, current)
        (fault,) = told["faults"].values()
        assert words in fault["told"]
        assert Path(fault["files"][0]).read_bytes() == b"killer"
    wanted.log.write_text("x\nModuleNotFoundError: y\n")
    with pytest.raises(RuntimeError, match=r"^toy: ModuleNotFoundError: y"):
        process._told(wanted, 1, False, tmp_path / "none.case")


def test_a_process_that_ends_well_before_its_time_is_a_finding(
    part: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    process = part("process")
    wanted = process.Wanted("toy", "mutation", 1_000, 1, tmp_path)
    timed = process.Wanted("toy", "mutation", 1_000, 1, tmp_path, seconds=1.0)
    current = tmp_path / "current.case"
    wanted.log.write_text("")
    with pytest.raises(RuntimeError, match=r"^toy: ended with 0"):
        process._told(wanted, 0, False, current)
    current.write_bytes(b"leaver")
    for one in (wanted, timed):  # no report: also one whose time is over writes it
        (fault,) = process._told(one, 0, False, current)["faults"].values()
        assert fault["told"] == "the process ended with 0 after a report of 0 of 1,000 cases"
        assert Path(fault["files"][0]).read_bytes() == b"leaver"
    tally = part("tally").Tally("toy", "mutation", 1, tmp_path, cases=999)
    tally.write(wanted.report)
    assert list(process._told(wanted, 0, False, current)["faults"]) == ["killed"]
    assert not process._told(timed, 0, False, current)["faults"]
    tally.cases = 1_000
    tally.write(wanted.report)
    assert not process._told(wanted, 0, False, current)["faults"]


def test_equal_seeds_make_equal_cases(part: Callable[[str], ModuleType], tmp_path: Path) -> None:
    engines, target = part("engines"), part("target")
    reader = toy(part, refuse)

    def cases(engine: str, seed: int) -> list[bytes]:
        seen: list[bytes] = []
        tally = part("tally").Tally("toy", engine, seed, tmp_path)

        def check(data: bytes) -> Any:
            seen.append(data)
            return target.Outcome("whole")

        engines.RUN[engine](reader, check, tally, 60, lambda _: None)
        return seen

    for engine in ("mutation", "hypothesis"):
        assert cases(engine, 1) == cases(engine, 1)
        assert cases(engine, 1) != cases(engine, 2)
        assert len(set(cases(engine, 1))) > 30


def test_mutations_of_json_change_values_at_any_depth(part: Callable[[str], ModuleType]) -> None:
    mutate = part("mutate")
    told = b'{"a": [1, {"b": "deep"}], "c": null}'
    made = [mutate.json_mutated(told, Random(seed), ("word",)) for seed in range(400)]
    assert len(set(made)) > 250
    for piece in (b'"deep"', b'"a"', b'"c"', b"1"):
        assert 30 < sum(piece not in one for one in made) < 370, piece
    assert max(map(len, made)) <= mutate.LARGEST
    assert any(b"word" in one for one in made)


def told_of(reader: str, **more: Any) -> dict[str, Any]:
    told = {"reader": reader, "engine": "mutation", "cases": 10, "kinds": {"whole": 10}, "seconds": 2.0}
    return told | {"slowest": 0.1, "corpus": 3, "faults": {}} | more


def test_the_exit_code_says_whether_there_are_findings(
    part: Callable[[str], ModuleType],
    fuzz: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fuzz, "run", lambda wanted: told_of(wanted.reader))
    assert fuzz.main(["pickle", "csv", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "no findings" in out
    assert len([line for line in out.splitlines() if "mutation" in line]) == 2
    fault = {"count": 3, "told": "KeyError: 'x'", "files": ["some.case"]}
    monkeypatch.setattr(fuzz, "run", lambda wanted: told_of(wanted.reader, faults={"KeyError": fault}))
    assert fuzz.main(["csv", "--out", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "csv: 3 times, KeyError: 'x'\n  python scripts/fuzz.py csv --replay some.case" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing"], "fuzz: no reader nothing; choose of pickle, "),
        (["--replay", "x"], "fuzz: --replay takes one reader, and the file of one case"),
        (
            ["pickle", "--engine", "atheris"],
            "fuzz: engine atheris needs an extra: pip install 'smartgen[fuzz]'",
        ),
    ],
)
def test_bad_words_are_told_in_a_line(
    fuzz: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert fuzz.main(words) == 2
    err = capsys.readouterr().err
    assert err.startswith(told)
    assert err.count("\n") == 1


@pytest.mark.slow
def test_the_command_runs_a_reader_with_atheris(tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    start = time.monotonic()
    words = ["vocabulary", "--engine", "atheris", "--cases", "800", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, FOLDER / "fuzz.py", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "atheris" in line]
    assert "800" in line.split()
    assert int(line.partition(" edges")[0].split()[-1]) > 20
    assert time.monotonic() - start < 120
