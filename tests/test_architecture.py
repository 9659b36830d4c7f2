"""The rules of the house: imports point down, modules and functions stay small, heavy imports wait."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "smartgen"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_packed" not in path.parts)

# Each module may import from its own rank's folder and from lower ranks only.
RANKS = {
    "core": 0,
    "protocol_settings": 0.5,
    "settings": 1,
    "synthesizer_settings": 1.2,
    "logs_settings": 1.2,
    "recorded": 1.2,
    "reads": 1.5,
    "quirks": 1.6,
    "check_llm": 1.9,
    "check_save": 1.9,
    "check_home": 1.9,
    "check": 2,
    "data": 2,
    "metrics": 2.5,
    "llm": 3,
    "nets": 3,
    "training": 4,
    "detectors": 5,
    "predictors": 5,
    "stages": 5,
    "adaptation": 4.5,
    "blueprint": 6,
    "protocols": 6,
    "synthesis": 6,
    "shift_synthesis": 6.5,
    "pipeline": 7,
    "conformance": 7,
    "saved": 7,
    "scoring": 7.5,
    "detection": 8,
    "prediction": 8,
    "adapted_changes": 8.2,
    "adapted_files": 8.2,
    "adapt": 8.4,
    "cell": 9,
    "spending": 9,
    "added": 9.5,
    "overrides": 9.5,
    "config": 10,
    "tracking": 10,
    "tables": 10,
    "audit": 10.2,
    "html": 10.3,
    "sweeps": 10.5,
    "commands": 11,
    "__main__": 12,
}
ALONE = ("stages", "detectors", "predictors")  # their modules, or packages, do not import each other
ABOVE_CELL = {"hydra", "omegaconf", "wandb"}
MAX_MODULE, MAX_FUNCTION = 400, 60


def name_of(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports(path: Path) -> set[tuple[str, ...]]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: relative import of {node.module}"
            found.add(tuple(node.module.split(".")))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(name_of(path)))
def test_imports_point_down(path: Path) -> None:
    mine = name_of(path)
    if mine == ("smartgen",):
        return
    for theirs in imports(path):
        if theirs[0] in ABOVE_CELL:
            assert RANKS[mine[1]] > RANKS["cell"], f"{path} imports {theirs[0]}, which nothing below cell may"
        if theirs[0] != "smartgen":
            continue
        lower = RANKS[theirs[1]] < RANKS[mine[1]]
        assert lower or theirs[1] == mine[1], f"{path} imports {'.'.join(theirs)}, which is not below it"
        if mine[1] == theirs[1] in ALONE and mine[2] != theirs[2]:
            raise AssertionError(f"{path} imports {'.'.join(theirs)}: {mine[1]} stand alone")


def test_core_needs_nothing_but_numpy() -> None:
    for path in (PACKAGE / "core").glob("*.py"):
        outside = {module[0] for module in imports(path)} - sys.stdlib_module_names - {"smartgen", "numpy"}
        assert not outside, (path, outside)


def test_modules_and_functions_stay_small() -> None:
    lines, lengths = {}, {}
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        lines[path] = text.count("\n")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths[path, node.name] = (node.end_lineno or 0) - node.lineno + 1
    assert max(lines.values()) <= MAX_MODULE, max(lines, key=lambda path: lines[path])
    assert max(lengths.values()) <= MAX_FUNCTION, max(lengths, key=lambda key: lengths[key])
    assert statistics.median(n for n in lines.values() if n) <= 120
    assert statistics.median(lengths.values()) <= 15


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import smartgen.__main__",
        "import smartgen.cell",
        "import smartgen.commands.data",
        "import smartgen.commands.report, smartgen.tables.collect",
    ],
)
def test_light_commands_load_neither_torch_nor_lightning(code: str) -> None:
    assert not loaded_after(code) & {"torch", "pytorch_lightning", "wandb", "pandas", "openai"}
