"""Every script loads and says what it is for."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[1] / "scripts").glob("m*.py"))


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_agreement_is_a_pair_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS[0].parent)
    agreement = load(SCRIPTS[0].parent / "measure_tof.py").agreement
    one, other = np.ones(9, dtype=bool), np.ones(9, dtype=bool)
    assert agreement(one, other) is None
    one[:2], other[2:4] = False, False
    assert agreement(one, other) == 0
    other[1] = False
    assert agreement(one, other) == 0.25


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_explains_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [path.name, "--help"])
    monkeypatch.syspath_prepend(path.parent)
    module = load(path)
    with pytest.raises(SystemExit) as end:
        module.main()
    assert end.value.code == 0
    assert (module.__doc__ or "").splitlines()[0].rstrip(".") in capsys.readouterr().out.replace("\n", " ")
