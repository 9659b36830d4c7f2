"""A detector or predictor in one file and one configuration file: then every table, sweep and test has it.

In a copy of this checkout, as a researcher would have it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from smartgen.core.models import ADDED
from smartgen.sweeps.planned import planned_cells

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs/examples"
COPIED = ("smartgen", "hydra_plugins", "conf", "experiments", "tests", "pyproject.toml")
# A network needs no settings of its own.
NARROW = '''"""A narrow layer and back, bent.

Paper: none. Reference: none. Departures: none.
"""

from torch import nn

from smartgen.nets.token_autoencoders import LinearBody
from smartgen.training.detector import BodyDetector


class NarrowDetector(BodyDetector):
    """Each token or behavior alone."""

    def body(self, width: int) -> nn.Module:
        """The layers."""
        return LinearBody(width, activation=True)
'''
QUICK = ("dataset=demo", "dataset.days=14", "transition=seasonal", "synthesizer=walk", "tracking=none")
UNIFIED = (*QUICK, "protocol=unified_short", "regime=source,synthetic,oracle", "seed=1")
PLAN = """
import json, sys
from smartgen.sweeps.planned import planned_cells
print(json.dumps({name: planned_cells(name, [])[0] for name in sys.argv[1:]}))
"""
SAVED = """
import sys
from smartgen.saved import load_model
print(load_model(sys.argv[1]).blueprint.settings)
"""
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout with the two examples of docs/examples and a network put in; nothing else touched."""
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        place = folder / name
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__", "_packed"))
        else:
            shutil.copy(ROOT / name, place)
    shutil.copy(EXAMPLES / "knn_detector.py", folder / "smartgen/detectors/knn.py")
    shutil.copy(EXAMPLES / "knn.yaml", folder / "conf/detector")
    shutil.copy(EXAMPLES / "fading_predictor.py", folder / "smartgen/predictors/fading.py")
    shutil.copy(EXAMPLES / "fading.yaml", folder / "conf/predictor")
    (folder / "smartgen/detectors/narrow.py").write_text(NARROW)
    told = "# a narrow layer and back (ours)\ndefaults: [neural_schema, _self_]\nname: narrow # (ours)\n"
    (folder / "conf/detector/narrow.yaml").write_text(told)
    return folder


@pytest.fixture(scope="module")
def run(copy: Path) -> Run:
    """A Python command in the copy."""

    def started(*arguments: str) -> Done:
        environment = os.environ | {
            "PYTHONPATH": str(copy),
            "SMARTGEN_OUTPUTS": str(copy / "outputs"),
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "200",
        }
        for name in ("HYDRA_FULL_ERROR", "SMARTGEN_RELEASE"):
            environment.pop(name, None)
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=copy, check=False)

    return started


def passed(done: Done) -> int:
    """How many tests did, when all did."""
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert told is not None, done.stdout
    return int(told[1])


@pytest.mark.parametrize("name", ["knn_detector.py", "fading_predictor.py"])
def test_an_example_has_less_than_forty_lines(name: str) -> None:
    assert len((EXAMPLES / name).read_text("utf-8").splitlines()) < 40


@pytest.mark.parametrize(
    ("kind", "names", "least"), [("detectors", ("knn", "narrow"), 30), ("predictors", ("fading",), 9)]
)
def test_contract_tests_take_what_was_added(run: Run, kind: str, names: tuple[str, ...], least: int) -> None:
    which = " or ".join((*names, "order_then_controls"))
    assert passed(run("-m", "pytest", "-q", f"tests/{kind}/test_contract.py", "-k", which)) > least


def test_its_configuration_is_tested_like_any(run: Run) -> None:
    each = "test_every_choice_composes_and_builds"
    names = [f"{each}[{choice}-demo]" for choice in ("detector=knn", "detector=narrow", "predictor=fading")]
    source = "test_every_key_is_explained_on_its_line_with_its_source"
    names += [f"{source}[{name}]" for name in ("knn", "fading")]
    assert passed(run("-m", "pytest", "-q", *(f"tests/test_config.py::{name}" for name in names))) == 5


def test_sweeps_have_it_behind_the_cells_that_they_had(run: Run) -> None:
    shipped = ("table2", "table2_unified", "table3", "table3_unified")
    there = json.loads(run("-c", PLAN, *shipped).stdout)
    new = {"knn", "narrow", "fading"}
    assert not any(new & set(names) for names in ADDED.values())
    GlobalHydra.instance().clear()
    for name in shipped:
        before = [list(cell) for cell in planned_cells(name, [])[0]]
        added = [cell for cell in there[name] if any(_model(one) in new for one in cell)]
        assert [cell for cell in there[name] if cell not in added] == before
        assert {_model(one) for cell in added for one in cell} & new == (
            {"knn", "narrow"} if "2" in name else {"fading"}
        )
        assert there[name][-1] in added


