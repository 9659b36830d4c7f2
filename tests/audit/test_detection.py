"""How anomaly detection was measured: what the release shows, and made-up ones that do as the paper says."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartgen.audit import detection
from smartgen.audit.finding import Finding, UncheckableError
from smartgen.audit.ground import Ground
from smartgen.core.records import Record
from smartgen.core.types import ACTION
from smartgen.data.padding import field_tokens
from smartgen.tables.declare import load_named

ACTIONS = (
    "Fan:off",
    "Fan:on",
    "Heater:switch on",
    "Light:off",
    "Light:on",
    "Lamp:on",
    "Lamp:off",
    "Door:open",
)
DEVICES = ("Fan", "Heater", "Light", "Lamp", "Door")
HEADER = "model,dataset,env,type,precision,recall,f1_score"
FOLDER = "anomaly_detection_baseline"
Told = dict[str, float]


def home(root: Path) -> Ground:
    """A home before and after winter, with windows for the stale detectors."""
    random = np.random.default_rng(7)
    folder = root / FOLDER / "baseline_data/fr/winter"
    folder.mkdir(parents=True)
    (root / "SmartGen/IoT_data/fr").mkdir(parents=True)
    tables = {"fr_devices_dict": DEVICES, "fr_actions": ACTIONS}
    written = {name: {text: i for i, text in enumerate(table)} for name, table in tables.items()}
    (root / "SmartGen/dictionary.json").write_text(json.dumps(written))
    for part, count, usual in (("trn", 60, 4), ("vld", 20, 4), ("test", 40, 6)):
        sizes = (7, 8, len(DEVICES), usual)
        rows = np.column_stack([random.integers(0, size, count * 10) for size in sizes]).reshape(count, 40)
        (folder / f"{part}.pkl").write_bytes(pickle.dumps(rows.tolist()))
    return Ground(root)


def recorded(root: Path, results: dict[str, Told]) -> None:
    """The result file of these models."""
    rows = [
        f"{model},fr,winter,x,{told['precision']:.4f},{told['recall']:.4f},{told['f1']:.4f}"
        for model, told in results.items()
    ]
    (root / FOLDER / "results").mkdir(exist_ok=True)
    (root / FOLDER / "results/all.csv").write_text("\n".join([HEADER, *rows]))


def measured(ground: Ground, names: dict[str, str], **quirks: Any) -> dict[str, Told]:
    """What detectors reach on the home, with the release's quirks or without."""
    from smartgen.audit.changes import cells
    from smartgen.conformance.detection import row_detector, window_parts
    from smartgen.protocols.released import detect
    from smartgen.settings import ReleasedProtocolSettings

    cell = cells(ground)[0]
    parts = window_parts(cell.old)
    assert parts is not None
    protocol = ReleasedProtocolSettings("released", **quirks)
    made = {model: row_detector(cell.old, name, protocol) for model, name in names.items()}
    return {model: detect(one, parts, rule).metrics for model, (one, rule, _) in made.items()}


@pytest.mark.parametrize("quirk", [True, False])
def test_how_row_detectors_are_fitted_is_told_from_their_results(tmp_path: Path, quirk: bool) -> None:
    ground = home(tmp_path)
    recorded(tmp_path, measured(ground, detection.ROW_DETECTORS, transductive=quirk))
    found = detection.d26(ground)
    assert found.holds is quirk
    count = "3 of 3" if quirk else "0 of 3"
    assert found.evidence[0] == (
        "1 of 3 cells have windows and results here; of these 0 with more than 2,500 rows are left out"
    )
    assert found.evidence[1].startswith(f"{count} recorded results come out when training, test and attack")
    assert found.evidence[2].startswith("0 come out" if quirk else "3 come out")
    assert found.evidence[3].startswith("FR ST, 60 + 80 rows: F1 of lof, isolation_forest, ocsvm 0.")


@pytest.mark.parametrize("quirk", [True, False])
def test_which_way_labels_are_is_told_from_results(tmp_path: Path, quirk: bool) -> None:
    ground = home(tmp_path)
    recorded(tmp_path, measured(ground, {"MC": "aegis"}, inverted=quirk))
    found = detection.d27(ground)
    assert found.holds is quirk
    assert found.evidence[1].startswith("1 of 1" if quirk else "0 of 1")


