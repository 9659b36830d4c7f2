"""What the compared predictors are: what the release shows, and made-up ones that are otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smartgen.audit import predictors
from smartgen.audit.ground import Ground

PIPELINE = "behavior_prediciton_pipeline/SASRec"
BASELINE = "behavior_prediciton_baseline"
Alter = Callable[[dict[str, bytes | None]], Path]


@pytest.mark.release
@pytest.mark.slow
def test_the_release_gives_three_predictors_actions_alone(real: Ground) -> None:
    found = predictors.d38(real)
    assert found.holds
    assert found.evidence[1].startswith(
        "15 of 15 recorded results come out when only nine action ids are given"
    )
    assert found.evidence[2].startswith(
        "SIAR: in 3 of 3 networks the weights of time of all nine positions are"
    )
    assert found.evidence[3].startswith(
        "CARNN: 528 of 528 matrices beyond the ninth are as first drawn, 108 of 108"
    )
    assert (
        found.evidence[4]
        == "FR ST: HR@10 as recorded, from actions alone: CARNN 0.5225, SIAR 0.4955, FPMC 0.4234"
    )


def changed(path: Path, name: str, change: Callable[[Any], Any]) -> bytes:
    """A recorded network with one of its weights changed."""
    import io

    import torch

    weights = torch.load(path, map_location="cpu", weights_only=True)
    weights[name] = change(weights[name])
    content = io.BytesIO()
    torch.save(weights, content)
    return content.getvalue()


@pytest.mark.release
@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "weight", "line", "told"),
    [("SITAR", "star.E.3.weight", 2, "SIAR: in 2 of 3"), ("CARnn", "M.20.weight", 3, "CARNN: 527 of 528")],
)
def test_weights_that_time_has_moved_would_refute(
    release: Path, altered: Alter, system: str, weight: str, line: int, told: str
) -> None:
    name = f"{BASELINE}/{system}/fixeddata/save_weights_fr_daytime/best_model.pth"
    ground = Ground(altered({name: changed(release / name, weight, lambda found: found * 1.5)}))
    found = predictors.d38(ground)
    assert not found.holds
    assert found.evidence[1].startswith("15 of 15")
    assert found.evidence[line].startswith(told)


@pytest.mark.release
@pytest.mark.slow
def test_the_release_takes_no_step_to_the_next_state(real: Ground) -> None:
    found = predictors.d39(real)
    assert found.holds
    assert found.evidence[1].startswith(
        "3 of 3 recorded results come out when actions rank by what the last seen"
    )
    assert found.evidence[1].endswith("emits, 0 when by what the state after it does")
    assert found.evidence[3] == (
        "FR ST: recorded NDCG@10/HR@10 0.4349/0.6306; by the last state 0.4349/0.6306, by the next "
        "0.4402/0.6667"
    )


@pytest.mark.release
@pytest.mark.slow
def test_a_result_of_the_next_state_would_refute(release: Path, altered: Alter) -> None:
    """FR winter alone, with the result that a step gives."""
    name = f"{BASELINE}/HMM/fixeddata/results/action_only_results_20250723_203403.csv"
    head = (release / name).read_text().splitlines()[0]
    row = "fr,winter,HMM_fixed,0,0,0,0.6666666666666666,0.44024292762976175,0"
    windows = (
        f"{BASELINE.replace('behavior_prediciton', 'anomaly_detection')}/baseline_data/fr/daytime/trn.pkl"
    )
    found = predictors.d39(Ground(altered({name: f"{head}\n{row}\n".encode(), windows: None})))
    assert not found.holds
    assert found.evidence[:2] == (
        "1 of 9 cells have windows (up to 200 to train on) and the HMM's result here",
        "0 of 1 recorded results come out when actions rank by what the last seen state emits, 1 when by "
        "what the state after it does",
    )


@pytest.mark.release
def test_the_release_has_other_results_from_equal_files(real: Ground) -> None:
    found = predictors.d40(real)
    assert found.holds
    assert found.evidence[0] == "4 of 4 training files that were used more than once gave other results"
    assert found.evidence[1] == (
        "FR ST: NDCG@10/HR@10 Table 3 0.5636/0.9540, diffllmEP gpt-4o 0.5746/0.9425, splitEP1 9 "
        "0.5827/0.9540, splitEP2 24 0.5675/0.9195; apart by 0.0191/0.0345"
    )


@pytest.mark.parametrize(("again", "holds"), [("0.9,0.5", False), ("0.8,0.5", True)])
def test_equal_results_from_equal_files_would_refute(
    bare: Ground, tmp_path: Path, again: str, holds: bool
) -> None:
    set_name = "fr_spring_generation_SPPC_th=0.918_gpt-4o_seq"
    for folder, name, table in (
        (PIPELINE, set_name, "dataset,environment,HR@10,NDCG@10\nfr,spring,0.9,0.5\n"),
        (
            "parameter_study",
            f"diffllmEP_{set_name}",
            f"dataset,LLM type,HR@10,NDCG@10\nfr,gpt-4o,{again}\nfr,Llama_70B,0.1,0.1\n",
        ),
    ):
        for below in ("data", "results"):
            (tmp_path / folder / below).mkdir(parents=True)
        (tmp_path / folder / f"data/{name}.txt").write_text("0 1\n0 2\n")
        (tmp_path / folder / "results/diffllmEP_results.csv").write_text(table)
    found = predictors.d40(bare)
    assert found.holds is holds
    assert found.evidence[1].startswith(
        "FR ST: NDCG@10/HR@10 Table 3 0.5000/0.9000, diffllmEP gpt-4o 0.5000/0."
    )