def _model(override: str) -> str:
    key, _, value = override.partition("=")
    return value.removeprefix("smartgen_") if key in ("system", "detector", "predictor") else ""


def test_cells_run_and_reports_show_them(run: Run, copy: Path) -> None:
    for task, axis, name in ((2, "detector", "knn"), (3, "predictor", "fading")):
        sweep = (f"experiment=table{task}_unified", f"{axis}={name}", *UNIFIED)
        done = run("-m", "smartgen", *sweep, "save=true")
        assert done.returncode == 0, done.stderr
        assert "3 cells: 3 done" in done.stderr
        page = run("-m", "smartgen.commands.report", f"table{task}_unified")
        assert re.search(rf"^{name} +1 of 1|^{name} +0 of 1", page.stdout, re.MULTILINE), page.stderr
    regimes = run("-m", "smartgen.commands.report", "regimes", "--dataset", "demo", "--metric", "auroc")
    assert re.search(r"demo +seasonal +knn +walk( +0\.\d+ \(1\)){3}", regimes.stdout), regimes.stdout
    (saved,) = (copy / "outputs/runs").glob("demo-seasonal-detection-knn-source-*")
    assert run("-c", SAVED, str(saved)).stdout == "KnnSettings(name='knn', neighbors=3)\n"


def test_rows_of_the_papers_tables_are_run_and_shown(run: Run) -> None:
    done = run("-m", "smartgen", "experiment=table2", "system=knn,smartgen_knn", *QUICK)
    assert "2 cells: 2 done" in done.stderr, done.stderr
    keys = re.findall(r"demo-seasonal-detection-(\S+)-s2024", done.stderr)
    assert keys == ["knn-source-released", "knn-synthetic-released"]
    for method, command in (("knn", "system=knn"), ("knn (adapted)", "system=smartgen_knn")):
        page = run("-m", "smartgen.commands.report", "table2", "--method", method)
        assert f"{method} - smartgen experiment=table2 {command}\n" in page.stdout
        assert page.stdout.count("? not published") == 27
    assert "fading" in run("-m", "smartgen.commands.report", "table3").stdout


def test_the_report_page_shows_them(run: Run, copy: Path) -> None:
    done = run("-m", "smartgen.commands.report", "html")
    assert done.returncode == 0, done.stderr
    page = (copy / "outputs/report.html").read_text("utf-8")
    parts = dict(re.findall(r'<section id="(\w+)"(.*?)</section>', page, re.DOTALL))
    for part, name in (("table2", "knn"), ("table2", "knn (adapted)"), ("table3", "fading")):
        assert f'<tr data-method="{name}"><th scope="row">{name}</th>' in parts[part]
    for part, name in (("table2_unified", "knn"), ("table3_unified", "fading"), ("regimes", "knn")):
        assert f'data-method="{name}"' in parts[part]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("detector.neighbours=2", "Key 'neighbours' not in 'KnnSettings'"),
        ("detector.neighbors=0", "smartgen: detector.neighbors is 0, expected 1 or more"),
        ("detector.neighbors=few", "Value 'few' of type 'str' could not be converted to Integer"),
    ],
)
def test_its_settings_are_checked_like_any(run: Run, override: str, told: str) -> None:
    done = run("-m", "smartgen", "detector=knn", override, *QUICK)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert told in done.stderr


def test_a_file_without_its_configuration_is_told_in_a_line(run: Run, copy: Path) -> None:
    there = copy / "smartgen/detectors/lonely.py"
    shutil.copy(copy / "smartgen/detectors/narrow.py", there)
    done = run("-m", "smartgen", "detector=lonely", *QUICK)
    there.unlink()
    assert (done.returncode, done.stderr) == (
        2,
        "smartgen: detector=lonely: smartgen/detectors/lonely.py is there, conf/detector/lonely.yaml is not; "
        "write it, as conf/detector/seen.yaml is\n",
    )


@pytest.mark.parametrize("name", ["broken.py", "broken/__init__.py"])
def test_a_file_that_cannot_be_imported_is_told_in_a_line(run: Run, copy: Path, name: str) -> None:
    broken = copy / "smartgen/detectors" / name
    broken.parent.mkdir(exist_ok=True)
    broken.write_text("import nosuchpackage\n\n\nclass BrokenSettings:\n    pass\n")
    done = run("-m", "smartgen", "detector=seen", *QUICK)
    broken.unlink()
    shutil.rmtree(copy / "smartgen/detectors/broken", ignore_errors=True)
    assert (done.returncode, done.stderr) == (
        2,
        f"smartgen: smartgen/detectors/{name}, line 1: cannot be imported (ModuleNotFoundError: No module "
        "named 'nosuchpackage')\n",
    )
