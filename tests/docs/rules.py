"""What is done with a command, by its program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from smartgen.blueprint import Blueprint
from smartgen.commands import data, report, score
from smartgen.commands.run import _sorted_out, _sweep
from smartgen.core.types import Sequences
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.thresholds import Threshold
from smartgen.saved import Trained, save_models
from smartgen.settings import DetectorSettings, TrainerSettings
from tests.docs.homes import LOGS, home_log
from tests.docs.pages import ROOT
from tests.docs.plans import plans
from tests.embedded import skip_without_model

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
        "smartgen-score": scores,
        "make": makes,
        "pip": installs,
        "export": sets,
    }
    if program == "python" and rest[:2] == ["-m", "pytest"]:
        return names_files
    if program == "python" and rest[:1] and rest[0].startswith("scripts/"):
        return explains
    return explains if program.startswith("scripts/") else rules.get(program)


def runs(words: list[str], folder: Path) -> None:
    """A program without a task tells about itself."""
    options = words[1:] or ["--help"]
    module = "smartgen" if words[0] == "smartgen" else words[0].replace("smartgen-", "smartgen.commands.")
    command = [sys.executable, "-m", module, *options]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert "smartgen" in done.stdout or "dataset" in done.stdout


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
            patch.delenv("SMARTGEN_RELEASE", raising=False)
        patch.setattr(report, "complain", lambda _, told: refused.append(str(told)))
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
    if what in ("log", "drift"):
        options = [str(home_log(folder)) if one in LOGS else one for one in options] or ["--help"]
    if what == "model":  # which is then there already, so that nothing is fetched
        skip_without_model()
    if "--help" in options:
        with pytest.raises(SystemExit) as end:
            data.main([what, *options])
        assert end.value.code == 0
    else:
        assert data.main([what, *options]) == 0


def scores(words: list[str], folder: Path) -> None:
    """A model of this name is there, and it is asked about nothing."""
    _, model, *options = words
    home = Vocabulary(("Light",), ("Light:off", "Light:on"))
    design = Blueprint("detector", home, DetectorSettings("seen"), 1, TrainerSettings(accelerator="cpu"))
    seen = Sequences.from_lists([[0, 2, 0, 1]])
    made = Trained("model", design.make().fit([seen]), design, Threshold(0.5))
    save_models(folder, Path(model).name, {}, [made])
    if "--input" in options:
        options[options.index("--input") + 1] = os.devnull
    assert score.main([str(folder / "runs" / Path(model).name), *options]) == 0


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


def installs(words: list[str], folder: Path) -> None:
    assert words[1] == "install"
    if "-c" in words:
        assert (ROOT / words[words.index("-c") + 1]).is_file()
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"\[(\w+)\]", " ".join(words))) <= known.keys()


def sets(words: list[str], folder: Path) -> None:
    assert words[1].startswith(("SMARTGEN_RELEASE=", "SMARTGEN_OUTPUTS=", "SMARTGEN_MODELS="))
