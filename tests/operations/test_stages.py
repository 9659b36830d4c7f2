"""Stages: each is made at most once a cell, and once for all cells that have it in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartgen.cell import Outcome
from smartgen.core import store
from smartgen.core.records import read_records
from smartgen.settings import (
    CellSettings,
    DatasetSettings,
    DetectorSettings,
    EncodedSscSettings,
    PredictorSettings,
    RepeatedTofSettings,
    SimilaritySscSettings,
    SscAutoencoderSettings,
    StageOneSettings,
    StageSettings,
    UnifiedProtocolSettings,
)

Cell = Callable[..., CellSettings]
Run = Callable[[CellSettings], Outcome]

NET: dict[str, Any] = {"d_model": 16, "heads": 2, "layers": 1, "epochs": 2, "batch_size": 32}
SSC = EncodedSscSettings("released", threshold=0.8, **NET)
TOF = StageOneSettings("influence", whisker=0, **NET)
BOTH = StageSettings(ssc=SSC, tof=TOF)
SSC_MADE = ("ssc_encoder", "ssc_cosines", "ssc")
ALL = dict.fromkeys(("tss", *SSC_MADE, "synthesize", "tof", "quality"), 1)
UNIFIED = UnifiedProtocolSettings("unified", max_steps=5, check_every=5, batch_size=8, width=16)
FUNCTIONS = {
    "compress": "smartgen.stages.ssc.compress.compress",
    "train_encoder": "smartgen.stages.ssc.vectors.train_encoder",
    "graph": "smartgen.synthesis.behavior_graph",
    "walk": "smartgen.synthesis.walk",
    "filter": "smartgen.stages.tof.filter.filter_outliers",
    "quality": "smartgen.pipeline.synthetic_quality",
    "splits": "smartgen.pipeline.split_sequences",
    "trainings": "pytorch_lightning.Trainer.fit",
}


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch, counting: Any) -> Callable[[], Any]:
    """Counts what stages make, what of theirs is read back, and the functions behind them."""

    @contextmanager
    def watch() -> Iterator[tuple[Counter[str], Counter[str], Counter[str]]]:
        made: Counter[str] = Counter()
        read: Counter[str] = Counter()
        publish, load = store.Store._publish, store.load_arrays

        def publishing(self: store.Store, folder: Path, *rest: Any) -> None:
            made[folder.parent.name] += 1
            publish(self, folder, *rest)

        def loading(path: Path) -> Any:
            found = load(path)
            read[path.parents[1].name] += 1
            return found

        with counting.counted(monkeypatch, **FUNCTIONS) as calls, monkeypatch.context() as patch:
            patch.setattr(store.Store, "_publish", publishing)
            patch.setattr(store, "load_arrays", loading)
            patch.setattr(store, "load_sequences", lambda path: store.sequences_from(loading(path)))
            yield made, read, calls

    return watch


def test_each_stage_is_made_once_a_cell(cell: Cell, run: Run, tmp_path: Path, traffic: Any) -> None:
    with traffic() as (made, read, calls):
        run(cell(tmp_path, stage=BOTH))
    assert (made, read) == (ALL, {})
    once = ("compress", "train_encoder", "graph", "walk", "filter", "quality")
    assert {name: calls[name] for name in once} == dict.fromkeys(once, 1)
    assert calls["splits"] == 2  # of the old log, and of the new one to measure the set beside it
    assert calls["trainings"] == 3  # SSC's encoder, TOF's stage 1, the detector


@pytest.mark.parametrize("force", [False, True])
def test_the_same_cell_again_makes_nothing_unless_it_is_forced(
    force: bool, cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    run(cell(tmp_path, stage=BOTH))
    with traffic() as (made, read, calls):
        run(cell(tmp_path, stage=BOTH, force=force))
    assert (made, read) == (ALL if force else {}, {})
    assert calls.total() == (11 if force else 0)


def test_another_model_takes_every_stage_from_the_cache(
    cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    run(cell(tmp_path, stage=BOTH))
    with traffic() as (made, read, calls):
        run(cell(tmp_path, stage=BOTH, detector=DetectorSettings("length")))
    # Neither pieces nor encoder are needed where what is made of them is there.
    assert (made, read) == ({}, dict.fromkeys(("ssc", "synthesize", "tof", "quality"), 1))
    assert calls == {}
    assert len(read_records(tmp_path)) == 2


def test_both_tasks_and_every_regime_share_what_is_written(
    cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    with traffic() as (made, _, _):
        for regime in ("synthetic", "source", "mixed", "oracle"):
            usual = {"regime": regime, "protocol": UNIFIED, "stage": BOTH}
            run(cell(tmp_path, **usual, detector=DetectorSettings("seen")))
            run(cell(tmp_path, **usual, task="prediction", predictor=PredictorSettings("markov")))
    assert made == ALL
    assert len(read_records(tmp_path)) == 8


def test_thresholds_share_the_cosines_and_what_is_before_them(
    cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    run(cell(tmp_path, stage=BOTH))
    other = StageSettings(ssc=replace(SSC, threshold=0.95), tof=TOF)
    with traffic() as (made, read, calls):
        run(cell(tmp_path, stage=other))
    assert made == dict.fromkeys(("ssc", "synthesize", "tof", "quality"), 1)
    assert read == {"tss": 1, "ssc_cosines": 1}, "nothing is encoded again"
    assert (calls["train_encoder"], calls["compress"], calls["trainings"]) == (0, 1, 2)


@pytest.mark.parametrize(
    ("other", "trained"),
    [
        ({"draw": 7}, False),
        ({"dropout": False}, False),
        ({"pooling": "mean"}, False),
        ({"group": "all"}, False),
        ({"positions": True}, True),
        ({"epochs": 3}, True),
        ({"learning_rate": 0.01}, True),
    ],
)
def test_what_changes_the_cosines_makes_others(
    other: dict[str, Any], trained: bool, cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    run(cell(tmp_path, task="compression", stage=StageSettings(ssc=SSC)))
    with traffic() as (made, _, calls):
        run(cell(tmp_path, task="compression", stage=StageSettings(ssc=replace(SSC, **other))))
    assert made == dict.fromkeys(SSC_MADE if trained else SSC_MADE[1:], 1)
    assert calls["trainings"] == trained


def test_another_seed_makes_other_cosines(cell: Cell, run: Run, tmp_path: Path, traffic: Any) -> None:
    usual = {"task": "compression", "stage": StageSettings(ssc=SSC)}
    run(cell(tmp_path, **usual))
    with traffic() as (made, _, _):
        run(cell(tmp_path, **usual, seed=5))
    assert {name: made[name] for name in SSC_MADE} == dict.fromkeys(SSC_MADE, 1)


@pytest.mark.parametrize(("share", "epochs", "trainings"), [(0.999, 2, 0), (0.999, 3, 1), (0.1, 2, 1)])
def test_an_autoencoder_is_trained_once_on_equal_survivors(
    share: float, epochs: int, trainings: int, cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    def told(share: float, epochs: int) -> CellSettings:
        ssc = SimilaritySscSettings("similarity", threshold=None, share=share)
        detector = SscAutoencoderSettings("ssc_autoencoder", **NET | {"epochs": epochs})
        return cell(tmp_path, task="reconstruction", stage=StageSettings(ssc=ssc), detector=detector)

    whole = run(told(1.0, 2))
    with traffic() as (_, _, calls):
        other = run(told(share, epochs))
    assert calls["trainings"] == trainings
    assert (whole.metrics["loss"] == other.metrics["loss"]) == (trainings == 0)


@pytest.mark.parametrize(("task", "trainings"), [("compression", 1), ("reconstruction", 2)])
def test_tasks_of_the_old_log_end_with_its_compression(
    task: str, trainings: int, cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    detector = SscAutoencoderSettings("ssc_autoencoder", **NET)
    with traffic() as (made, read, calls):
        run(cell(tmp_path, task=task, stage=StageSettings(ssc=SSC), detector=detector))
    losses = ("reconstruction",) if task == "reconstruction" else ()
    assert (made, read) == (dict.fromkeys(("tss", *SSC_MADE, *losses), 1), {})
    assert calls["trainings"] == trainings
    assert calls["walk"] == calls["graph"] == calls["quality"] == 0


@pytest.mark.parametrize("regime", ["source", "synthetic"])
def test_what_nothing_reads_is_not_made(
    regime: str, cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    with traffic() as (made, _, calls):
        run(cell(tmp_path, regime=regime, detector=DetectorSettings("seen")))
    stages = ("tss", "synthesize", "quality") if regime == "synthetic" else ()
    assert made == dict.fromkeys(stages, 1)
    assert calls["trainings"] == calls["compress"] == calls["filter"] == 0


@pytest.mark.parametrize("repeats", [0, 2])
def test_stage_two_trains_once_an_outlier_and_repeat(
    repeats: int, cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    tof = replace(TOF, name="released", whisker=0.0)
    if repeats:
        tof = RepeatedTofSettings("repeated", whisker=0.0, repeats=repeats, **NET)
    with traffic() as (_, _, calls):
        run(cell(tmp_path, stage=StageSettings(tof=tof), detector=DetectorSettings("seen")))
    (record,) = read_records(tmp_path)
    outliers = record.counts["outliers"]
    assert outliers > 0
    assert calls["trainings"] == 1 + max(1, repeats) * (1 + outliers)


@pytest.mark.parametrize("days", [7, 28])
def test_a_longer_log_takes_no_more_stages(
    days: int, cell: Cell, run: Run, tmp_path: Path, traffic: Any
) -> None:
    home = DatasetSettings("demo", "demo", days=days)
    with traffic() as (made, read, calls):
        run(cell(tmp_path, dataset=home, stage=BOTH))
    assert (made, read, calls.total()) == (ALL, {}, 11)
