"""Every command of the README and of the pages is executed; one that no rule knows fails.

*Tutorials* and the page on the library run verbatim: a page is one script in a folder of its own, and what a
page shows must be printed: each line of a ``text`` block, numbers apart; ``...`` is what was left out. A
block of Python or YAML with a title is a file; one of Python without is run. Blocks on the authors' data run
where SMARTGEN_RELEASE names it. Pages on files of the clone run in a copy of it.

*Anything else*, in blocks or in the text:

- ``smartgen``: its settings compose as they stand, launcher included; then its cells run with ``plan=true``,
  up to measuring. A sweep of more than `MOST` cells runs fewer, on one home and change (FR, if it is there):
  each value of each other axis occurs, numbers counting as one value. Where an encoder would be trained
  before an LLM is planned for, it is a tiny one.
- ``smartgen-report``: on records of the demo home; it answers, or names in one line the command that makes
  records. ``run`` composes its sweeps and counts what is left, for running them takes hours. ``html`` and
  ``audit`` do without the authors' data, on which each check has tests of its own.
- ``smartgen-data``: on SMARTGEN_RELEASE; ``fetch`` copies from there, ``conformance`` has tests of its own.
- ``make``: the target exists. Scripts: ``--help``. ``pip``, ``pytest``: files and extras exist.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser

from smartgen.cell import run_cell
from smartgen.commands import data, report
from smartgen.commands.run import _sorted_out, _sweep
from smartgen.config import config_dir, register_schemas, to_settings
from smartgen.settings import EncodedSscSettings
from smartgen.synthesizer_settings import EmbeddedSettings, LlmSettings
from smartgen.tracking.live import open_tracker

ROOT = Path(__file__).resolve().parents[2]
RELEASE = os.environ.get("SMARTGEN_RELEASE", "")
MODELS = Path(os.environ.get("SMARTGEN_MODELS") or "models").absolute()
MOST = 6
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_VERBATIM = ("index", "verdicts")
VERBATIM = [
    *(path for path in PAGES if path.parent.name == "tutorials" and path.stem not in NOT_VERBATIM),
    ROOT / "docs/library.md",
]
IN_CLONE = ("dataset", "detector")
CLONED = ("smartgen", "hydra_plugins", "conf", "experiments", "docs/examples")

# What stands for a reader's own words, by page or everywhere.
FILLED = {
    "[stage.ssc.padded=true]": "stage.ssc.padded=true",
    "KEY=A,B ...": "seed=1,2",
    "range(0,N)": "range(0,2)",
    "FOLDER_OR_TAR": RELEASE or "nowhere",
    "experiment=NAME": "experiment=demo",
    "run NAME": "run demo",
    "synthesizer.model=NAME": "synthesizer.model=any",
    "http://host:port/v1": "http://127.0.0.1:8000/v1",
    "OUTPUTS": "outputs",
    "KEY": "3fa9c2",
    " ...": "",
}

FENCE = re.compile(
    r"^```(?P<language>\w*)(?: title=\"(?P<title>[^\"]*)\")?[^\n]*\n(?P<body>.*?)^```", re.M | re.S
)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
COMMAND = re.compile(
    r"(smartgen|smartgen-report|smartgen-data|make|pip|python|(python )?scripts/[\w/]+\.py)(\s|$)"
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str | None
    body: str

    @property
    def needs_release(self) -> bool:
        return "release_root(" in self.body


def blocks_of(path: Path) -> list[Block]:
    return [Block(*found.group("language", "title", "body")) for found in FENCE.finditer(path.read_text())]


def lines_of(body: str) -> Iterator[str]:
    """The commands of a block, comments left out."""
    for line in body.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield shlex.join(words) if "$" not in line else line


def inline_of(path: Path) -> Iterator[str]:
    for code in INLINE.findall(FENCE.sub("", path.read_text())):
        if COMMAND.match(one := " ".join(code.split())):
            yield one


def commands() -> dict[str, str]:
    """Each command that is not part of a verbatim page, and a page that has it."""
    found: dict[str, str] = {}
    for path in PAGES:
        listed = [] if path in VERBATIM else [b for b in blocks_of(path) if b.language == "bash"]
        for command in [*(line for block in listed for line in lines_of(block.body)), *inline_of(path)]:
            found.setdefault(command, path.relative_to(ROOT).as_posix())
    return found


def test_commands_stand_in_blocks_that_say_so() -> None:
    unlabelled = [
        (path.name, line)
        for path in PAGES
        for block in blocks_of(path)
        if block.language != "bash"
        for line in block.body.splitlines()
        if re.match(r"(smartgen|smartgen-report|smartgen-data|make|pip) \w", line)
    ]
    assert not unlabelled


# Verbatim pages


def script_of(blocks: Sequence[Block], folder: Path) -> str:
    """A page as a script; what comes behind block i begins with a line ``@@i``."""
    lines = ["set -e"]
    for number, block in enumerate(blocks):
        if block.needs_release and not RELEASE:
            continue
        if block.title and "--8<--" not in block.body:
            (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.title).write_text(block.body)
        elif block.language == "python" and not block.title:
            (folder / f"block_{number}.py").write_text(block.body)
            lines += [f"echo @@{number}", f"python block_{number}.py"]
        elif block.language == "bash":
            lines += [f"echo @@{number}", block.body]
    return "\n".join(lines)


def plain(line: str) -> str:
    """A line without what may differ: digits of keys, numbers, and how columns are spread."""
    line = re.sub(r"\b[0-9a-f]{16,64}\b", "0", line)
    line = re.sub(r"[-+]?\d+(?:[.,:]\d+)*", "0", line)
    return " ".join(line.split())


def missing(shown: str, printed: str) -> list[str]:
    """The shown lines that were not printed."""
    there = [plain(line) for line in printed.splitlines()]
    lacking = []
    for line in filter(None, map(plain, shown.splitlines())):
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        if not any(re.fullmatch(pattern, one) for one in there):
            lacking.append(line)
    return lacking


@pytest.mark.slow
@pytest.mark.parametrize("path", VERBATIM, ids=lambda path: path.stem)
def test_a_page_runs_as_it_stands(path: Path, tmp_path: Path) -> None:
    root = ROOT
    if path.stem in IN_CLONE:
        root = tmp_path
        for name in CLONED:
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    blocks = blocks_of(path)
    script, output = script_of(blocks, tmp_path), tmp_path / "output.txt"
    dropped = (
        "SMARTGEN_OUTPUTS",
        "SMARTGEN_LLM_URL",
        "SMARTGEN_LLM_KEY",
        "OPENAI_API_KEY",
        "HYDRA_FULL_ERROR",
    )
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    environment |= {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", "COLUMNS": "112"}
    with output.open("wb") as stream:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=300)
        finally:  # servers that a page started and did not end
            with_its_children(process.pid)
    printed = output.read_text()
    assert code == 0, printed[-3000:]
    parts = re.split(r"^@@(\d+)\n", printed, flags=re.M)
    by_block = dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))
    for number, block in enumerate(blocks):
        if block.language == "text":
            before = max(n for n in by_block if n < number)
            assert not missing(block.body, by_block[before]), by_block[before][-3000:]


def with_its_children(process: int) -> None:
    """End all that is left of a session that was started here."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


