"""Tables prefer an added model's settings as its file in conf/ has them."""

from pathlib import Path

import pytest

from smartgen.tables import added
from smartgen.tables.added import own_settings, preferred
from smartgen.tables.paired import DEFAULTS


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A detector knn, added, with a file of its own."""
    (tmp_path / "detector").mkdir()
    (tmp_path / "detector/knn.yaml").write_text(
        "# near\ndefaults: [knn_schema, _self_]\nname: knn\nneighbors: 3\nfar: 1e-3\nhow: kd_tree\n"
        "cut: null\nsizes: [1, 2]\n"
    )
    monkeypatch.setattr(added, "resource_dir", lambda name: tmp_path)
    monkeypatch.setattr(added, "ADDED", {"detector": ("knn", "bare"), "predictor": ()})
    own_settings.cache_clear()
    yield tmp_path
    own_settings.cache_clear()


def test_its_own_settings_stand_in_for_those_of_models_that_ship(conf: Path) -> None:
    found = preferred(DEFAULTS, "detector", "knn")
    own = {"neighbors": 3, "far": 0.001, "how": "kd_tree", "cut": None}
    assert {key: value for key, value in found.items() if key.startswith("detector.")} == {
        f"detector.{key}": value for key, value in own.items()
    }
    assert {key for key in DEFAULTS if not key.startswith("detector.")} <= set(found)


def test_a_shipped_model_keeps_the_defaults_and_one_without_a_file_has_none(conf: Path) -> None:
    assert preferred(DEFAULTS, "detector", "lof") == DEFAULTS
    assert not [key for key in preferred(DEFAULTS, "detector", "bare") if key.startswith("detector.")]
