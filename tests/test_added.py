"""Models that were added as one file: their settings, rows, keys and threshold."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from smartgen import added
from smartgen.added import added_systems, more_systems, settings_of
from smartgen.blueprint import Blueprint
from smartgen.check import check_settings
from smartgen.core import models
from smartgen.core.errors import SmartgenError
from smartgen.core.registry import ModelFile
from smartgen.data.vocabulary import Vocabulary
from smartgen.protocols.released import Rule, released_rule
from smartgen.quirks import quirks_off
from smartgen.reads import model_code, read_config
from smartgen.settings import (
    CellSettings,
    DetectorSettings,
    LofSettings,
    ReleasedProtocolSettings,
    RowDetectorSettings,
    TrainerSettings,
    UnifiedProtocolSettings,
)

RELEASED = ReleasedProtocolSettings("released", percentile=95)
UNIFIED = UnifiedProtocolSettings("unified")


@dataclass
class OwnSettings(DetectorSettings):
    """Keys that other detectors read under protocol released alone, or check in another way."""

    gamma: str = "scale"
    cut: float = -3
    epochs: int = 0
    probes: int = 2
    unified_only: ClassVar[tuple[str, ...]] = ("probes",)


class Added:
    """Pretends that files were added."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, monkeypatch
        monkeypatch.syspath_prepend(folder)

    def __call__(self, kind: str, name: str, classes: tuple[str, ...] = (), text: str = "") -> Path:
        path = self.folder / f"{name}.py"
        path.write_text(text)
        file = ModelFile(name, name, path, classes)
        for place in (models, added):
            files = place.FILES | {kind: place.FILES[kind] | {name: file}}
            self.patch.setattr(place, "FILES", files)
            self.patch.setattr(place, "ADDED", place.ADDED | {kind: (*place.ADDED[kind], name)})
        return path


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Added:
    return Added(tmp_path, monkeypatch)


def cell(detector: DetectorSettings, protocol: Any, regime: str = "synthetic") -> CellSettings:
    found = CellSettings(detector=detector, protocol=protocol, regime=regime)
    found.dataset.name, found.transition.name, found.synthesizer.name = "demo", "seasonal", "walk"
    return found