# Commands one by one


@cache
def filled(command: str) -> str:
    for placeholder, own in FILLED.items():
        command = command.replace(placeholder, own)
    return command


def needs_release(words: Sequence[str]) -> bool:
    """Whether a command reads the authors' data."""
    if words[0] == "smartgen-data":
        return len(words) > 1 and words[1] != "model"
    if words[0] != "smartgen":
        return False
    given = dict(word.split("=", 1) for word in words if "=" in word)
    if "dataset" in given:
        return given["dataset"] != "demo"
    return given.get("experiment", "demo") != "demo"


Rule = Callable[[list[str], Path], None]


def rule_of(words: Sequence[str]) -> Rule | None:
    """What is done with a command; None where nothing is known."""
    program, *rest = words
    if program.startswith("smartgen") and (not rest or "--help" in rest or "--cfg" in rest):
        return runs
    rules: dict[str, Rule] = {
        "smartgen": plans,
        "smartgen-report": reports,
        "smartgen-data": reads_data,
        "make": makes,
        "pip": installs,
        "export": sets,
    }
    if program == "python" and rest[:2] == ["-m", "pytest"]:
        return names_files
    if program == "python" and rest[:1] and rest[0].startswith("scripts/"):
        return explains
    return explains if program.startswith("scripts/") else rules.get(program)