def autoencoder(ground: Ground, activation: bool) -> Told:
    """Writes weights of an Autoencoder as the release does; what it reaches with an activation or without."""
    import torch

    from smartgen.audit.changes import cells
    from smartgen.conformance.checkpoints import AUTOENCODER
    from smartgen.conformance.detection import window_parts
    from smartgen.metrics.detection import confusion, precision_recall_f1
    from smartgen.nets.token_autoencoders import LinearBody, TokenAutoencoder
    from smartgen.training.reconstruction import sequence_losses

    torch.manual_seed(1)
    ids, parts = len(ACTIONS), window_parts(cells(ground)[0].old)
    assert parts is not None
    network = TokenAutoencoder(ids, ids, lambda: LinearBody(128, activation)).eval()
    network.load_state_dict({name: value * 3 for name, value in network.state_dict().items()})
    theirs = {ours: name for name, ours in AUTOENCODER.items()}
    split = {name: name.rpartition(".") for name in network.state_dict()}
    weights = {f"{theirs[split[name][0]]}.{split[name][2]}": v for name, v in network.state_dict().items()}
    folder = ground.root / FOLDER / "saved_model"
    folder.mkdir()
    torch.save(weights, folder / "best_Autoencoder_fr_winter.pth")
    held_out, normal, attack = (
        sequence_losses(network, field_tokens(part, ACTION, ids))
        for part in (parts.validation, parts.normal, parts.attack)
    )
    border = np.percentile(held_out, 90)
    told = precision_recall_f1(confusion(normal >= border, attack >= border))
    return dict(zip(("precision", "recall", "f1"), told, strict=True))


@pytest.mark.parametrize("activation", [False, True])
def test_a_linear_autoencoder_is_told_from_one_with_activations(tmp_path: Path, activation: bool) -> None:
    ground = home(tmp_path)
    recorded(tmp_path, {"Autoencoder": autoencoder(ground, activation)})
    found = detection.d29(ground)
    assert found.holds is not activation
    assert found.evidence[1].startswith("0 of 1" if activation else "1 of 1")


def test_two_recalls_that_are_not_swapped_refute(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(None)
    assert detection.d30(ground) == Finding(
        True,
        (
            "2 of 72 printed F1 are not 2PR/(P+R) of their P and R; with the two recalls swapped 2 of them "
            "are",
            "FR TT Recall LOF: printed 0.3774, result file 0.1984",
            "FR TT Recall IF: printed 0.1984, result file 0.3774",
        ),
    )
    table = load_named("table2")
    right = {place: table.released[place] for place in table.published if place.metric == "Recall"}
    monkeypatch.setattr(ground, "table", lambda name: replace(table, published={**table.published, **right}))
    found = detection.d30(ground)
    assert not found.holds
    assert found.evidence == ("0 of 72 printed F1 are not 2PR/(P+R) of their P and R",)


def run_here(f1: float, dataset: str = "us", transition: str = "occupancy", seed: int = 1) -> Record:
    """A finished detection of SmartGen on Table 2's sequences."""
    axes: dict[str, Any] = {
        "task": "detection",
        "dataset": dataset,
        "transition": transition,
        "protocol": "released",
        "without": "none",
        "detector": "transae",
        "regime": "synthetic",
        "synthesizer": "replay",
        "seed": seed,
    }
    config = {
        "detector": {"name": "transae", "network": "smartgen"},
        "synthesizer": {"name": "replay", "collection": "detection"},
    }
    key = f"{dataset}-{transition}-{seed}"
    return Record(
        key, Path("runs") / key, {"axes": axes, "config": config, "metrics": {"f1": f1}, "counts": {}}
    )


def test_runs_tell_whether_chance_decides() -> None:
    with pytest.raises(
        UncheckableError, match=r"^needs records: smartgen experiment=table2 system=smartgen_tran"
    ):
        detection.d31(Ground(None))
    apart = detection.d31(
        Ground(None, [run_here(0.84), run_here(0.0, seed=2), run_here(0.8, "us", "seasonal")])
    )
    assert apart.holds
    assert apart.evidence == (
        "NT: 1 of 1 sets give F1 more than 0.5 apart, by seed or machine",
        "ST and TT: 0 of 1 do, the widest span is 0.1303",
        "US NT SmartGen: result file 0.8405, here by seed 1 0.8400, 2 0.0000",
    )
    assert not detection.d31(Ground(None, [run_here(0.84), run_here(0.81, seed=2)])).holds


@pytest.mark.release
@pytest.mark.slow
def test_the_release_fits_on_what_it_judges(real: Ground) -> None:
    found = detection.d26(real)
    assert found.holds
    assert found.evidence[1].startswith(
        "18 of 18 recorded results come out when training, test and attack rows"
    )
    assert found.evidence[2].startswith("0 come out")
    assert (
        "FR ST, 168 + 222 rows: F1 of lof, isolation_forest, ocsvm 0.0635, 0.5337, 0.3566; apart "
        in (found.evidence[3])
    )


@pytest.mark.release
def test_the_release_flags_what_is_likely(real: Ground) -> None:
    found = detection.d27(real)
    assert found.holds
    assert found.evidence[1].startswith("9 of 9 recorded results")
    assert found.evidence[7] == (
        "SP NT: recorded F1 0.0000; likely rows flagged 0.0000, unlikely test rows flagged 0.8313"
    )


@pytest.mark.release
@pytest.mark.slow
def test_the_release_has_a_linear_autoencoder(real: Ground) -> None:
    found = detection.d29(real)
    assert found.holds
    assert found.evidence[1].startswith("3 of 3 recorded results")
    assert found.evidence[2].startswith(
        "ARGUS: 12 recurrent layers of depth 1, in which dropout does nothing, and 0"
    )
    assert found.evidence[3].endswith("F1 .6667: FR ST TransAE, SP TT Autoencoder")
