"""The side studies: what the release shows, and what would refute it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from smartgen.audit import studies
from smartgen.audit.ground import Ground
from smartgen.tables.declare import Place, load_named

ABLATION = "ablation_study/study_data/ablation1"
RESULTS = "ablation_study/results/ablation1_results_20250731_002941.csv"
SET = f"{ABLATION}/generation_th=0.905_Llama_70B_seq"
DATA = "SmartGen/IoT_data/sp/spring"
Alter = Callable[[dict[str, bytes | None]], Path]


@pytest.mark.release
def test_the_release_made_table_4_of_another_setting(real: Ground) -> None:
    found = studies.d41(real)
    assert found.holds
    assert found.evidence[:5] == (
        "5 of 5 sets are copies of sets as they were written for SP spring; 0 files beside them are outcomes "
        "of TOF",
        "the result file's LLM: Llama_70B in 5 of 5 rows",
        "by name: sp spring, Llama_70B, threshold 0.905",
        "SmartGen in Table 4: F1 Score 0.8886, in Table 2 0.9191; HR@10 0.9477, in Table 3 0.9326",
        "all: 161 sequences, equal to generation_SPPC_th=0.905_Llama_70B_seq_all.pkl",
    )


@pytest.mark.release
@pytest.mark.parametrize("other", ["set", "filtered", "llm"])
def test_table_4_of_filtered_sets_or_of_another_llm_would_refute(
    release: Path, altered: Alter, other: str
) -> None:
    files: dict[str, dict[str, bytes | None]] = {
        "set": {f"{SET}_all.pkl": (release / f"{SET}_without_GSS.pkl").read_bytes()},
        "filtered": {f"{SET}_filter_true.pkl": (release / f"{SET}_all.pkl").read_bytes()},
        "llm": {RESULTS: (release / RESULTS).read_bytes().replace(b"Llama_70B", b"gpt-4o", 1)},
    }
    found = studies.d41(Ground(altered(files[other])))
    assert not found.holds
    assert found.evidence[0].startswith("4 of 5" if other == "set" else "5 of 5")


@pytest.mark.release
@pytest.mark.slow
def test_the_release_compresses_where_it_says_it_does_not(real: Ground) -> None:
    found = studies.d42(real)
    assert found.holds
    assert found.evidence[:4] == (
        "2 of 2 sets were written after compression by the similarity of raw ids",
        "at 0.905 that keeps 64 of 6,283 pieces, 89 of 3,298 unsplit sequences; SSC keeps 785 pieces",
        "the 89 recorded survivors of similarity are those of unsplit sequences",
        "without_SSC: 50 sequences to train on, equal to "
        "generation_similarity_th=0.905_Llama_70B_seq_noSPPC.pkl",
    )


@pytest.mark.release
@pytest.mark.slow
def test_a_set_written_without_compression_would_refute(release: Path, altered: Alter) -> None:
    other = (release / f"{SET}_all.pkl").read_bytes()
    found = studies.d42(Ground(altered({f"{SET}_without_SSC.pkl": other})))
    assert not found.holds
    assert found.evidence[0].startswith("1 of 2")
    assert found.evidence[3] == (
        "without_SSC: 161 sequences to train on, not a copy of a set made with similarity"
    )


@pytest.mark.release
def test_the_release_attacks_unsplit_sequences_in_table_4(real: Ground) -> None:
    found = studies.d43(real)
    assert found.holds
    assert found.evidence[:6] == (
        "363 attacks, 363 of them an unsplit test sequence with one behavior made the heater's; 728 normal "
        "sequences, equal to the split ones",
        "recall is a whole number of 363 in 5 of 5 rows, of 728 in 2",
        "77 sequences for the threshold, equal to real ones of spring",
        "without_all flags 1.97 times as many normal sequences as the column with the second most, as with a "
        "lower percentile",
        "without_all: 203 of 728 normal sequences flagged",
        "without_SSC: 75 of 728 normal sequences flagged",
    )


@pytest.mark.release
def test_attacks_of_split_sequences_would_refute(release: Path, altered: Alter) -> None:
    split = (release / "anomaly_detection_pipeline/attack/sp/sp_spring_attack_heater.pkl").read_bytes()
    found = studies.d43(Ground(altered({f"{ABLATION}/sp_spring_attack_heater.pkl": split})))
    assert not found.holds
    assert found.evidence[0].startswith("728 attacks, ")


@pytest.mark.release
def test_one_network_of_table_4_gives_another_result(release: Path, real: Ground, altered: Alter) -> None:
    found = studies.d44(real)
    assert found.holds
    assert found.evidence[:2] == (
        "4 of 5 recorded networks give the recorded result",
        "without_all: NDCG@10/HR@10 0.0825/0.1582, result file 0.0774/0.1458",
    )
    told = (release / RESULTS).read_text()
    other = studies.d44(Ground(altered({RESULTS: told.replace("0.9477303988995873", "0.9").encode()})))
    assert not other.holds
    assert other.evidence[0].startswith("3 of 5")


def patched(name: str, change: Callable[[Place, float], float]) -> Ground:
    """Without a release, and with other numbers in one table."""
    table = load_named(name)
    other = replace(table, released={place: change(place, value) for place, value in table.released.items()})
    return Ground(None, tables={name: other}.__getitem__)


def test_which_llm_is_best_is_read_from_the_numbers() -> None:
    found = studies.d45(Ground(None))
    assert found.holds
    assert found.evidence[:3] == (
        "in 4 of 6 panels of prediction GPT-4o is not best: FR NDCG@10, FR HR@10, US NDCG@10, US HR@10",
        "homes in which it is best by no metric of prediction: FR, US",
        "percentiles for detection, as declared (FR, SP, US): "
        "Llama-3.3-70B 95, 95, 95; Qwen2.5-72B 93, 75, 40; GPT-4o 95.5, 95, 95",
    )
    best = studies.d45(patched("fig8", lambda place, value: value + (place.method == "GPT-4o")))
    assert not best.holds
    assert best.evidence[0] == "in 0 of 6 panels of prediction GPT-4o is not best: -"
    half = studies.d45(
        patched("fig8", lambda place, value: value + (place.method, place.metric).__eq__(("GPT-4o", "HR@10")))
    )
    assert not half.holds, "best by one metric of each home"
    assert half.evidence[0].startswith("in 2 of 6 panels")


def test_which_interval_is_best_is_read_from_the_numbers() -> None:
    found = studies.d46(Ground(None))
    assert found.holds
    assert found.evidence[0] == (
        "of 12 curves 4 are highest at the main setting (gap 9 h, duration 24 h), 6 at an end of the range"
    )
    assert "SP F1 Score: best at duration 36 h, 0.9286; at duration 24 h 0.9191" in found.evidence
    middle = studies.d46(
        patched("fig7", lambda place, value: value + (place.method in studies.USUAL.values()))
    )
    assert not middle.holds
    assert len(middle.evidence) == 1


@pytest.mark.release
def test_the_release_has_another_set_for_us(release: Path, real: Ground, altered: Alter) -> None:
    found = studies.d47(real)
    assert found.holds
    assert found.evidence[3] == (
        "US ST: 97 sequences in Figure 8, 94 in Table 2, another set; F1 0.8831 and 0.9303"
    )
    name = "us_spring_generation_SPPC_th=0.905_gpt-4o_seq_filter_true.pkl"
    main = (release / "anomaly_detection_pipeline/synthetic_data" / name).read_bytes()
    assert len(pickle.loads(main)) == 94
    same = studies.d47(Ground(altered({f"parameter_study/study_data/diffllmEP/{name}": main})))
    assert not same.holds