def parameters() -> list[object]:
    found, known = [], set()
    for command, page in commands().items():
        words = shlex.split(filled(command))
        if words[:2] == ["smartgen-data", "fetch"]:
            words = [*words[:2], "--source", RELEASE or "nowhere"]
        if tuple(words) in known:
            continue
        known.add(tuple(words))
        marks = [pytest.mark.release] if needs_release(words) else []
        found.append(pytest.param(words, id=f"{page}: {command}"[:150], marks=marks))
    return found


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of all plans, so that what they have in common is made once."""
    return tmp_path_factory.mktemp("planned")


@pytest.mark.slow
@pytest.mark.parametrize("words", parameters())
def test_a_command_runs(
    words: list[str], recorded: Path, planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = rule_of(words)
    assert rule is not None, f"no rule for {shlex.join(words)}; add one, or mark what is no command otherwise"
    place = {plans: planned, reports: recorded}.get(rule, tmp_path)
    monkeypatch.chdir(place)
    monkeypatch.delenv("SMARTGEN_OUTPUTS", raising=False)
    monkeypatch.setenv("SMARTGEN_MODELS", str(MODELS))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    rule(words, place)


def runs(words: list[str], folder: Path) -> None:
    """A program without a task tells about itself."""
    options = words[1:] or ["--help"]
    module = {"smartgen": "smartgen", "smartgen-report": "smartgen.commands.report"}
    command = [sys.executable, "-m", module.get(words[0], "smartgen.commands.data"), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert "smartgen" in done.stdout or "dataset" in done.stdout


def plans(words: list[str], folder: Path) -> None:
    for cell in few(cells_of(words[1:])):
        plan(cell, folder)


@cache
def plan(cell: tuple[str, ...], folder: Path) -> None:
    """One cell up to measuring; the same cell of another command is not planned twice."""
    more = ["tracking=none", f"paths.outputs={folder}", f"paths.models={MODELS}"]
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        settings = to_settings(compose("config", [*cell, "plan=true", *more]))
    if isinstance(settings.synthesizer, EmbeddedSettings) and not any(MODELS.glob("*.gguf")):
        pytest.skip("needs the model: smartgen-data model")
    ssc = settings.stage.ssc
    if isinstance(ssc, EncodedSscSettings) and isinstance(settings.synthesizer, LlmSettings):
        ssc.d_model, ssc.epochs = 32, 1
    outcome = run_cell(settings, list(cell), open_tracker)
    assert outcome.status in ("planned", "recorded")


def cells_of(given: Sequence[str]) -> list[tuple[str, ...]]:
    """The cells of a command, whose settings, launcher included, compose."""
    many, overrides = {"-m", "--multirun"} & set(given), [word for word in given if not word.startswith("-")]
    GlobalHydra.instance().clear()
    register_schemas()
    parsed = OverridesParser.create().parse_overrides(overrides)
    fixed = [str(one.input_line) for one in parsed if not one.is_sweep_override()]
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        config = compose("config", fixed, return_hydra_config=True)
    multirun = bool(many) or str(config.hydra.mode) == "RunMode.MULTIRUN"
    assert multirun or len(fixed) == len(parsed), "several values without -m"
    axes = [f"{name}={values}" for name, values in (config.hydra.sweeper.params or {}).items()]
    own = [
        str(one.input_line)
        for one in parsed
        if not one.get_key_element().lstrip("+~").startswith(("hydra", "launcher"))
    ]
    (cells,) = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides([*axes, *own]), None)
    return [tuple(cell) for cell in cells]


def few(cells: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """All cells, or of many, in one home and change, as few as have each value of each axis once."""
    if len(cells) <= MOST:
        return list(cells)
    smallest = [cell for cell in cells if "dataset=fr" in cell] or cells
    seen: set[str] = set()
    chosen = []
    for cell in smallest:
        values = {re.sub(r"^(transition)=.*|=[-\d.e]+$", r"\1=0", word) for word in cell}
        if not values <= seen:
            chosen.append(cell)
        seen |= values
    return chosen


def reports(words: list[str], folder: Path) -> None:
    what, *options = words[1:]
    if what == "run":
        names, overrides = _sorted_out(options)
        GlobalHydra.instance().clear()
        assert all(len(_sweep(name, overrides).cells) > 1 for name in names)
        return
    if what in ("table2_unified", "table3_unified", "worth") and "--dataset" in options:
        options[options.index("--dataset") + 1] = "demo"  # the home that has records here
    refused: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        if what in ("html", "audit"):
            patch.setenv("SMARTGEN_RELEASE", str(folder / "nothing"))
        patch.setattr(
            report, "print", lambda *told, **_: refused.append(" ".join(map(str, told))), raising=False
        )
        code = report.main([what, *options])
    assert code in (0, 2)
    if code == 2:
        assert len(refused) == 1, refused
        assert re.search(r"smartgen( -m)? [\w/]+=|smartgen experiment=", refused[0]), refused


def reads_data(words: list[str], folder: Path) -> None:
    what, *options = words[1:]
    if what == "conformance":
        options = ["--help"]
    if what == "fetch":
        options += ["--into", str(folder / "release")]
    if what == "model" and not any(MODELS.glob("*.gguf")):
        pytest.skip("needs the network: `make test` fetches the model first")
    if "--help" in options:
        with pytest.raises(SystemExit) as end:
            data.main([what, *options])
        assert end.value.code == 0
    else:
        assert data.main([what, *options]) == 0


def makes(words: list[str], folder: Path) -> None:
    done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def explains(words: list[str], folder: Path) -> None:
    script = next(word for word in words if word.startswith("scripts/"))
    if "/benchmark/" in script:  # a module of the benchmark's
        assert (ROOT / script).is_file()
        return
    command = [sys.executable, ROOT / script, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    assert {word for word in words if word.startswith("--")} <= known


def names_files(words: list[str], folder: Path) -> None:
    assert all((ROOT / word).is_file() for word in words if word.startswith("tests/"))


def test_what_no_rule_knows_is_told() -> None:
    assert rule_of(["smartgen", "dataset=demo"]) is plans
    assert rule_of(["python", "of_ones_own.py"]) is None


def installs(words: list[str], folder: Path) -> None:
    assert words[1] == "install"
    if "-c" in words:
        assert (ROOT / words[words.index("-c") + 1]).is_file()
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"\[(\w+)\]", " ".join(words))) <= known.keys()


def sets(words: list[str], folder: Path) -> None:
    assert words[1].startswith(("SMARTGEN_RELEASE=", "SMARTGEN_OUTPUTS=", "SMARTGEN_MODELS="))
