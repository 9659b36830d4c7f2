"""The built wheel works without the clone: it carries conf and experiments, and runs a cell."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_an_installed_wheel_runs_a_cell_and_reports(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    declared = ("table2", "figures/fig5", "shares/fig4", "audit/detection")
    packed = [f"_packed/experiments/{name}.yaml" for name in declared]
    for name in (*packed, "_packed/conf/config.yaml", "html/templates/page.html.j2", "py.typed"):
        assert f"smartgen/{name}" in names
    assert not [name for name in names if name.endswith((".pkl", ".pth"))]
    python, home = install(wheel, tmp_path), tmp_path / "home"
    home.mkdir()
    run(python, home, "-m", "smartgen", "debug=smoke", "paths.outputs=outputs")
    assert len(list((home / "outputs/runs").glob("*/result.json"))) == 1
    where = run(python, home, "-c", "import smartgen; print(smartgen.__file__)")
    assert where.startswith(str(tmp_path)), "the clone was used instead of the wheel"
    scripts = python.parent
    assert "seasonal" in run(scripts / "smartgen-report", home, "regimes", "--dataset", "demo")
    assert "report.html" in run(scripts / "smartgen-report", home, "html")
    assert "conformance" in run(scripts / "smartgen-data", home, "--help")


def build_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """A new environment that sees the dependencies of this one, but not its checkout of the package."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv/bin/python"
    site = next((folder / "venv/lib").glob("python*/site-packages"))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--prefix", str(folder / "venv"), "--ignore-installed", str(wheel)], check=True)
    # The .pth files of a folder that a .pth file names are not read, so no editable install comes along.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(program: Path, folder: Path, *arguments: str) -> str:
    dropped = ("PYTHONPATH", "SMARTGEN_OUTPUTS", "SMARTGEN_RELEASE")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    done = subprocess.run(
        [str(program), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
