"""How prediction was measured: what the release shows, and made-up ones that do as the paper says."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from smartgen.audit import prediction
from smartgen.audit.ground import Ground
from smartgen.tables.declare import Place, Table, load_named

PIPELINE = "behavior_prediciton_pipeline/SASRec"
BASELINE = "behavior_prediciton_baseline/SASRec"
RESULTS = f"{PIPELINE}/results/action_only_results_20250723_160104.csv"
Alter = Callable[[dict[str, bytes | None]], Path]


@pytest.mark.release
@pytest.mark.slow
def test_the_release_ranks_among_sampled_ids_and_shows_the_device(real: Ground) -> None:
    found = prediction.d32(real)
    assert found.holds
    assert found.evidence[:4] == (
        "6 of 9 cells have a network of SmartGen or SASRec here",
        "SmartGen and SASRec: 12 of 12 recorded results are of ranks among the wanted id and 100 sampled "
        "ones, 0 of ranks among all ids",
        "FPMC, LSTM, CARNN, Caser, SIAR: 27 of 27 recorded results are of ranks among all",
        "FR ST SmartGen: NDCG@10/HR@10 0.5636/0.9540 among 101, 0.2285/0.4138 among all 222 ids",
    )
    shown = prediction.d33(real)
    assert shown.holds
    assert shown.evidence[1].endswith("behavior are shown; hidden, 12 are lower")
    assert shown.evidence[2].endswith("has a higher HR@10 than SmartGen in 4 of 6 cells")
    assert shown.evidence[3].startswith("9 of 9 test files have day, hour, device and action")
    assert shown.evidence[4] == (
        "FR ST SmartGen: HR@10 0.9540, with the three hidden 0.6322, nothing else is shown in 33%; among all "
        "ids 0.4138, by the device alone 0.6942"
    )


@pytest.mark.release
def test_the_release_draws_ids_that_repeat_and_hit(real: Ground) -> None:
    found = prediction.d34(real)
    assert found.holds
    assert found.evidence[1].startswith("12 of 12 recorded results come out with these draws")
    assert found.evidence[2].startswith("0 draws are among the user's tokens")
    assert found.evidence[3] == "with ties counted against it NDCG@10 falls by 0.0062 to 0.0624"
    assert found.evidence[4] == (
        "FR ST: ids 1 to 196 of 221 are drawn for 87 users; 25.3% have the wanted one among them, 100.0% one "
        "twice"
    )


@pytest.mark.release
@pytest.mark.slow
def test_other_results_would_refute(release: Path, altered: Alter) -> None:
    """FR ST's result by ranks among all ids."""
    told = (release / RESULTS).read_text().splitlines()
    wrong = "fr,spring,SASRec_fixed,0.41379310344827586,0.22846"
    ground = Ground(altered({RESULTS: "\n".join([told[0], wrong, *told[2:]]).encode()}))
    for check in (prediction.d32, prediction.d33, prediction.d34):
        found = check(ground)
        assert not found.holds
        assert "11 of 12" in found.evidence[1]


@pytest.mark.release
def test_the_release_evaluates_all_but_the_first(real: Ground) -> None:
    found = prediction.d35(real)
    assert found.holds
    assert found.evidence[1:3] == (
        "57 of 57 recorded HR@10 are a whole number of hits among all test sequences but one, 0 among all",
        "the weights of id 0 are all 0 in 47 of 47 recorded networks, as a pad's are",
    )
    assert found.evidence[-1] == (
        "1,913 of 18,008 items of SmartGen's 9 training files are 0: 888 days, 653 hours, 372 devices, "
        "0 actions"
    )


@pytest.mark.parametrize(("evaluated", "holds"), [(10, True), (11, False)])
def test_shares_of_hits_tell_how_many_were_evaluated(
    bare: Ground, tmp_path: Path, evaluated: int, holds: bool
) -> None:
    pieces = [[0, 0, 0, 1]] * 11
    (tmp_path / "SmartGen/IoT_data/fr/spring/split_test.pkl").write_bytes(pickle.dumps(pieces))
    place = Place("FR", "ST", "HR@10", "SmartGen")

    def table(name: str) -> Table:
        return replace(load_named(name), released={place: 3 / evaluated} if name == "table3" else {})

    found = prediction.d35(Ground(tmp_path, tables=table))
    assert found.holds is holds
    assert found.evidence[3] == "FR ST: 11 test sequences, 10 evaluated"


def trainings(root: Path, batch: int, rows: tuple[int, int]) -> None:
    """Settings and items of SmartGen's training and of SASRec's, of as many items a sequence."""
    for folder, name, size, lengths in (
        (PIPELINE, "fr_spring_generation_x", 8, rows),
        (BASELINE, "fr_winter_trn", batch, (40, 40)),
    ):
        (root / folder / f"{name}_default").mkdir(parents=True)
        (root / folder / f"{name}_default/args.txt").write_text(f"batch_size,{size}\ndataset,{name}")
        (root / folder / "data").mkdir()
        items = [f"{user} 1" for user, length in enumerate(lengths) for _ in range(length)]
        (root / folder / f"data/{name}.txt").write_text("\n".join(items))


@pytest.mark.parametrize(
    ("batch", "rows", "holds"), [(128, (8, 40), True), (8, (8, 40), False), (128, (40, 40), False)]
)
def test_what_both_were_trained_with(
    bare: Ground, tmp_path: Path, batch: int, rows: tuple[int, int], holds: bool
) -> None:
    trainings(tmp_path, batch, rows)
    found = prediction.d36(bare)
    assert found.holds is holds
    assert found.evidence[2].endswith(f"SASRec batch {batch}, 2 sequences of 40 items, 1 update an epoch")


@pytest.mark.release
def test_the_release_trained_sasrec_otherwise(real: Ground) -> None:
    found = prediction.d36(real)
    assert found.holds
    assert found.evidence[2] == (
        "FR ST: SmartGen batch 8, 125 sequences of 8 to 40 items, 16 updates an epoch; SASRec batch 128, 168 "
        "sequences of 40 items, 2 updates an epoch"
    )


def test_printed_numbers_that_are_not_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(None)
    found = prediction.d37(ground)
    assert found.holds
    assert found.evidence[2] == (
        "US NT HR@10 LSTM: printed 0.4710, result file 0.4560; its network is not here"
    )
    table = load_named("table3")
    fpmc = Place("FR", "NT", "NDCG@10", "FPMC")
    monkeypatch.setattr(
        ground, "table", lambda name: replace(table, published={**table.published, fpmc: 0.2565})
    )
    right = prediction.d37(ground)
    assert not right.holds
    assert right.evidence[0] == "1 of 144 printed numbers are not the result file's to four decimals"


@pytest.mark.release
def test_a_recorded_network_decides_which_is_right(real: Ground) -> None:
    assert prediction.d37(real).evidence[1] == (
        "FR NT NDCG@10 FPMC: printed 0.2562, result file 0.2565; its network gives 0.2565"
    )
