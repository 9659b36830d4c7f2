"""Detection cells: which sequences a detector sees, and what a quirk that is switched off changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartgen.cell import Prepared
from smartgen.config import compose_cell
from smartgen.core.errors import SmartgenError
from smartgen.core.models import ADDED
from smartgen.core.records import read_cases, read_records
from smartgen.detectors import REGISTRY
from smartgen.settings import (
    AegisSettings,
    ArgusSettings,
    AutoencoderDetectorSettings,
    DetectorSettings,
    IsolationForestSettings,
    LofSettings,
    NeuralDetectorSettings,
    OcsvmSettings,
    ReleasedProtocolSettings,
    ReleasedRuleSettings,
    TransAESettings,
    UnifiedProtocolSettings,
)

UNIFIED = UnifiedProtocolSettings(name="unified", max_steps=10, check_every=5, batch_size=8, width=16)
RELEASED = ReleasedProtocolSettings(name="released")
DETECTORS: dict[str, DetectorSettings] = {
    "lof": LofSettings("lof"),
    "isolation_forest": IsolationForestSettings("isolation_forest"),
    "aegis": AegisSettings("aegis"),
    "ocsvm": OcsvmSettings("ocsvm"),
    "autoencoder": AutoencoderDetectorSettings("autoencoder", d_model=16, epochs=1),
    "argus": ArgusSettings("argus", d_model=16, epochs=1),
    "transae": TransAESettings("transae", d_model=16, heads=2, layers=1, epochs=1, network="baseline"),
    "seen": DetectorSettings("seen"),
    "length": DetectorSettings("length"),
}
DETECTORS |= {name: compose_cell(f"detector={name}").detector for name in ADDED["detector"]}
KINDS = ("command", "hours", "burst")


@pytest.mark.parametrize("name", REGISTRY)
@pytest.mark.parametrize("protocol", ["released", "unified"])
def test_every_detector_runs_under_both_protocols(
    cell: Any, run: Any, tmp_path: Path, name: str, protocol: str
) -> None:
    released = protocol == "released"
    settings = cell(tmp_path, detector=DETECTORS[name], protocol=RELEASED if released else UNIFIED)
    settings.regime = "source" if released else "mixed"
    run(settings)
    (record,) = read_records(tmp_path)
    assert record.axes["detector"] == name
    assert 0 <= record.metrics["auroc"] <= 1
    assert 0 <= record.metrics["f1"] <= 1
    if not released:
        cases = read_cases(record)
        assert len(cases["kind"]) == sum(record.counts[f"{kind}_kept"] for kind in KINDS)
        assert ("normal_fields" in cases) == isinstance(DETECTORS[name], NeuralDetectorSettings)
        assert ("command_device_part_auroc" in record.metrics) == ("normal_fields" in cases)


def test_stale_detectors_see_windows_and_adapted_ones_pieces(cell: Any, run: Any, tmp_path: Path) -> None:
    counts = {}
    for name, regime, data in (
        ("windows", "source", "windows"),
        ("pieces", "source", "pieces"),
        ("written", "synthetic", "windows"),
    ):
        protocol = replace(RELEASED, source_data=data)
        settings = cell(tmp_path / name, detector=DETECTORS["seen"], protocol=protocol, regime=regime)
        run(settings)
        (record,) = read_records(tmp_path / name)
        counts[name] = record.counts
        assert record.config["protocol"]["data"] == ("windows" if name == "windows" else "pieces")
        assert record.axes["without"] == ("D25" if name == "pieces" else "none")
    assert counts["windows"]["normal"] < counts["pieces"]["normal"] == counts["written"]["normal"]
    assert counts["written"]["train"] == 30 != counts["windows"]["train"]


def test_quirks_change_what_is_judged(cell: Any, run: Any, tmp_path: Path) -> None:
    def judged(protocol: ReleasedProtocolSettings, name: str) -> dict[str, int]:
        run(cell(tmp_path / name, detector=AegisSettings("aegis"), protocol=protocol, regime="source"))
        (record,) = read_records(tmp_path / name)
        return record.counts

    quirky = judged(RELEASED, "quirky")
    plain = judged(replace(RELEASED, inverted=False), "plain")
    assert quirky["false_positives"] + quirky["true_negatives"] == quirky["train"] + quirky["normal"]
    assert plain["false_positives"] + plain["true_negatives"] == plain["normal"]
    assert quirky["true_positives"] == plain["false_negatives"]  # one flags what the other does not


def test_another_attack_can_stand_in(cell: Any, run: Any, tmp_path: Path) -> None:
    settings = cell(tmp_path, detector=DETECTORS["seen"], protocol=RELEASED)
    settings.transition.released = ReleasedRuleSettings(field="hour", attack="hours")
    assert "source" in Prepared(settings).inputs  # whose habits such an attack may copy
    run(settings)
    (record,) = read_records(tmp_path)
    assert 0 < record.counts["attack"] <= record.counts["normal"]
    settings.transition.released = ReleasedRuleSettings(attack="flood")
    with pytest.raises(SmartgenError, match="attack is 'flood', expected one of heater"):
        run(settings)


def test_unread_thresholds_are_no_part_of_a_cell(cell: Any, tmp_path: Path) -> None:
    def key(regime: str, **changes: Any) -> str:
        return Prepared(cell(tmp_path, protocol=replace(RELEASED, **changes), regime=regime)).key

    assert key("source") == key("source", percentile=50.0)
    assert key("source") != key("source", source_percentile=50.0)
    assert key("synthetic") == key("synthetic", source_percentile=50.0)
    assert key("synthetic") != key("synthetic", percentile=50.0)


@pytest.mark.parametrize(
    ("detector", "told"),
    [
        (LofSettings("lof", neighbors=0), "detector.neighbors is 0, expected a number from 1 or more"),
        (OcsvmSettings("ocsvm", nu=2), "detector.nu is 2, expected a number from 1e-06 to 1"),
        (TransAESettings("transae", network="huge"), "detector.network is 'huge', expected one of smartgen"),
        (DetectorSettings("svm"), "detector is 'svm', expected one of lof"),
    ],
)
def test_bad_settings_are_named(cell: Any, tmp_path: Path, detector: DetectorSettings, told: str) -> None:
    with pytest.raises(SmartgenError, match=told):
        Prepared(cell(tmp_path, detector=detector))