def test_rows_are_stale_and_where_the_protocol_adapts_adapted(
    add: Added, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = more_systems("detector"), more_systems("predictor")
    add("detector", "near")
    add("predictor", "clock")
    add("predictor", "tree")
    monkeypatch.setattr(added, "TOKEN_PREDICTORS", {"tree": "tree:TokenTreePredictor"})
    assert added_systems("detector")["near"] == {
        "defaults": [{"override /detector": "near"}],
        "task": "detection",
        "regime": "source",
    }
    assert added_systems("detector")["smartgen_near"]["regime"] == "synthetic"
    assert more_systems("detector") == before[0] + ",near,smartgen_near"
    assert more_systems("predictor") == before[1] + ",clock,tree,smartgen_tree"


@pytest.mark.parametrize(
    ("kind", "name", "other"),
    [
        ("detector", "markov", "predictors/markov.py"),
        ("predictor", "seen", "detectors/seen.py"),
        ("detector", "smartgen_seen", "detectors/seen.py"),
        ("detector", "smartgen_sasrec", "predictors/sasrec.py"),
    ],
)
def test_a_name_that_a_row_has_already_is_refused(add: Added, kind: str, name: str, other: str) -> None:
    add(kind, name)
    with pytest.raises(SmartgenError, match=rf"{name}\.py: its name is taken by smartgen/{other}"):
        added_systems(kind)


GOOD = """
from dataclasses import dataclass
from smartgen.settings import DetectorSettings, PredictorSettings

@dataclass
class FineSettings(DetectorSettings):
    size: int = 3

class PlainSettings(DetectorSettings):
    size: int = 3

@dataclass
class LostSettings:
    size: int = 3
"""


def test_a_files_own_settings_are_one_dataclass_of_its_kind(add: Added) -> None:
    add("detector", "own_fine", ("FineSettings", "FineDetector"), GOOD)
    node = settings_of("detector", "own_fine")
    assert node is not None
    assert (node.__name__, node("own_fine").size) == ("FineSettings", 3)
    assert settings_of("detector", "lof") is None
    for classes in (("PlainSettings",), ("LostSettings",), ("FineSettings", "PlainSettings")):
        add("detector", "own_fine", classes, GOOD)
        with pytest.raises(
            SmartgenError, match=f"{classes[0]}.*: expected one @dataclass that derives from Det"
        ):
            settings_of("detector", "own_fine")


def test_a_changed_file_is_another_cell_and_shipped_ones_have_none(add: Added) -> None:
    path = add("detector", "near")
    near, lof = cell(DetectorSettings("near"), UNIFIED), cell(LofSettings("lof"), UNIFIED)
    first = model_code(near)
    assert first == hashlib.sha256(b"").hexdigest()
    path.write_text("# changed\n")
    assert model_code(near) != first
    assert model_code(lof) is None
    assert model_code(replace(near, task="compression")) is None
    assert model_code(replace(near, task="prediction")) is None


def test_a_model_may_be_a_folder_and_any_file_of_it_counts(add: Added) -> None:
    path = add("detector", "wide")
    folder = path.with_suffix("")
    folder.mkdir()
    path.rename(folder / "__init__.py")
    moved = ModelFile("wide", "wide", folder / "__init__.py", ())
    add.patch.setitem(models.FILES["detector"], "wide", moved)
    first = model_code(cell(DetectorSettings("wide"), UNIFIED))
    (folder / "layers.py").write_text("# a helper\n")
    second = model_code(cell(DetectorSettings("wide"), UNIFIED))
    (folder / "layers.py").write_text("# another\n")
    assert len({first, second, model_code(cell(DetectorSettings("wide"), UNIFIED))}) == 3


def test_keys_of_a_files_own_settings_are_part_of_a_cell_whatever_their_names() -> None:
    own = OwnSettings("near")
    assert read_config(cell(own, UNIFIED))["detector"] == {
        "name": "near",
        "gamma": "scale",
        "cut": -3,
        "epochs": 0,
        "probes": 2,
    }
    assert "probes" not in read_config(cell(own, RELEASED))["detector"]
    assert read_config(cell(LofSettings("lof"), UNIFIED))["detector"] == {"name": "lof", "neighbors": 20}


def test_a_file_checks_its_own_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartgen.check.DETECTORS", {"near": "near:NearDetector", "lof": ""})
    one = replace(cell(OwnSettings("near"), UNIFIED), trainer=TrainerSettings(accelerator="cpu"))
    check_settings(one)

    @dataclass
    class Nearer(LofSettings):
        pass

    with pytest.raises(SmartgenError, match=r"detector\.neighbors is 0, expected"):
        check_settings(replace(one, detector=Nearer("near", neighbors=0)))


def test_under_released_its_threshold_is_a_percentile_and_it_has_no_quirk_of_others() -> None:
    near = DetectorSettings("near")
    assert released_rule(near, RELEASED, 90) == Rule(percentile=90)
    rows = released_rule(RowDetectorSettings("near"), RELEASED, 90)
    assert (rows.percentile, rows.transductive, rows.count_training) == (90, True, True)
    stale = read_config(cell(near, RELEASED, "source"))["protocol"]
    assert stale == {"name": "released", "data": "windows", "percentile": 90}
    assert quirks_off(cell(near, RELEASED, "source")) == "none"
    switched = replace(RELEASED, transductive=False, inverted=False, single_field=False)
    assert quirks_off(cell(near, switched, "source")) == "none"


def test_a_saved_models_settings_are_looked_up_in_its_own_file(
    add: Added, monkeypatch: pytest.MonkeyPatch, toy_vocabulary: Vocabulary
) -> None:
    add("detector", "own_saved", text=GOOD + "\nclass SavedDetector:\n    pass\n")
    monkeypatch.setitem(models.DETECTORS, "own_saved", "own_saved:SavedDetector")
    told = Blueprint("detector", toy_vocabulary, LofSettings("own_saved"), 1, TrainerSettings()).to_json()
    told["settings"] = {"class": "FineSettings", "name": "own_saved", "size": 5}
    found = Blueprint.from_json(told).settings
    assert (type(found).__module__, vars(found)["size"]) == ("own_saved", 5)
    told["settings"]["name"] = "aegis"
    with pytest.raises(SmartgenError, match=r"settings\.class is 'FineSettings', expected one of Detector"):
        Blueprint.from_json(told)
    told["settings"]["name"] = "lost"
    with pytest.raises(SmartgenError, match=r"detector\.name is 'lost', expected one of lof"):
        Blueprint.from_json(told)
