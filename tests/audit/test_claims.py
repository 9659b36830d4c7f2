"""The abstract's averages and small things: what the release shows, and what would refute it."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from smartgen.audit import claims
from smartgen.audit.finding import Finding
from smartgen.audit.ground import Ground
from smartgen.core.types import Sequences
from smartgen.data.holdout import hold_out
from smartgen.tables.declare import load_named


def home(root: Path, off: dict[str, int]) -> Ground:
    """A home with a vocabulary and a log of one sequence that ends with action 0."""
    (root / "SmartGen/IoT_data/fr/spring").mkdir(parents=True)
    tables = {"fr_devices_dict": {"Fan": 0}, "fr_actions": {"Fan:off": 0, "Fan:on": 1}, "fr_actions_off": off}
    (root / "SmartGen/dictionary.json").write_text(json.dumps(tables))
    write(root, "test", [[0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 0]])
    return Ground(root)


def write(root: Path, name: str, rows: list[list[int]]) -> None:
    (root / f"SmartGen/IoT_data/fr/spring/{name}.pkl").write_bytes(pickle.dumps(rows))


def test_the_averages_are_ratios_of_means(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(None)
    found = claims.d48(ground)
    assert found == Finding(
        True,
        (
            "2 of 2 claimed averages are ratios of means to the same system unadapted",
            "F1 Score: mean of 9 cells 0.8986, TransAE's 0.4846: +85.43 %, claimed +85.43 %",
            "F1 Score: mean of the cells' own gains over TransAE +742.83 %",
            "F1 Score: over Autoencoder, the best baseline, 0.5344, +68.15 %",
            "HR@10: mean of 9 cells 0.8848, SASRec's 0.5189: +70.51 %, claimed +70.51 %",
            "HR@10: mean of the cells' own gains over SASRec +109.51 %",
            "HR@10: over Caser, the best baseline, 0.5634, +57.06 %",
        ),
    )
    half = {
        name: replace(
            table,
            published={
                place: value / 2 if place.method == "SASRec" else value
                for place, value in table.published.items()
            },
        )
        for name in ("table2", "table3")
        for table in [load_named(name)]
    }
    monkeypatch.setattr(ground, "table", half.__getitem__)
    other = claims.d48(ground)
    assert not other.holds
    assert other.evidence[0].startswith("1 of 2 claimed averages")


@pytest.mark.release
def test_the_release_left_synthetic_sets_as_training_files(real: Ground) -> None:
    found = claims.d49(real)
    assert found.holds
    assert found.evidence[:3] == (
        "7 of 9 cells have trn and rs_vld of the new context here",
        "6 of 7 pairs are the 80/20 split of a synthetic set",
        "1 of 661 sequences are in the logs, 256 of 256 of the real validation files beside them",
    )


@pytest.mark.parametrize("real", [False, True])
def test_training_files_that_are_logs_would_refute(tmp_path: Path, real: bool) -> None:
    ground = home(tmp_path, {})
    written = [[day, 0, 0, 1] for day in range(7)]
    write(tmp_path, "fr_spring_generation_SPPC_th=0.9_gpt-4o_seq", written)
    pair = hold_out(Sequences.from_lists(written))
    logged = [[0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 0]]
    write(tmp_path, "trn", logged if real else pair[0].to_lists())
    write(tmp_path, "rs_vld", logged if real else pair[1].to_lists())
    found = claims.d49(ground)
    assert found.holds is not real
    assert found.evidence[1].startswith("0 of 1" if real else "1 of 1")
    assert found.evidence[3].endswith("; 4 are in the home's logs" if real else "; 1 are in the home's logs")


@pytest.mark.release
def test_the_releases_networks_are_of_epoch_50(real: Ground) -> None:
    found = claims.d51(real)
    assert found.holds
    assert found.evidence == (
        "47 of 47 networks are of epoch 50; 10 tests ask for another",
        "networks by the epoch in their name: 50 (47)",
        "settings of trainings, by epochs asked for: 50 (62)",
        "settings of tests, by epochs asked for: 50 (16), 500 (10)",
        "and by the epoch of the network that they read: 50 (25), 500 (1)",
    )


@pytest.mark.parametrize(("epoch", "asked", "holds"), [(50, 500, True), (500, 500, False), (50, 50, False)])
def test_epochs_are_read_from_names_and_settings(tmp_path: Path, epoch: int, asked: int, holds: bool) -> None:
    folder = tmp_path / "study/x_test_default"
    folder.mkdir(parents=True)
    (folder / f"SASRec.epoch={epoch}.lr=0.001.pth").write_bytes(b"")
    (folder / "args.txt").write_text(f"inference_only,True\nnum_epochs,{asked}\nstate_dict_path,None")
    assert claims.d51(Ground(tmp_path)).holds is holds


@pytest.mark.release
def test_the_release_lists_an_off_action_that_sp_lacks(real: Ground) -> None:
    found = claims.d52(real)
    assert found.holds
    assert found.evidence[0] == "1 listed off actions are not the home's: FR 0, SP 1, US 0"
    assert found.evidence[3] == (
        "SP: 26 off actions, not owned: 'Dryer:switch off' as 69, which is 'GarageDoor:doorControl close'; "
        "0 of 10,056 logged sequences end with action 0"
    )


@pytest.mark.parametrize(("off", "holds"), [({"Fan:off": 0}, False), ({"Lamp:off": 1}, True)])
def test_off_actions_that_the_home_has_would_refute(tmp_path: Path, off: dict[str, int], holds: bool) -> None:
    ground = home(tmp_path, off)
    found = claims.d52(ground)
    assert found.holds is holds
    assert found.evidence[1].startswith("1 logged sequences end with action 0")
    assert found.evidence[2].endswith("1 of 2 logged sequences end with action 0")
