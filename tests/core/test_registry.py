"""Models are found by their files, in a stated order, and imported when wanted."""

import sys
from pathlib import Path

import pytest

from smartgen.core.errors import SmartgenError
from smartgen.core.models import predictors_of
from smartgen.core.registry import entries, imported, load, model_files


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a folder of models, none of which could be imported."""
    folder = tmp_path / "smartgen/detectors"
    folder.mkdir(parents=True)
    for name, text in {
        "zeta": "class ZetaDetector(Base):\n    class Inner:\n        pass\n",
        "alpha": "raise SystemExit\nclass _Base:\n    pass\nclass AlphaDetector(_Base):\n    pass\n",
        "mid": "class MidSettings:\n    pass\nclass OneDetector:\n    pass\nclass OtherDetector:\n    pass\n",
        "none": "def nothing():\n    pass\n",
        "_helper": "class HelperDetector:\n    pass\n",
        "__init__": "",
    }.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "notes.txt").write_text("class NotesDetector:\n")
    (folder / "wide").mkdir()
    (folder / "wide/__init__.py").write_text("class WideDetector:\n    pass\n")
    return tmp_path / "smartgen"


def test_the_named_come_first_and_helpers_are_no_models(package: Path) -> None:
    found = model_files("detectors", ("zeta", "gone", "mid"), package)
    assert list(found) == ["zeta", "mid", "alpha", "none", "wide"]
    assert found["zeta"].classes == ("ZetaDetector",)
    assert found["mid"].classes == ("MidSettings", "OneDetector", "OtherDetector")
    assert found["alpha"].classes == ("AlphaDetector",), "a name with _ is nobody's business"
    assert found["wide"].path == package / "detectors/wide/__init__.py"


def test_a_registry_has_the_one_class_whose_name_fits(package: Path) -> None:
    files = model_files("detectors", (), package).values()
    registry = entries(files, lambda name: name.endswith("Detector"))
    assert registry == {
        "alpha": "smartgen.detectors.alpha:AlphaDetector",
        "mid": "smartgen.detectors.mid:",
        "none": "smartgen.detectors.none:",
        "wide": "smartgen.detectors.wide:WideDetector",
        "zeta": "smartgen.detectors.zeta:ZetaDetector",
    }
    for name in ("mid", "none"):
        with pytest.raises(SmartgenError, match=f"smartgen/detectors/{name}.py: expected one public class"):
            load(registry, name, "detector.name")
    with pytest.raises(SmartgenError, match=r"detector.name is 'beta', expected one of alpha, mid, none"):
        load(registry, "beta", "detector.name")


def test_a_predictor_ranks_actions_unless_it_says_tokens(package: Path) -> None:
    folder = package / "predictors"
    folder.mkdir()
    for name, classes in {
        "plain": ("PlainPredictor",),
        "tokens": ("TokenTreePredictor",),
        "both": ("BothPredictor", "TokenBothPredictor"),
        "wrong": ("Wrong",),
    }.items():
        (folder / f"{name}.py").write_text("".join(f"class {one}:\n    pass\n" for one in classes))
    actions, tokens = predictors_of(model_files("predictors", (), package).values())
    assert {name: entry.partition(":")[2] for name, entry in actions.items()} == {
        "both": "BothPredictor",
        "plain": "PlainPredictor",
        "wrong": "",
    }
    assert {name: entry.partition(":")[2] for name, entry in tokens.items()} == {
        "both": "TokenBothPredictor",
        "tokens": "TokenTreePredictor",
    }


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("broken_name", "a = 1\nb = nothing\n", r"broken_name\.py, line 2: .*NameError: name 'nothing'"),
        ("broken_text", "a = (\n", r"broken_text\.py: .*SyntaxError: .*line 1"),
        ("broken_import", "\n\nimport nosuch\n", r"broken_import\.py, line 3: .*No module named 'nosuch'"),
        ("broken_deep", "import json\njson.loads('[')\n", r"broken_deep\.py, line 2: .*JSONDecodeError"),
    ],
)
def test_a_file_that_fails_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, told: str
) -> None:
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SmartgenError, match=told) as error:
        imported(name)
    assert "\n" not in str(error.value)
    assert error.value.__cause__ is not None
    assert name not in sys.modules
